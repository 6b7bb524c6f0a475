"""Valid time whole: random statements with and without times, updated, kept in the log and checkpointed, against lists of tuples."""

from __future__ import annotations

import itertools
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.ontology import NotFoundError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import Budget, Commit, Request, apply_update, evaluate, parse
from earthweave.server.store.loading import blocks_ntriples, export
from earthweave.server.store.snapshot import Kind, Snapshot, SnapshotBuilder, Term, decoded, differences, grown, iri, read_periods
from earthweave.server.store.temporal import RELATIONS

E = "http://example.org/"
STRDF = "http://strdf.di.uoa.gr/ontology#"
HEAD = f"PREFIX : <{E}> PREFIX strdf: <{STRDF}> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "
PERIOD, MOMENT = f"^^<{STRDF}period>", "^^<http://www.w3.org/2001/XMLSchema#dateTime>"
TIMES = (
    f'"[2020-01-01T00:00:00,2020-02-01T00:00:00)"{PERIOD}', f'"[2020-01-15T00:00:00,2020-03-01T00:00:00)"{PERIOD}',
    f'"[2020-01-01T00:00:00,2020-01-31T23:59:59.999999]"{PERIOD}', f'"[2020-02-01T00:00:00,UC)"{PERIOD}', f'"2020-01-20T00:00:00"{MOMENT}',
    f'"2020-01-20T00:00:00Z"{MOMENT}', f'"[-0044-03-15T00:00:00,0014-08-19T24:00:00]"{PERIOD}', f'"2021-01-01T00:00:00+02:00"{MOMENT}',
)
WINDOWS = (*TIMES[:6], f'"[2019-01-01T00:00:00,2022-01-01T00:00:00)"{PERIOD}', f'"[2020-01-20T00:00:00,2020-01-20T00:00:00]"{PERIOD}')


class Quad(NamedTuple):
    """A statement as a line says it; graph and time may be empty."""

    s: str
    p: str
    o: str
    g: str = ""
    t: str = ""


IRIS = tuple(f"<{E}{name}>" for name in "abc")
PREDICATES = tuple(f"<{E}{name}>" for name in "pq")
OBJECTS = (*IRIS[:2], '"1"^^<http://www.w3.org/2001/XMLSchema#integer>', '"x"@en', TIMES[4])
GRAPHS = ("", "", f"<{E}g>", f"<{E}h>")
times, windows = st.sampled_from(TIMES), st.sampled_from(WINDOWS)
quads = st.builds(Quad, st.sampled_from(IRIS), st.sampled_from(PREDICATES), st.sampled_from(OBJECTS), st.sampled_from(GRAPHS),
                  st.one_of(st.just(""), times, times))


def data(some: Iterable[Quad]) -> str:
    """Statements within INSERT DATA or DELETE DATA."""
    return " ".join(f"GRAPH {one.g} {{ {inner} }}" if one.g else inner for one in some for inner in [f"{one.s} {one.p} {one.o} {one.t} ."])


def matches(wanted: Quad, one: Quad) -> bool:
    """Whether what DELETE DATA names is the statement: without a time it is at every time."""
    return one[:4] == wanted[:4] and wanted.t in ("", one.t)


State = frozenset[Quad]
Update = tuple[str, Callable[[State], State]]


def _inserted(some: list[Quad]) -> Update:
    return f"INSERT DATA {{ {data(some)} }}", lambda held: held | set(some)


def _deleted(some: list[Quad]) -> Update:
    return f"DELETE DATA {{ {data(some)} }}", lambda held: frozenset(one for one in held if not any(matches(gone, one) for gone in some))


def _filled(relation: str, window: str) -> Update:
    def run(held: State) -> State:
        found = [one for one in held if not one.g and one.t and stands(relation, one.t, window)]
        return held | {Quad(one.s, PREDICATES[1], one.o, "", one.t) for one in found}

    text = f"INSERT {{ ?s :q ?o ?t }} WHERE {{ ?s ?p ?o ?t FILTER(strdf:{relation}(?t, {window})) }}"
    return text, run


