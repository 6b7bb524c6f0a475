"""What a flood hit, asked of the store by GeoSPARQL: flooded area per administrative unit; roads, buildings and power units in the water.

Areas and lengths are geodesic. Flooded areas that overlap count once: they are united before anything is measured. The confidence of a
figure is the mean of those of the flooded areas that it rests on, weighted by their size for areas; it tells how sure the change is, not
how well the border of the water is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from pyoxigraph import NamedNode

from earthweave.ontology import EW, PREFIXES, Interval, NotFoundError, ParameterError, ProgressSink, SizeLimitError, silent
from earthweave.ontology import Progress as Told
from earthweave.ontology.geometry import write_wkt
from earthweave.server.store import Limits, Store

_HEAD = "".join(f"PREFIX {name}: <{space}>\n" for name, space in PREFIXES.items())
_ROWS, _BYTES = 20_000_000, 4 << 30
_IDLE = ("retired", "construction", "planned")
"""States of power units whose capacity nobody loses."""
_AROUND = 0.5
"""Degrees around the flood in which a kind of thing must be known, for "none was hit" to mean anything."""


@dataclass(frozen=True)
class Kind:
    """Things that a flood can hit.

    Attributes:
        name: in tables.
        cls: class in the store.
        lines: whether kilometres count.
        power: whether megawatts count.
    """

    name: str
    cls: str
    lines: bool = False
    power: bool = False


KINDS = (
    Kind("roads", str(EW.Road), lines=True),
    Kind("buildings", str(EW.Building)),
    Kind("power_units", str(EW.PowerUnit), power=True),
    Kind("power_facilities", str(EW.PowerFacility)),
)


@dataclass(frozen=True)
class Selection:
    """Which flooded areas of the store are meant: all, or those of a layer, that meet an area, or were observed in a period.

    Attributes:
        layer: IRI that they were derived from.
        area: shapely geometry, lon lat.
        time: interval.
        near: metres around a flooded area in which power units count as hit.
        level: of administrative units; None for the finest that is hit.
        sound: whether outlines that cross themselves are left out: nothing can be united with them.
    """

    layer: str | None = None
    area: Any = None
    time: Interval | None = None
    near: float = 0.0
    level: int | None = None
    sound: bool = False

    def patterns(self) -> str:
        """SPARQL that binds ``?flood``, its ``?outline`` and, if known, ``?trust``."""
        parts = [f"?flood a {EW.FloodedArea.n3()} ; geo:hasGeometry/geo:asWKT ?outline ."]
        if self.layer:
            parts.append(f"?flood prov:wasDerivedFrom <{_iri(self.layer)}> .")
        if self.area is not None:
            parts.append(f'FILTER(geof:sfIntersects(?outline, "{write_wkt([self.area])[0]}"^^geo:wktLiteral))')
        if self.time is not None:
            first, last = (f'"{text}"^^xsd:dateTime' for text in self.time.texts)
            parts.append("?flood ew:phenomenonStart ?from ; ew:phenomenonEnd ?till .")
            parts.append(f"FILTER(?from <= {last} && ?till >= {first})")
        if self.sound:
            parts.append("FILTER(geof:isValid(?outline))")
        return " ".join([*parts, "OPTIONAL { ?flood ew:confidence ?trust }"])


def _iri(text: str) -> str:
    try:
        return NamedNode(text).value
    except ValueError as error:
        raise ParameterError(f"layer = {text[:80]!r} is no IRI", why=str(error), way_out="give what prov:wasDerivedFrom says") from error


@dataclass(frozen=True)
class Hit:
    """A thing that the flood hit.

    Attributes:
        iri, name, cls: of the thing; ``cls`` as its source classifies it.
        shape: what of it is hit (lon lat): the wet part of a line, all of anything else.
        metres: of a line under water, geodesic.
        megawatts: capacity of a power unit, None if unknown, or if the unit is retired or not built yet.
        confidence: 0 … 1, None if unknown.
        units: administrative units → metres in each of them.
    """

    iri: str
    name: str
    cls: str
    shape: Any
    metres: float
    megawatts: float | None
    confidence: float | None
    units: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Tally:
    """How many things of one kind were hit; ``kilometres`` of lines and ``megawatts`` of power units, else None."""

    count: int
    kilometres: float | None
    megawatts: float | None
    confidence: float | None


@dataclass(frozen=True)
class Unit:
    """An administrative unit that the flood reaches; ``hit`` has no entry for kinds of which the store knows nothing around here."""

    iri: str
    name: str
    code: str
    level: int | None
    border: Any
    area: float
    flooded: float
    confidence: float | None
    hit: Mapping[str, Tally] = field(default_factory=dict)


@dataclass(frozen=True)
class Impact:
    """All that was hit.

    Attributes:
        areas: number of flooded areas.
        flooded: m2 that they cover together.
        confidence: 0 … 1, None if unknown.
        extent: the flooded areas, united, lon lat.
        time: from the first to the last observation, None if unknown.
        simulated: whether any of the flooded areas, units or things is.
        units: reached, the most flooded first.
        hits: of each kind that is known around here.
        notices: what the reader must know.
    """

    areas: int
    flooded: float
    confidence: float | None
    extent: Any
    time: Interval | None
    simulated: bool
    units: tuple[Unit, ...]
    hits: Mapping[str, tuple[Hit, ...]]
    notices: tuple[str, ...]

    def total(self, kind: Kind) -> Tally | None:
        """Of one kind in all; None if the store knows nothing of the kind around here."""
        return _tally(kind, [(one, one.metres) for one in self.hits[kind.name]]) if kind.name in self.hits else None


def find_impact(store: Store, selection: Selection, *, progress: ProgressSink = silent) -> Impact:
    """Ask the store what the selected flooded areas hit; raises `NotFoundError` if there are none."""
    asked = _Asker(store, selection)
    progress(Told("flooded areas", 0.0))
    flood = asked.flood()
    progress(Told("administrative units", 0.1))
    units = asked.units()
    hits, known = dict[str, tuple[Hit, ...]](), list(asked.notices)
    for number, kind in enumerate(KINDS):
        progress(Told(kind.name.replace("_", " "), 0.3 + 0.2 * number))
        if asked.knows(kind, flood.extent):
            hits[kind.name] = tuple(asked.hits(kind, {unit.iri for unit in units}))
        else:
            known.append(f"The store has no {kind.name.replace('_', ' ')} around the flood: whether any were hit is not known.")
    if not units:
        known.append("The store has no administrative unit that the flood reaches: there are totals only.")
    if flood.time is None:
        known.append("The flooded areas do not say when they were observed: the figures are not kept as linked data.")
    filled = tuple(replace(unit, hit=_of_unit(unit.iri, hits)) for unit in units)
    return replace(flood, units=filled, hits=hits, notices=tuple(known), simulated=flood.simulated or asked.simulated(units, hits))


def _of_unit(unit: str, hits: Mapping[str, tuple[Hit, ...]]) -> dict[str, Tally]:
    return {
        kind.name: _tally(kind, [(one, one.units[unit]) for one in hits[kind.name] if unit in one.units])
        for kind in KINDS
        if kind.name in hits
    }


def _tally(kind: Kind, rows: list[tuple[Hit, float]]) -> Tally:
    powers = [one.megawatts for one, _ in rows if one.megawatts is not None]
    sure = [one.confidence for one, _ in rows if one.confidence is not None]
    return Tally(
        len(rows),
        sum(metres for _, metres in rows) / 1000 if kind.lines else None,
        sum(powers) if kind.power and (powers or not rows) else None,
        sum(sure) / len(sure) if sure else None,
    )


@dataclass
class _Asker:
    """The questions, one method each."""

    store: Store
    selection: Selection
    notices: list[str] = field(default_factory=list)

    @property
    def limits(self) -> Limits:
        """A job's, not those of somebody's query: it is held by the limits of jobs, and a cut answer would be a wrong one."""
        own = self.store.limits
        return replace(own, query_deadline=own.load_deadline, query_memory=own.load_memory, query_rows=_ROWS, query_bytes=_BYTES)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows as texts, geometries as shapes in lon lat; what is unbound is None."""
        answer = self.store.query(_HEAD + query, limits=self.limits)
        if answer.truncated:
            raise SizeLimitError("the impact has more rows than one answer may hold", way_out="assess a smaller area: --AoI")
        columns = {name: [cell and cell["value"] for cell in answer.table.column(name).to_pylist()] for name in answer.table.column_names}
        columns |= {name: list(answer.geometry(name).geometries) for name in answer.geometry_variables}
        names = list(columns)
        return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)] if names else []

    def holds(self, pattern: str) -> bool:
        """Whether anything in the store is so."""
        return bool(self.store.query(f"{_HEAD}ASK {{ {pattern} }}", limits=self.limits).boolean)

    def flood(self) -> Impact:
        """The flooded areas, united; where they cannot be, without those whose outlines are not valid, of which there is a notice."""
        (row,) = self.rows(
            f"SELECT ?n ?extent (geof:metricArea(?extent) AS ?m2) ?sure ?from ?till ?simulated WHERE {{ "
            "SELECT (COUNT(DISTINCT ?flood) AS ?n) (geof:aggUnion(?outline) AS ?extent) "
            "(SUM(?weighed) / SUM(?weight) AS ?sure) (MIN(?first) AS ?from) (MAX(?last) AS ?till) (MAX(?said) AS ?simulated) "
            f"WHERE {{ {self.selection.patterns()} {_WEIGHT} "
            "OPTIONAL { ?flood ew:phenomenonStart ?first ; ew:phenomenonEnd ?last } OPTIONAL { ?flood ew:simulated ?said } } }"
        )
        if int(row["n"]) and row["extent"] is None and not self.selection.sound:
            self.selection = replace(self.selection, sound=True)
            flood = self.flood()
            self.notices.append(f"{int(row['n']) - flood.areas:,} flooded areas are left out: their outlines cross themselves.")
            return flood
        if not int(row["n"]) or row["extent"] is None:
            raise NotFoundError(
                "the store has no such flooded areas",
                why=f"no ew:FloodedArea of {self.selection.layer or 'any layer'} meets the area and the period",
                way_out="load some (earthweave process run flood-assessment, or earthweave load), or ask for less",
            )
        time = Interval.parse(row["from"], row["till"]) if row["from"] and row["till"] else None
        simulated = row["simulated"] in ("true", "1")
        return Impact(int(row["n"]), float(row["m2"]), _number(row["sure"]), row["extent"], time, simulated, (), {}, ())

    def units(self) -> tuple[Unit, ...]:
        """The units of one level that the flood reaches, with the flooded part of each."""
        level = self.selection.level if self.selection.level is not None else self.finest()
        of_level = f"?unit ew:unitLevel ?level . FILTER(?level = {level})" if level is not None else "BIND(?none AS ?level)"
        found = self.rows(
            "SELECT ?unit ?level ?border ?sure (geof:metricArea(?border) AS ?m2) "
            "(geof:metricArea(geof:intersection(?border, ?water)) AS ?wet) WHERE { "
            "SELECT ?unit ?level ?border (geof:aggUnion(?outline) AS ?water) (SUM(?weighed) / SUM(?weight) AS ?sure) "
            f"WHERE {{ {_UNIT} {of_level} {self.selection.patterns()} {_WEIGHT} "
            "FILTER(geof:sfIntersects(?outline, ?border)) } GROUP BY ?unit ?level ?border }"
        )
        whole = [row for row in found if row["wet"] is not None]
        if lost := len(found) - len(whole):
            self.notices.append(f"{lost:,} administrative units are left out: their borders, or the water there, cross themselves.")
        largest = {row["unit"]: row for row in sorted(whole, key=lambda row: float(row["m2"]))}
        if len(largest) < len(whole):
            self.notices.append("Some administrative units have several borders in the store: the one around the largest area is taken.")
        names = self.named(list(largest))
        units = [_unit(row, names.get(iri, (iri, "")), level) for iri, row in largest.items()]
        return tuple(sorted(units, key=lambda unit: (-unit.flooded, unit.name)))

    def finest(self) -> int | None:
        """The finest level of division that the flood reaches."""
        (row,) = self.rows(
            f"SELECT (MAX(?level) AS ?finest) WHERE {{ {_UNIT} ?unit ew:unitLevel ?level . {self.selection.patterns()} "
            "FILTER(geof:sfIntersects(?outline, ?border)) }"
        )
        return int(row["finest"]) if row["finest"] else None

    def named(self, units: list[str]) -> dict[str, tuple[str, str]]:
        """Name and code of units."""
        if not units:
            return {}
        values = " ".join(f"<{one}>" for one in units)
        rows = self.rows(
            f"SELECT ?unit (MIN(STR(?label)) AS ?name) (MIN(STR(?code)) AS ?short) WHERE {{ VALUES ?unit {{ {values} }} "
            "?unit rdfs:label ?label . OPTIONAL { ?unit ew:unitCode ?code } } GROUP BY ?unit"
        )
        return {row["unit"]: (row["name"], row["short"] or "") for row in rows}

    def knows(self, kind: Kind, extent: Any) -> bool:
        """Whether the store has such things around the flood."""
        west, south, east, north = shapely.bounds(extent) + np.array([-_AROUND, -_AROUND, _AROUND, _AROUND])
        box = write_wkt([shapely.box(max(west, -180), max(south, -90), min(east, 180), min(north, 90))])[0]
        return self.holds(
            f'?thing a <{kind.cls}> ; geo:hasGeometry/geo:asWKT ?shape . FILTER(geof:sfIntersects(?shape, "{box}"^^geo:wktLiteral))'
        )

    def hits(self, kind: Kind, units: set[str]) -> Iterator[Hit]:
        """The things of a kind that are hit, in the order of their IRIs."""
        near = self.selection.near if kind.power else 0.0
        wet = "geof:intersection(?shape, ?water)" if kind.lines else "?shape"
        joined = self._joined(kind, near)
        rows = self.rows(
            f"SELECT ?thing ?sure ?name ?class ?capacity ?state ({wet} AS ?part) (geof:metricLength({wet}) AS ?m) WHERE {{ {{ {joined} }} "
            "OPTIONAL { ?thing rdfs:label ?name } OPTIONAL { ?thing ew:featureClass|ew:energyType ?class } "
            "OPTIONAL { ?thing ew:capacity ?capacity } OPTIONAL { ?thing ew:operatingState ?state } }"
        )
        placed = self._placed(joined, wet, units) if units else {}
        things: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            things.setdefault(row["thing"], []).append(row)
        for iri in sorted(things):
            yield _hit(iri, things[iri], kind, placed.get(iri, {}))

    def _joined(self, kind: Kind, near: float) -> str:
        """Each thing with the water around it."""
        meets = f"geof:metricDistance(?shape, ?outline) <= {near:.3f}" if near else "geof:sfIntersects(?shape, ?outline)"
        # the perimeter of a square that people walk on is no length of a road
        lines = "FILTER(geof:dimension(?shape) = 1)" if kind.lines else ""
        return (
            "SELECT ?thing ?shape (geof:aggUnion(?outline) AS ?water) (AVG(?trust) AS ?sure) "
            f"WHERE {{ ?thing a <{kind.cls}> ; geo:hasGeometry/geo:asWKT ?shape . {lines} {self.selection.patterns()} FILTER({meets}) }} "
            "GROUP BY ?thing ?shape"
        )

    def _placed(self, joined: str, wet: str, units: set[str]) -> dict[str, dict[str, float]]:
        """Metres of each thing in each unit; a thing that is no line has 0 where it is."""
        values = " ".join(f"<{one}>" for one in sorted(units))
        rows = self.rows(
            "SELECT ?thing ?unit (SUM(geof:metricLength(geof:intersection("
            f"{wet}, ?border))) / COUNT(DISTINCT ?border) AS ?m) WHERE {{ {{ {joined} }} "
            f"VALUES ?unit {{ {values} }} ?unit geo:hasGeometry/geo:asWKT ?border . FILTER(geof:sfIntersects(?shape, ?border)) "
            f"FILTER(geof:sfIntersects({wet}, ?border)) }} GROUP BY ?thing ?unit"
        )
        found: dict[str, dict[str, float]] = {}
        for row in rows:
            found.setdefault(row["thing"], {})[row["unit"]] = float(row["m"] or 0.0)
        return found

    def simulated(self, units: tuple[Unit, ...], hits: Mapping[str, tuple[Hit, ...]]) -> bool:
        """Whether a unit, or a thing that is hit, says so."""
        things = [unit.iri for unit in units] + [one.iri for rows in hits.values() for one in rows]
        if not things:
            return False
        marked = {row["thing"] for row in self.rows("SELECT DISTINCT ?thing WHERE { ?thing ew:simulated true }")}
        return not marked.isdisjoint(things)


