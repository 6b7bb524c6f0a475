"""The result of a plan as what people read: a sentence, a table, a map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from earthweave.ontology.geometry import read_wkt

from ..planning import Datum, Feature, Figure, Output, Result, Row, Shape
from ..request import Measure, Request, Things, converted
from ._answer import Column, Notice
from ._figures import UNITS, figure, listed, moment, number, readable
from ._showing import heading
from ._words import FUNCTIONS, noun, paraphrase, value

_NAMED = 5


def told(request: Request, result: Result, asked: Request) -> dict[str, Any]:
    """The fields of an answer that a result fills.

    Args:
        request: that was planned, with columns that were added for the table.
        asked: as it was understood.
    """
    if result.truth is not None:
        return {"text": _truth(asked, result.truth), "value": result.truth}
    if request.form == "count":
        total = result.total or 0
        return {"text": f"{_counted(total, request.target)}.", "value": total, "count": total}
    return _measured(request, result) if request.form == "measure" else _listed(request, result, asked)


def _truth(request: Request, found: bool) -> str:
    said = paraphrase(request).rstrip(".").removeprefix("Whether ")
    if said.startswith("there are "):
        said = said.removeprefix("there are ")
        return f"Yes, there are {said}." if found else f"No, the store has no {said}."
    return f"Yes, {said}." if found else f"No, the store does not say that {said}."


def _measured(request: Request, result: Result) -> dict[str, Any]:
    total = result.total or 0
    parts, notices = [], []
    for at, wanted in enumerate(request.aggregates):
        found, used = (result.numbers[at] if at < len(result.numbers) else None), (result.used[at] if at < len(result.used) else 0)
        what = f"{FUNCTIONS[wanted.function]} {value(wanted.value)} of {noun(request.target)}"
        if found is None and used:
            parts.append(f"The {what} is beyond what can be computed.")
        elif found is None:
            parts.append(f"The store has no {noun(request.target)} with a known {value(wanted.value)}.")
        else:
            parts.append(f"The {what} is {figure(found)} ({used:,} of {total:,}).")
        notices += [*_lacking(total - used, total, value(wanted.value))] if used or total else []
    first = next((readable(one) for one in result.numbers if one is not None), None)
    return {
        "text": " ".join(parts), "value": first and first.value, "unit": first.unit if first else "1", "count": total,
        "notices": tuple(notices),
    }  # fmt: skip


def _lacking(missing: int, total: int, what: str) -> Iterator[Notice]:
    if missing > 0:
        yield notice("lacking", f"{missing:,} of {total:,} have no {what} that is a finite number: left out.")


def notice(code: str, text: str) -> Notice:
    """A notice."""
    return {"code": code, "text": text}


def _listed(request: Request, result: Result, asked: Request) -> dict[str, Any]:
    result = _scaled(result)
    rows, total = result.rows, result.total or 0
    columns = [Column("feature", "iri"), Column("label", "text"), *(_column(one, at, rows) for at, one in enumerate(result.outputs))]
    cells = tuple((row.feature.iri, _label(row.feature), *map(cell, row.values)) for row in rows)
    things = len({row.feature.iri for row in rows})
    notices = [] if total <= things or request.limit else [notice("truncated", f"The first {things:,} of {total:,} are listed and drawn.")]
    return {
        "text": _sentence(request, result, asked, total), "value": _decided(asked, total), "count": total,
        "columns": tuple(columns), "rows": cells,
        "geojson": geojson(rows, [one.name for one in columns], cells), "notices": tuple(notices),
        **_single(asked, rows),
    }  # fmt: skip


def _decided(asked: Request, total: int) -> bool | None:
    """Yes or no, where that was asked: what all are, they are where there are no exceptions."""
    if _exceptions(asked):
        return not total
    return bool(total) if asked.form == "ask" else None


def _exceptions(asked: Request) -> bool:
    """Whether exceptions are looked for: "are all lakes in Greece"."""
    return any(one.code == "all" for one in asked.assumptions)


def _scaled(result: Result) -> Result:
    """With the numbers of each column in a unit that people read, the same for all."""
    outputs, rows = list(result.outputs), [list(row.values) for row in result.rows]
    for at, output in enumerate(outputs):
        sizes = [abs(datum.value) for row in rows if isinstance(datum := row[at], Figure)]
        unit = readable(Figure(max(sizes), output.unit)).unit if sizes else output.unit
        if unit != output.unit:
            outputs[at] = replace(output, unit=unit)
            for row in rows:
                datum = row[at]
                row[at] = Figure(converted(datum.value, datum.unit, unit), unit) if isinstance(datum, Figure) else datum
    scaled = tuple(replace(row, values=tuple(values)) for row, values in zip(result.rows, rows, strict=True))
    return replace(result, outputs=tuple(outputs), rows=scaled)


def _single(asked: Request, rows: Sequence[Row]) -> dict[str, Any]:
    """The one number of the one thing that was asked for."""
    if len(rows) == 1 and len(asked.columns) == 1 and rows[0].values and isinstance(rows[0].values[-1], Figure):
        return {"value": rows[0].values[-1].value, "unit": rows[0].values[-1].unit}
    return {}


def _column(output: Output, at: int, rows: Sequence[Row]) -> Column:
    kinds = {type(row.values[at]) for row in rows} - {type(None)}
    unit = UNITS.get(output.unit, output.unit)
    label = heading(output)
    if kinds <= {Figure}:
        return Column(f"{label} ({unit})" if unit else label, "number", output.unit)
    return Column(label, "truth" if kinds == {bool} else "text")


def cell(datum: Datum) -> Any:
    """A value as JSON: numbers in the unit of their column, names of things, middles of geometries."""
    if isinstance(datum, Figure):
        return int(datum.value) if datum.value == int(datum.value) and abs(datum.value) < 2**53 else datum.value
    if isinstance(datum, Feature):
        return _label(datum)
    return _middle(datum.wkt) if isinstance(datum, Shape) else datum


def words(datum: Datum) -> str:
    """A value in a sentence."""
    if isinstance(datum, Figure):
        return figure(datum)
    if isinstance(datum, bool | None):
        return {None: "unknown", True: "yes", False: "no"}[datum]
    said = cell(datum)
    return "unknown" if said is None else moment(str(said))


def _label(feature: Feature) -> str:
    """Its name, or the end of its IRI."""
    if feature.label and feature.label != feature.iri:
        return feature.label
    return feature.iri.rstrip("/#").replace("#", "/").rpartition("/")[2] or feature.iri


def _called(row: Row) -> str:
    """Its name; a product without one goes by its time."""
    named = row.feature.label and row.feature.label != row.feature.iri
    times = (text for datum in row.values if isinstance(datum, str) and (text := moment(datum)) != datum)
    return _label(row.feature) if named else next(times, _label(row.feature))


def _middle(wkt: str) -> str | None:
    shape = read_wkt([wkt]).geometries[0]
    if shape is None or shape.is_empty:
        return None
    point = shape.representative_point()
    return f"{abs(point.y):.5f}° {'S' if point.y < 0 else 'N'}, {abs(point.x):.5f}° {'W' if point.x < 0 else 'E'}"


def _sentence(request: Request, result: Result, asked: Request, total: int) -> str:
    names = list(dict.fromkeys(_called(row) for row in result.rows))
    if _exceptions(asked):
        lead = f"No, not all: {_counted(total, request.target)}" if total else f"Yes: there are no {noun(request.target)}"
    elif asked.form == "ask":
        lead = f"Yes: {_counted(total, request.target)}" if total else f"No, the store has no {noun(request.target)}"
    elif asked.columns and result.rows:
        return _values(request, result, asked, total)
    elif request.target.pick and result.rows:
        return f"{_capital(noun(request.target))}: {_figures(result.rows)}."
    else:
        lead = _counted(total, request.target)
    things = len({row.feature.iri for row in result.rows})
    part = "" if things >= total else f", of which {'the first ' * bool(things)}{_are(things)} listed"
    return f"{lead}{part}{': ' if names else ''}{enumerated(names)}."


def _are(number: int) -> str:
    return f"{number:,} are" if number > 1 else "is" if number else "none can be"


def _values(request: Request, result: Result, asked: Request, total: int) -> str:
    """``The population of Dublin is 592,713.``, or of several things, each with its own."""
    first = len(result.outputs) - len(asked.columns)
    what = listed(map(value, asked.columns))
    rows = list(result.rows)
    if len(rows) == 1:
        said = listed(words(one) for one in rows[0].values[first:])
        return f"The {what} of {_label(rows[0].feature)} is {said}."
    parts = [f"{_label(row.feature)} {listed(words(one) for one in row.values[first:])}" for row in rows]
    return f"{_capital(what)} of {_counted(total, request.target)}: {enumerated(parts)}{_altogether(result, asked, total)}."


def _altogether(result: Result, asked: Request, total: int) -> str:
    """The sum of areas or lengths, where all of them are listed."""
    wanted = asked.columns[0]
    figures = [row.values[-1] for row in result.rows]
    sizes = [one for one in figures if isinstance(one, Figure)]
    if len(asked.columns) > 1 or not isinstance(wanted, Measure) or wanted.measure not in ("area", "length", "share"):
        return ""
    if len(sizes) != len(figures) or len({row.feature.iri for row in result.rows}) != total or total != len(figures):
        return ""
    return f"; together {figure(Figure(sum(one.value for one in sizes), sizes[0].unit))}"


def _figures(rows: Sequence[Row]) -> str:
    return enumerated(list(dict.fromkeys(map(_figured, rows))))


def _figured(row: Row) -> str:
    name, first = _called(row), words(row.values[0]) if row.values and row.values[0] is not None else ""
    return f"{name} ({first})" if first and first != name else name


def _counted(total: int, target: Things) -> str:
    if total == 0:
        return f"No {noun(target, False).removeprefix('the ')}"
    return f"{number(total)} {noun(target, total != 1)}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def enumerated(names: list[str]) -> str:
    """All names if they are few, else the first and how many more."""
    shown = names if len(names) <= _NAMED + 1 else names[:_NAMED]
    rest = len(names) - len(shown)
    return listed([*shown, f"{rest:,} more"] if rest else shown)


def geojson(rows: Sequence[Row], columns: Sequence[str], cells: Sequence[tuple[Any, ...]]) -> Mapping[str, Any] | None:
    """The things on a map; None if none of them has a geometry that can be read."""
    import shapely
    from shapely.geometry import mapping

    first: dict[str, int] = {}
    for at, row in enumerate(rows):
        if row.feature.geometry:
            first.setdefault(row.feature.iri, at)
    places = list(first.values())
    found = read_wkt([rows[at].feature.geometry for at in places]).geometries if places else []
    shapes = shapely.orient_polygons(found, exterior_cw=False) if len(found) else []
    features = [
        {"type": "Feature", "id": cells[at][0], "properties": dict(zip(columns, cells[at], strict=True)), "geometry": mapping(shape)}
        for at, shape in zip(places, shapes, strict=True)
        if shape is not None and not shape.is_empty
    ]
    return {"type": "FeatureCollection", "features": features} if features else None