def _removed(relation: str, window: str) -> Update:
    def run(held: State) -> State:
        return frozenset(one for one in held if one.g or not one.t or not stands(relation, one.t, window))

    return f"DELETE {{ ?s ?p ?o ?t }} WHERE {{ ?s ?p ?o ?t FILTER(strdf:{relation}(?t, {window})) }}", run


def _emptied(subject: str) -> Update:
    return f"DELETE WHERE {{ {subject} ?p ?o }}", lambda held: frozenset(one for one in held if one.g or one.s != subject)


def _moved(verb: str, source: str, target: str) -> Update:
    def run(held: State) -> State:
        if source == target or (source and not any(one.g == source for one in held)):
            return held
        kept = held if verb == "ADD" else frozenset(one for one in held if one.g != target)
        kept |= {one._replace(g=target) for one in held if one.g == source}
        return frozenset(one for one in kept if one.g != source) if verb == "MOVE" else kept

    return f"{verb} SILENT {source and 'GRAPH ' + source or 'DEFAULT'} TO {target and 'GRAPH ' + target or 'DEFAULT'}", run


def _cleared(graph: str) -> Update:
    return f"DROP SILENT {'GRAPH ' + graph if graph else 'DEFAULT'}", lambda held: frozenset(one for one in held if one.g != graph)


def stands(relation: str, time: str, window: str) -> bool:
    """Whether a time stands so to another, each read by itself."""
    read = [read_periods(pa.array([one[1:].partition('"')[0]], pa.large_string()), 0) for one in (time, window)]
    ends = [end for one in read for end in (one.start, one.end)]
    return all(one.good[0] for one in read) and bool(RELATIONS[relation](*ends)[0])


updates = st.one_of(
    st.builds(_inserted, st.lists(quads, min_size=1, max_size=4)), st.builds(_inserted, st.lists(quads, min_size=1, max_size=4)),
    st.builds(_deleted, st.lists(quads, min_size=1, max_size=3)), st.builds(_filled, st.sampled_from(list(RELATIONS)), windows),
    st.builds(_removed, st.sampled_from(list(RELATIONS)), windows), st.builds(_emptied, st.sampled_from(IRIS)),
    st.builds(_moved, st.sampled_from(["ADD", "COPY", "MOVE"]), st.sampled_from(GRAPHS), st.sampled_from(GRAPHS)),
    st.builds(_cleared, st.sampled_from(GRAPHS)),
)
Query = tuple[str, Callable[[State], Iterable[tuple[str, ...]]]]


def _constrained(places: tuple[str, str, str], one: Quad) -> bool:
    return all(place.startswith("?") or place == term for place, term in zip(places, one[:3], strict=True))


def _plain(places: tuple[str, str, str]) -> Query:
    return f"?s ?p ?o {{ VALUES (?s ?p ?o) {{ ({_or_undef(places)}) }} {shown(places)} }}", lambda held: {
        one[:3] for one in held if _constrained(places, one)}


def _or_undef(places: tuple[str, str, str]) -> str:
    return " ".join("UNDEF" if one.startswith("?") else one for one in places)


def shown(places: tuple[str, str, str]) -> str:
    """A pattern of places, some of them variables."""
    return " ".join(places)


def _timed(places: tuple[str, str, str]) -> Query:
    return f"?s ?p ?o ?t {{ VALUES (?s ?p ?o) {{ ({_or_undef(places)}) }} {shown(places)} ?t }}", lambda held: {
        (*one[:3], one.t) for one in held if one.t and _constrained(places, one)}


def _in_graphs(places: tuple[str, str, str]) -> Query:
    return f"?g ?s ?p ?o {{ VALUES (?s ?p ?o) {{ ({_or_undef(places)}) }} GRAPH ?g {{ {shown(places)} }} }}", lambda held: {
        (one.g, *one[:3]) for one in held if one.g and _constrained(places, one)}


