"""What a store holds, asked for in a few bounded queries: counts, samples and labels; nothing is understood here."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from earthweave.ontology import GEO, GML, OWL, RDF, RDFS, SF, SKOS, XSD, EarthweaveError, superclasses

from .._ports import Cell, ColumnarEndpoint, Endpoint, Limits, Table

MAX_CLASSES, MAX_PREDICATES, MAX_VALUES = 2000, 600, 5000
SAMPLE = 60
_SCHEMA = tuple(map(str, (RDF, RDFS, OWL, SF, GML)))
_AXIOMS = (RDFS.subClassOf, OWL.equivalentClass, OWL.intersectionOf, OWL.unionOf, OWL.onProperty, OWL.someValuesFrom, OWL.hasValue)
_BETWEEN = (RDFS.subClassOf, OWL.equivalentClass, RDF.first)
_GEOMETRY = {str(GEO[name]) for name in ("Geometry", "Feature", "SpatialObject", "GeometryCollection", "FeatureCollection")}
_WKT = {str(GEO[name]) for name in ("wktLiteral", "gmlLiteral", "geoJSONLiteral", "kmlLiteral")} | {"http://strdf.di.uoa.gr/ontology#WKT"}
UNSAFE = r"[\x00-\x20<>\"{}|^`\\]"
"""Characters that no IRI in SPARQL can have."""
_CUT = "the store cuts results before their first row: not all of it is known to questions"


@dataclass
class Predicate:
    """One predicate of the store.

    Attributes:
        count, distinct: triples and distinct objects.
        sample: some of its objects.
        domains, ranges: classes of subjects and objects with how many triples.
        values: the most frequent objects of those with few, with how many triples.
    """

    iri: str
    count: int = 0
    distinct: int = 0
    sample: tuple[Cell, ...] = ()
    domains: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)

    @property
    def datatype(self) -> str:
        """Of most of the sampled literals; empty for things."""
        found = [cell.datatype or str(XSD.string) for cell in self.sample if cell.kind == "literal"]
        return max(set(found), key=lambda one: (found.count(one), one)) if 2 * len(found) > len(self.sample) else ""

    @property
    def spatial(self) -> bool:
        """Whether its objects are geometries."""
        return self.datatype in _WKT


@dataclass
class Survey:
    """What the queries brought.

    Attributes:
        classes: IRI → instances.
        labels: IRI of a class or property → its labels with their predicates.
        parents: class → all classes above it, nearest first, as what the store states of classes implies it.
        dimensions: class → 0, 1, 2 by most of some geometries.
        notices: what was not brought.
    """

    classes: dict[str, int] = field(default_factory=dict)
    predicates: dict[str, Predicate] = field(default_factory=dict)
    labels: dict[str, list[tuple[str, Cell]]] = field(default_factory=dict)
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dimensions: dict[str, int] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


class Reader:
    """Queries of an endpoint, with those that fail told instead of raised: knowledge of a part of a store is worth having."""

    def __init__(self, endpoint: Endpoint, limits: Limits, tell: Callable[[str], None]) -> None:
        self._endpoint, self._limits, self._tell = endpoint, limits, tell

    def rows(self, query: str, about: str = "") -> tuple[tuple[Cell | None, ...], ...]:
        """Rows of a SELECT; none, and a notice, if it fails."""
        return self.table(query, about).rows

    def table(self, query: str, about: str = "") -> Table:
        """The result of a SELECT; empty, and a notice, if it fails."""
        try:
            found = self._endpoint.select(query, self._limits)
            if found.truncated and not found.rows:
                self._tell(_CUT)
            return found
        except EarthweaveError as error:
            if about:
                self._tell(f"{about} could not be read: {error.what}")
            return Table((), ())

    def columns(self, query: str, width: int, about: str) -> tuple[list[Any], bool]:
        """The same of many rows: thing and ``width`` columns of texts (Arrow, null for gaps and blank nodes), and whether it was cut."""
        if not isinstance(self._endpoint, ColumnarEndpoint):
            table = self.table(query, about)
            return [_texts(column) for column in zip(*table.rows, strict=True)] or _nothing(width), table.truncated
        try:
            columns, truncated = self._endpoint.columns(query, self._limits)
        except EarthweaveError as error:
            self._tell(f"{about} could not be read: {error.what}")
            return _nothing(width), False
        if truncated and not len(columns[0]):
            self._tell(_CUT)
        return list(columns), truncated

    def counts(self, query: str, about: str = "") -> dict[tuple[str, ...], int]:
        """Rows whose last column is a number, by the others; rows with a gap or a blank node are left out."""
        found = {}
        for *cells, number in self.rows(query, about):
            if number is not None and all(cell is not None and cell.kind != "bnode" for cell in cells):
                found[tuple(cell.value for cell in cells if cell)] = int(float(number.value))
        return found


def _texts(column: Iterable[Cell | None]) -> Any:
    return pa.array([cell.value if cell is not None and cell.kind != "bnode" else None for cell in column], pa.large_string())


def _nothing(width: int) -> list[Any]:
    return [pa.array([], pa.large_string())] * (width + 1)


def n3(iri: str) -> str:
    """An IRI as SPARQL writes it; empty if SPARQL cannot."""
    return "" if re.search(UNSAFE, iri) or not iri else f"<{iri}>"


def survey(endpoint: Endpoint, limits: Limits) -> Survey:
    """Ask what classes and predicates a store has, and look at some values of each."""
    found = Survey()
    reader = Reader(endpoint, limits, found.notices.append)
    _classes(reader, found)
    _predicates(reader, found)
    for predicate in found.predicates.values():
        _sample(reader, predicate)
    _labels(reader, found)
    _dimensions(reader, found)
    return found


def _classes(reader: Reader, found: Survey) -> None:
    query = f"SELECT ?c (COUNT(?s) AS ?n) WHERE {{ ?s a ?c }} GROUP BY ?c ORDER BY DESC(?n) LIMIT {MAX_CLASSES}"
    found.classes |= {iri: count for (iri,), count in reader.counts(query, "classes").items() if _is_kind(iri)}
    axioms = _axioms(reader)
    stated = {str(one) for a, p, b in axioms if p in _BETWEEN for one in (a, b) if isinstance(one, URIRef) and one != RDF.nil}
    found.parents = superclasses([*found.classes, *sorted(stated)], axioms)
    # what has members below it alone can be asked for as well
    for above in [one for iri in found.classes for one in found.parents[iri] if one in stated and _is_kind(one)]:
        if len(found.classes) < MAX_CLASSES:
            found.classes.setdefault(above, 0)


def _is_kind(iri: str) -> bool:
    """Whether a class says what things are: it is none of the schema, no geometry, and SPARQL can name it."""
    return bool(n3(iri)) and not iri.startswith(_SCHEMA) and iri not in _GEOMETRY


def _axioms(reader: Reader) -> Graph:
    """What the store states of classes: superclasses, and definitions by other classes and by values of properties."""
    told = " ".join(one.n3() for one in _AXIOMS)
    parts = f"?x {OWL.intersectionOf.n3()}|{OWL.unionOf.n3()} ?l . ?l {RDF.rest.n3()}* ?a"
    lists = f"{parts} VALUES ?p {{ {RDF.first.n3()} {RDF.rest.n3()} }} ?a ?p ?b"
    query = f"SELECT ?a ?p ?b WHERE {{ {{ VALUES ?p {{ {told} }} ?a ?p ?b }} UNION {{ {lists} }} }} LIMIT 20000"
    graph = Graph()
    for row in reader.rows(query, "superclasses"):
        below, predicate, above = map(_node, row)
        if below is not None and predicate is not None and above is not None:
            graph.add((below, predicate, above))
    return graph


def _node(cell: Cell | None) -> Node | None:
    if cell is None:
        return None
    if cell.kind == "literal":
        # a value is compared, not read
        return Literal("\n".join((cell.value, cell.datatype, cell.language)))
    return BNode(cell.value) if cell.kind == "bnode" else URIRef(cell.value) if n3(cell.value) else None


def _predicates(reader: Reader, found: Survey) -> None:
    query = f"SELECT ?p (COUNT(?o) AS ?n) WHERE {{ ?s ?p ?o }} GROUP BY ?p ORDER BY DESC(?n) LIMIT {MAX_PREDICATES}"
    for (iri,), count in reader.counts(query, "predicates").items():
        if n3(iri) and not (iri.startswith(_SCHEMA) and iri != str(RDFS.label)):
            found.predicates[iri] = Predicate(iri, count)
    for role, query in (
        ("domains", "SELECT ?p ?c (COUNT(?o) AS ?n) WHERE { ?s a ?c . ?s ?p ?o } GROUP BY ?p ?c"),
        ("ranges", "SELECT ?p ?c (COUNT(?s) AS ?n) WHERE { ?o a ?c . ?s ?p ?o FILTER (?p != " + RDF.type.n3() + ") } GROUP BY ?p ?c"),
    ):
        for (iri, cls), count in reader.counts(query, f"{role} of predicates").items():
            if iri in found.predicates and cls in found.classes:
                getattr(found.predicates[iri], role)[cls] = count


def domains_through(reader: Reader, link: str) -> dict[str, dict[str, int]]:
    """For each predicate of the nodes that ``link`` leads to, the classes of the things that it leads from."""
    query = f"SELECT ?p ?c (COUNT(?o) AS ?n) WHERE {{ ?x {n3(link)} ?s ; a ?c . ?s ?p ?o }} GROUP BY ?p ?c"
    found: dict[str, dict[str, int]] = {}
    for (iri, cls), count in reader.counts(query, "domains of predicates").items():
        found.setdefault(iri, {})[cls] = count
    return found


def of_values(reader: Reader, way: str, predicate: str, ways: Iterable[tuple[str, ...]]) -> tuple[dict[str, set[str]], dict[str, int]]:
    """For the values of a predicate that says what things are: which predicates have each, and the dimension of some geometries.

    ``way``: path to the node that has the predicate, empty if it is the thing itself.
    """
    owners = defaultdict[str, set[str]](set)
    for (other, value), _ in reader.counts(
        f"SELECT ?p ?v (COUNT(?o) AS ?n) WHERE {{ ?s {n3(predicate)} ?v ; ?p ?o }} GROUP BY ?p ?v"
    ).items():
        owners[other].add(value)
    heads = defaultdict[str, list[int]](list)
    for path in ways:
        steps = f"{way}{n3(predicate)} ?v ; {'/'.join(map(n3, path))} ?w"
        for cell, head in reader.rows(f"SELECT ?v (SUBSTR(STR(?w), 1, 120) AS ?h) WHERE {{ ?s {steps} }} LIMIT 5000"):
            if cell and head:
                heads[cell.value].append(dimension(head.value))
    return owners, {value: max(set(kinds), key=kinds.count) for value, kinds in heads.items()}


def _sample(reader: Reader, one: Predicate) -> None:
    name = n3(one.iri)
    cut = "IF(isLiteral(?o) && STRLEN(STR(?o)) > 400, STRDT(SUBSTR(STR(?o), 1, 400), DATATYPE(?o)), ?o)"
    rows = reader.rows(f"SELECT ({cut} AS ?v) WHERE {{ ?s {name} ?o }} LIMIT {SAMPLE}") or reader.rows(
        f"SELECT ?o WHERE {{ ?s {name} ?o }} LIMIT {SAMPLE}", f"values of {one.iri}"
    )
    one.sample = tuple(row[0] for row in rows if row[0] is not None)
    if one.spatial or not one.sample:
        return
    for (distinct,) in reader.rows(f"SELECT (COUNT(DISTINCT ?o) AS ?n) WHERE {{ ?s {name} ?o }}"):
        one.distinct = int(distinct.value) if distinct else 0
    if one.datatype in ("", str(XSD.string), str(RDF.langString), str(XSD.boolean)) and one.distinct <= max(20, one.count / 4):
        query = f"SELECT ?o (COUNT(?s) AS ?n) WHERE {{ ?s {name} ?o }} GROUP BY ?o ORDER BY DESC(?n) ?o LIMIT {MAX_VALUES}"
        one.values = {value: count for (value,), count in reader.counts(query).items()}


def _labels(reader: Reader, found: Survey) -> None:
    wanted = [n3(iri) for iri in (*found.classes, *found.predicates)]
    for some in batches(wanted, 200):
        names = " ".join(one.n3() for one in (RDFS.label, SKOS.prefLabel, SKOS.altLabel))
        query = f"SELECT ?x ?p ?l WHERE {{ VALUES ?x {{ {' '.join(some)} }} VALUES ?p {{ {names} }} ?x ?p ?l }}"
        for thing, predicate, label in reader.rows(query, "labels of classes and properties"):
            if thing and predicate and label and label.language.lower()[:2] in ("", "en"):
                found.labels.setdefault(thing.value, []).append((predicate.value, label))


def batches(items: Iterable[str], size: int) -> Iterator[list[str]]:
    """Consecutive items, ``size`` at a time."""
    held: list[str] = []
    for item in items:
        held.append(item)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held


def paths(predicates: Mapping[str, Predicate]) -> tuple[tuple[str, ...], ...]:
    """Ways from a thing to the literal of its geometry: straight, or through a node that has little else; most used first."""
    links = {iri for iri in (str(GEO.hasGeometry), str(GEO.hasDefaultGeometry)) if iri in predicates}
    for one in predicates.values():
        if (
            one.iri.rpartition("/")[2].rpartition("#")[2].casefold() in ("hasgeometry", "geometry", "hasdefaultgeometry", "geom")
            and not one.datatype
        ):
            links.add(one.iri)
    found = defaultdict[tuple[str, ...], int](int)
    for one in predicates.values():
        if one.spatial:
            for link in links:
                found[link, one.iri] = min(predicates[link].count, one.count) + 1
            # nodes of geometries are of no class that counts
            found[(one.iri,)] = sum(one.domains.values()) if links else one.count
    return tuple(path for path, count in sorted(found.items(), key=lambda item: -item[1]) if count > 0)


def _dimensions(reader: Reader, found: Survey) -> None:
    ways = paths(found.predicates)
    for cls in found.classes:
        for way in ways:
            path = "/".join(map(n3, way))
            query = f"SELECT (SUBSTR(STR(?w), 1, 120) AS ?h) WHERE {{ ?s a {n3(cls)} ; {path} ?w }} LIMIT 20"
            kinds = [dimension(row[0].value) for row in reader.rows(query) if row[0]]
            if kinds:
                found.dimensions[cls] = max(set(kinds), key=kinds.count)
                break


def dimension(text: str) -> int:
    """0, 1 or 2 by the beginning of a WKT or GML literal."""
    words = text[text.find(">") + 1 :] if text.startswith("<http") else text
    words = words[:40].casefold()
    return 2 if "polygon" in words or "surface" in words else 1 if "line" in words or "curve" in words else 0
