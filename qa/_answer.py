"""From a question to an answer: the story of the room, told once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from earthweave.ontology import LimitError
from earthweave.ontology.geometry import read_wkt

from ._describe import FUNCTIONS, UNITS, chips, class_name, conventions, describe, superlative
from ._domain import AREA, FLOODED_AREA, property_named
from ._lexicon import Lexicon
from ._plan import Query, count_query, plan, presence_query, simulated_query
from ._ports import Cell, Endpoint, Limits, Table
from ._refusal import COMMANDS, HINT, Refusal
from ._request import Assumption, Request
from ._understand import understand

_NAMED = 5
Notice = Mapping[str, str]
"""``code`` and ``text``."""


@dataclass(frozen=True)
class Answer:
    """What came of a question.

    Attributes:
        question: as it was asked.
        text: the answer, or the reason for the refusal, in words.
        request: how the question was understood; None if refused before.
        refusal: why there is no answer; None if there is one.
        sparql: the query that was run; empty if none.
        chips, assumptions, unknown: parts of the request; what was taken for granted; words not understood.
        value: of yes/no (bool), count (int) or measure (float, in the unit asked for).
        count: how many things there are; None for yes/no.
        columns, rows: details, without geometries.
        geojson: a FeatureCollection (RFC 7946, CRS84), None if nothing can be drawn.
        simulated: whether anything that the answer rests on is simulated.
        notices: code and sentence, from the store and from here.
    """

    question: str
    text: str
    request: Request | None = None
    refusal: Refusal | None = None
    sparql: str = ""
    chips: tuple[Mapping[str, str], ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    unknown: tuple[str, ...] = ()
    value: bool | int | float | None = None
    count: int | None = None
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    geojson: Mapping[str, Any] | None = None
    simulated: bool = False
    notices: tuple[Notice, ...] = ()

    @property
    def status(self) -> Literal["answered", "refused"]:
        """Whether the question was answered."""
        return "refused" if self.refusal else "answered"

    def to_json(self) -> dict[str, Any]:
        """As JSON data, for pages, the API and ``--json``."""
        refusal = self.refusal
        reason = refusal and {name: getattr(refusal, name) for name in ("code", "text", "hint", "suggestions")}
        return {
            "question": self.question, "status": self.status, "text": self.text,
            "request": self.request and self.request.to_json(),
            "sparql": self.sparql, "chips": [dict(one) for one in self.chips],
            "assumptions": [one.text for one in self.assumptions],
            "unknown": [*self.unknown], "value": self.value, "count": self.count, "columns": [*self.columns],
            "rows": [[*row] for row in self.rows], "geojson": self.geojson, "reason": reason, "simulated": self.simulated,
            "notices": [dict(one) for one in self.notices],
        }  # fmt: skip


def answer(question: str, endpoint: Endpoint, lexicon: Lexicon, *, now: date | datetime, limits: Limits = Limits()) -> Answer:  # noqa: B008
    """Understand a question, query the endpoint, and tell the answer.

    Refusals, and limits that the endpoint reached, are answers too; other errors of the endpoint are raised.
    """
    request = understand(question, lexicon, now=now)
    if isinstance(request, Refusal):
        return _refused(question, request)
    query = plan(request, limits)
    try:
        return _Story(question, request, query, endpoint, limits).tell()
    except LimitError as error:
        hint = error.way_out or "Name a place, a time or a level, so that less has to be compared."
        why = Refusal("limit", f"The answer would cost too much: {error.what}.", hint)
        return _refused(question, why, request, query.text)


def _refused(question: str, why: Refusal, request: Request | None = None, sparql: str = "") -> Answer:
    ways = (_notice("way-out", why.hint),) if why.hint != HINT else ()
    return Answer(question, why.text, request, why, sparql, unknown=why.unknown, notices=ways)


@dataclass
class _Story:
    question: str
    request: Request
    query: Query
    endpoint: Endpoint
    limits: Limits

    def tell(self) -> Answer:
        intent = self.request.intent
        if intent == "ask":
            return self.yes_or_no()
        if intent == "count":
            return self.counted()
        return self.measured() if intent == "measure" else self.listed()

    def select(self, query: Query) -> Table:
        return self.endpoint.select(query.text, self.limits)

    def ask(self, query: Query) -> bool:
        return self.endpoint.ask(query.text, self.limits)

    def done(self, text: str, found: bool, notices: Sequence[Notice] = (), **more: Any) -> Answer:
        simulated = self.ask(simulated_query(self.request, spatial=found))
        remarks = [*notices, *self.emptiness(found)]
        if self.request.unknown:
            remarks.append(_notice("unknown-words", "Not understood, and left out: " + ", ".join(self.request.unknown) + "."))
        assumptions = (*self.request.assumptions, *conventions(self.request))
        return Answer(
            self.question, text, self.request, None, self.query.text, tuple(chips(self.request)), assumptions, self.request.unknown,
            simulated=simulated, notices=tuple(remarks), **more,
        )  # fmt: skip

    def emptiness(self, found: bool) -> Iterator[Notice]:
        if not found and not self.ask(presence_query(FLOODED_AREA)):
            makes, command = COMMANDS["s2-cd"]
            yield _notice("no-data", f"The store holds no flooded areas at all; {makes} makes them: {command}")

    def yes_or_no(self) -> Answer:
        found = self.ask(self.query)
        text = f"Yes, there are {describe(self.request.target)}." if found else f"No, the store has no {describe(self.request.target)}."
        return self.done(text, found, value=found)

    def counted(self) -> Answer:
        table = self.select(self.query)
        number = int(_plain(table.rows[0][0]) or 0)
        return self.done(f"{_counted(number, self.request)}.", number > 0, table.notices, value=number, count=number)

    def measured(self) -> Answer:
        wanted = self.request.aggregate
        assert wanted is not None
        table = self.select(self.query)
        result, number = (_plain(cell) for cell in table.rows[0])
        total = int(_plain(self.select(count_query(self.request)).rows[0][0]) or 0)
        prop = property_named(wanted.property)
        what = f"{FUNCTIONS[wanted.function]} {prop.label} of {describe(self.request.target)}"
        if not number or result is None:
            text = f"The store has no {describe(self.request.target)} with a known {prop.label}."
            return self.done(text, False, table.notices, count=total)
        value = float(result) / prop.units[wanted.unit]
        text = f"The {what} is {_figure(value)} {UNITS[wanted.unit]}".rstrip() + f" ({_number(int(number), self.request)})."
        lacking = [_notice("lacking", f"{total - int(number)} of {total} have no {prop.label}: left out.")] if total > int(number) else []
        return self.done(text, True, [*table.notices, *lacking], value=value, count=total)

    def listed(self) -> Answer:
        table = self.select(self.query)
        number, full = len(table.rows), len(table.rows) >= self.limits.question_rows and not self.request.limit
        total = int(_plain(self.select(count_query(self.request)).rows[0][0]) or 0) if full else number
        keep = [at for at, name in enumerate(table.columns) if name not in {"wkt", "order"}]
        columns = tuple(table.columns[at] for at in keep)
        rows = tuple(tuple(_plain(row[at]) for at in keep) for row in table.rows)
        cut = [_notice("truncated", f"The first {number} of {total} are listed and drawn.")] if total > number else []
        shown = {"count": total, "columns": columns, "rows": rows, "geojson": _geojson(table, columns, rows)}
        return self.done(self.listing(total, columns, rows), number > 0, [*table.notices, *cut], **shown)

    def listing(self, total: int, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> str:
        if self.request.order and rows:
            return f"{self.first(len(rows))}: {'; '.join(self.figure(columns, row) for row in rows[:_NAMED])}."
        names = [str(row[columns.index("label")]) for row in rows] if "label" in columns else []
        listed = ": " + _enumerated(names, total) if names else ""
        return f"{_counted(total, self.request)}{listed}."

    def first(self, number: int) -> str:
        """``The largest flooded area in Hawkesbury``, ``The 3 flooded areas of the highest flood level``."""
        assert self.request.order is not None
        what, best = describe(self.request.target, many=number > 1), superlative(self.request)
        counted = f"{number} " if number > 1 else ""
        by_size = self.request.order.property == AREA
        return f"The {counted}{best} {what}" if by_size else f"The {counted}{what} with the {best} flood level"

    def figure(self, columns: tuple[str, ...], row: tuple[Any, ...]) -> str:
        values = dict(zip(columns, row, strict=True))
        area, level = values.get("area"), values.get("floodLevel")
        parts = [f"{_figure(float(area) / 1e6)} km²" if area is not None else "", f"flood level {level}" if level is not None else ""]
        return ", ".join(filter(None, parts))


def _notice(code: str, text: str) -> Notice:
    return {"code": code, "text": text}


def _number(number: int, request: Request) -> str:
    return f"{number:,} {class_name(request.target.cls, many=number != 1)}"


def _counted(number: int, request: Request) -> str:
    what = describe(request.target, many=number != 1)
    return f"{number:,} {what}" if number else f"No {describe(request.target, many=False)}"


def _enumerated(names: list[str], total: int) -> str:
    shown = names if total <= _NAMED + 1 else names[:_NAMED]
    rest = total - len(shown)
    parts = [*shown, f"{rest} more"] if rest else shown
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.3g}"


_NUMERIC = {"integer": int, "int": int, "long": int, "nonNegativeInteger": int, "decimal": float, "double": float, "float": float}


def _plain(cell: Cell | None) -> Any:
    """A cell as a JSON value; numbers and truth values by datatype, all else as text."""
    if cell is None or cell.kind != "literal":
        return cell and cell.value
    name = cell.datatype.rpartition("#")[2]
    if name == "boolean":
        return cell.value in {"true", "1"}
    return _NUMERIC[name](cell.value) if name in _NUMERIC else cell.value


def _geojson(table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> dict[str, Any] | None:
    from shapely.geometry import mapping

    at = table.columns.index("wkt")
    literals = [(number, cell.value) for number, row in enumerate(table.rows) if (cell := row[at]) is not None]
    shapes = read_wkt([text for _, text in literals]).geometries if literals else []
    features = [
        {"type": "Feature", "id": rows[number][0], "properties": dict(zip(columns, rows[number], strict=True)), "geometry": mapping(shape)}
        for (number, _), shape in zip(literals, shapes, strict=True)
        if shape is not None
    ]
    return {"type": "FeatureCollection", "features": features} if features else None