def _timed_in_graphs(places: tuple[str, str, str]) -> Query:
    return f"?g ?s ?p ?o ?t {{ VALUES (?s ?p ?o) {{ ({_or_undef(places)}) }} GRAPH ?g {{ {shown(places)} ?t }} }}", lambda held: {
        (one.g, *one[:3], one.t) for one in held if one.g and one.t and _constrained(places, one)}


def _within(relation: str, window: str, turned: bool) -> Query:
    said = f"{window}, ?t" if turned else f"?t, {window}"
    return f"?s ?o ?t {{ ?s :p ?o ?t FILTER(strdf:{relation}({said})) }}", lambda held: {
        (one.s, one.o, one.t) for one in held
        if one.t and one.p == PREDICATES[0] and (stands(relation, window, one.t) if turned else stands(relation, one.t, window))}


def _counted(window: str) -> Query:
    return f"(COUNT(*) AS ?n) {{ ?s ?p ?o ?t FILTER(strdf:PeriodOverlaps(?t, {window})) }}", lambda held: [
        (f'"{len({(*one[:3], one.t) for one in held if one.t and stands("PeriodOverlaps", one.t, window)})}"'
         "^^<http://www.w3.org/2001/XMLSchema#integer>",)]


def _at(time: str) -> Query:
    return f"?s ?o {{ ?s :p ?o {time} }}", lambda held: {(one.s, one.o) for one in held if one.t == time and one.p == PREDICATES[0]}


def _shared() -> Query:
    def run(held: State) -> Iterable[tuple[str, ...]]:
        one, other = ({(q.s, q.o, q.t) for q in held if q.t and q.p == name} for name in PREDICATES)
        return [(a, b, c, d, t) for (a, b, t), (c, d, u) in itertools.product(one, other) if t == u]

    return "?a ?b ?c ?d ?t { ?a :p ?b ?t . ?c :q ?d ?t }", run


def _related(relation: str) -> Query:
    def run(held: State) -> Iterable[tuple[str, ...]]:
        one, other = ({(q.s, q.o, q.t) for q in held if q.t and q.p == name} for name in PREDICATES)
        return [(*left, *right) for left, right in itertools.product(one, other) if stands(relation, left[2], right[2])]

    return f"?a ?b ?t ?c ?d ?u {{ ?a :p ?b ?t . ?c :q ?d ?u FILTER(strdf:{relation}(?t, ?u)) }}", run


def _optional(window: str) -> Query:
    def run(held: State) -> Iterable[tuple[str, ...]]:
        for s, o in {(one.s, one.o) for one in held if one.p == PREDICATES[0]}:
            found = {one.t for one in held if (one.s, one.p, one.o) == (s, PREDICATES[0], o) and one.t and stands("during", one.t, window)}
            yield from ((s, o, t) for t in found or {""})

    return f"?s ?o ?t {{ ?s :p ?o OPTIONAL {{ ?s :p ?o ?t FILTER(strdf:during(?t, {window})) }} }}", run


def _paths(each: bool) -> Query:
    def run(held: State) -> Iterable[tuple[str, ...]]:
        return [((one.g,) if each else ()) + (one.s, one.o) for one in {one._replace(t="", g=one.g if each else "") for one in held}
                if one.g or not each]

    return ("?g ?s ?o { GRAPH ?g { ?s (:p|:q) ?o } }" if each else "?s ?o { ?s (:p|:q) ?o }"), run


def _never() -> Query:
    def run(held: State) -> Iterable[tuple[str, ...]]:
        return {(one.s, one.p, one.o) for one in held if not any(other[:3] == one[:3] and other.t for other in held)}

    return "?s ?p ?o { ?s ?p ?o FILTER NOT EXISTS { ?s ?p ?o ?t } }", run


choices = zip("spo", (IRIS, PREDICATES, OBJECTS), strict=True)
places = st.tuples(*(st.one_of(st.just(f"?{name}"), st.sampled_from(some)) for name, some in choices))
relations = st.sampled_from(list(RELATIONS))
queries = st.one_of(
    st.builds(_plain, places), st.builds(_timed, places), st.builds(_in_graphs, places), st.builds(_timed_in_graphs, places),
    st.builds(_within, relations, windows, st.booleans()), st.builds(_counted, windows), st.builds(_at, times), st.builds(_shared),
    st.builds(_related, relations), st.builds(_optional, windows), st.builds(_paths, st.booleans()), st.builds(_never),
)