_UNIT = f"?unit a {EW.AdministrativeUnit.n3()} ; geo:hasGeometry/geo:asWKT ?border ."
_WEIGHT = "BIND(IF(BOUND(?trust), geof:metricArea(?outline), 0) AS ?weight) BIND(COALESCE(?trust * ?weight, 0) AS ?weighed)"


def _unit(row: Mapping[str, Any], named: tuple[str, str], level: int | None) -> Unit:
    name, code = named
    return Unit(row["unit"], name, code, level, row["border"], float(row["m2"]), float(row["wet"]), _number(row["sure"]))


def _hit(iri: str, rows: list[dict[str, Any]], kind: Kind, units: Mapping[str, float]) -> Hit:
    """One thing of its rows: there are several if it has several shapes or names."""
    parts = {row["part"].wkb: (row["part"], float(row["m"] or 0.0)) for row in rows if row["part"] is not None}
    shape = shapely.union_all([part for part, _ in parts.values()]) if len(parts) > 1 else next(part for part, _ in parts.values())
    first = rows[0]
    metres = sum(length for _, length in parts.values()) if kind.lines else 0.0
    megawatts = None if first["state"] in _IDLE else _number(first["capacity"])
    return Hit(iri, first["name"] or "", first["class"] or "", shape, metres, megawatts, _number(first["sure"]), units)


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)