def answered(snapshot: Snapshot, text: str) -> Counter[tuple[str, ...]]:
    """Solutions as the lines of N-Quads write their terms."""
    result = evaluate(snapshot, parse(HEAD + "SELECT " + text))
    found: Counter[tuple[str, ...]] = Counter()
    for batch in result.batches():
        columns = [batch.column(name).tolist() for name in result.names]
        found.update(tuple("" if one < 0 else written(result.context.terms.term(one)) for one in row) for row in zip(*columns, strict=True))
    return found


def written(term: Term) -> str:
    """A term as in `IRIS`, `OBJECTS` and `TIMES`."""
    if term.type.kind is Kind.IRI:
        return f"<{term.text}>"
    return f'"{term.text}"@{term.type.language}' if term.type.language else f'"{term.text}"^^<{term.type.datatype}>'


def held(snapshot: Snapshot, folder: Path) -> State:
    """Everything in a snapshot, graph by graph as N-Quads."""
    found = set()
    for graph in ("", *(snapshot.term(id).text for id in snapshot.graphs.tolist())):
        target = folder / "all.nq"
        try:
            export(snapshot, target, graph=graph)
        except NotFoundError:
            continue
        for line in target.read_text("utf-8").splitlines():
            s, p, rest = line.removesuffix(" .").split(" ", 2)
            o = next(one for one in OBJECTS if rest == one or rest.startswith(one + " "))
            found.add(Quad(s, p, o, f"<{graph}>" if graph else "", rest[len(o) + 1:]))
    return frozenset(found)


def loaded(folder: Path, some: Iterable[Quad]) -> Snapshot:
    """A snapshot of N-Quads, one load for each graph."""
    builder = SnapshotBuilder(folder, durable=False)
    for graph in {one.g for one in some} | {""}:
        builder.begin(graph, AxisOrder.STRICT, iri(graph[1:-1]) if graph else None)
        text = "".join(f"{one.s} {one.p} {one.o} {one.t} .\n" for one in some if one.g == graph)
        for block in blocks_ntriples(BytesIO(text.encode()), source="lines"):
            builder.add(block)
        builder.end()
    return builder.finish()


def settled(snapshot: Snapshot, folder: Path) -> Snapshot:
    """A checkpoint."""
    builder = SnapshotBuilder(folder, getattr(snapshot, "origin", snapshot), durable=False)
    builder.begin("log", AxisOrder.STRICT)
    for removed, added in differences(snapshot):
        builder.without(removed)
        builder.add(added)
    builder.end()
    return builder.finish()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(quads, max_size=25), st.lists(st.lists(updates, min_size=1, max_size=3), max_size=4),
       st.lists(queries, min_size=2, max_size=5))
def test_random_statements_updates_and_queries(some: list[Quad], groups: list[list[Update]], asked: list[Query]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state, origin = frozenset(some), loaded(folder / "0", some)
        memory = follower = disk = origin
        for number, group in enumerate(groups):
            commit = Commit(memory, Budget(), 1000)
            commit.run([Request(HEAD + text) for text, _ in group])
            assert [one.error for one in commit.outcomes] == [None] * len(group)
            memory, follower = commit.snapshot, grown(follower, decoded(commit.change.encoded()))
            for place, (text, run) in enumerate(group):
                state = run(state)
                assert commit.outcomes[place].after == len(state)
                disk, _ = apply_update(HEAD + text, disk, folder / f"disk-{number}-{place}", Budget(), durable=False)
        seen = [origin] if not groups else [memory, follower, disk, settled(follower, folder / "settled")]
        for one in seen:
            assert held(one, folder) == state
            assert one.triples == len(state)
            for text, run in asked:
                assert answered(one, text) == Counter(run(state)), text
