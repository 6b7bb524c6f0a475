"""Property paths by themselves, against a literal reading of SPARQL 1.1 §18.4 on random graphs, and where bounds and scopes matter."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from earthweave.ontology import DeadlineError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import UNIT, Alternative, Batch, Bgp, Link, Negated, PathPattern, Repeat, Sequence
from earthweave.server.store.algebra import Path as Walk
from earthweave.server.store.engine import evaluate
from earthweave.server.store.engine._evaluate import Budget, surroundings
from earthweave.server.store.engine._parse import parse
from earthweave.server.store.engine._paths import PathScan, nullable
from earthweave.server.store.engine._plan import Planner
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder, iri

NAMESPACE = "http://example.org/"
NODES, PREDICATES = [f"n{number}" for number in range(6)], ["p", "q", "r"]
PATHS = [
    ":p", "^:p", ":p*", ":p+", ":p?", ":p|:q", ":p|:p", "(:p/:q)", "(:p/:q)*", "(:p|^:q)+", "!:p", "!^:p", "!(:p|^:q)", "!(:p|:q|^:r)",
    "^!:p", "(:p*)*", "(:p?)+", "(:p|:q?)*", "(:p/(:q|:r)?)+", "(^:p/:q*)", "(!:p)+", "((:p/:q)|(:q/:p))", "(:p*/:q*)", "(:p+/^:p)?",
    "!(:p|:q|:r)",
]
Statements = set[tuple[str, str, str]]


@pytest.fixture(scope="module")
def snapshot_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Snapshot]:
    """A snapshot of N-Quads with short names for IRIs."""

    def build(text: str) -> Snapshot:
        builder = SnapshotBuilder(tmp_path_factory.mktemp("paths") / "store")
        builder.begin("test", AxisOrder.STRICT)
        lines = (" ".join(f"<{NAMESPACE}{name}>" for name in line.split()) + " ." for line in text.strip().splitlines())
        for block in quads_of("\n".join(lines).encode(), "nquads"):
            builder.add(block)
        builder.end()
        return builder.finish()

    return build


def path_of(text: str) -> Walk:
    """A path as the parser gives it; at the top of a pattern some would be taken apart."""
    pattern = parse(f"PREFIX : <{NAMESPACE}> ASK {{ ?a (({text})|:never) ?b }}").pattern
    assert isinstance(pattern, Bgp) and isinstance(pattern.patterns[0], PathPattern)
    path = pattern.patterns[0].path
    assert isinstance(path, Alternative)
    return path.parts[0] if len(path.parts) == 2 else replace(path, parts=path.parts[:-1])


def literally(path: Walk, statements: Statements, terms: set[str]) -> Counter[tuple[str, str]]:
    """Pairs of ends as §18.4 defines them; paths of no length from all ``terms``."""
    if isinstance(path, Link):
        pairs = [(s, o) for s, p, o in statements if NAMESPACE + p == path.iri]
        return Counter((o, s) if path.inverse else (s, o) for s, o in pairs)
    if isinstance(path, Negated):
        forward = [(s, o) for s, p, o in statements if path.forward is not None and NAMESPACE + p not in path.forward]
        backward = [(o, s) for s, p, o in statements if path.backward is not None and NAMESPACE + p not in path.backward]
        return Counter(forward + backward)
    if isinstance(path, Alternative):
        return sum((literally(part, statements, terms) for part in path.parts), Counter())
    if isinstance(path, Sequence):
        found = literally(path.parts[0], statements, terms)
        for part in path.parts[1:]:
            found = joined(found, literally(part, statements, terms))
        return found
    assert isinstance(path, Repeat)
    step = set(literally(path.part, statements, terms))
    reached = step if path.least else step | {(one, one) for one in terms}
    while not path.once:
        more = reached | {(a, d) for a, b in reached for c, d in step if b == c}
        if more == reached:
            break
        reached = more
    return Counter(reached)


def joined(left: Counter[tuple[str, str]], right: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for (a, b), many in left.items():
        for (c, d), times in right.items():
            if b == c:
                found[a, d] += many * times
    return found


def random_statements(chance: random.Random) -> Statements:
    count = chance.randint(0, 12)
    return {(chance.choice(NODES), chance.choice(PREDICATES), chance.choice(NODES)) for _ in range(count)} | {("x", "other", "y")}


def scanned(snapshot: Snapshot, text: str, path: Walk, seed: Any = None, dataset: Any = None) -> Counter[tuple[str, ...]]:
    """Solutions of ``?a path ?b`` (or what ``text`` has for its ends), by name; a seed is a list of dictionaries."""
    context = surroundings(snapshot)
    if dataset is not None:
        context.dataset = dataset
    pattern = parse(f"PREFIX : <{NAMESPACE}> ASK {{ {text} }}").pattern
    while not isinstance(pattern, Bgp):
        pattern = pattern.right  # type: ignore[union-attr]
    assert isinstance(pattern.patterns[0], PathPattern)
    scan = PathScan(replace(pattern.patterns[0], path=path), context, 1.0, Planner(context).step)
    names = sorted({name for row in seed for name in row}) if seed else []
    ids = {name: [context.terms.id(iri(NAMESPACE + row[name])) if name in row else -1 for row in seed] for name in names}
    batch = Batch(len(seed), {name: _array(column) for name, column in ids.items()}) if seed else UNIT
    found: Counter[tuple[str, ...]] = Counter()
    order = sorted({*names, *scan.names})
    for one in scan.run(context, batch):
        found[()] += 0 if order else one.length
        for row in zip(*(one.column(name).tolist() for name in order), strict=True):
            found[tuple("" if id < 0 else context.terms.term(id).text.removeprefix(NAMESPACE) for id in row)] += 1
    return +found


def _array(values: list[int]) -> Any:
    import numpy as np

    return np.array(values, dtype=np.int64)


@pytest.mark.parametrize("number", range(8))
def test_every_path_gives_what_the_recommendation_says(snapshot_of: Callable[[str], Snapshot], number: int) -> None:
    chance = random.Random(number)
    statements = random_statements(chance)
    snapshot = snapshot_of("\n".join(map(" ".join, statements)))
    nodes = {one for s, _, o in statements for one in (s, o)}
    for text in PATHS:
        path = path_of(text)
        expected = literally(path, statements, nodes)
        assert scanned(snapshot, "?a :p* ?b", path) == expected, text
        assert scanned(snapshot, "?a :p* ?a", path) == Counter({(a,): many for (a, b), many in expected.items() if a == b}), text
        constant = chance.choice([*NODES, "absent"])
        with_constant = literally(path, statements, nodes | {constant})
        ends = Counter({(b,): many for (a, b), many in with_constant.items() if a == constant})
        begins = Counter({(a,): many for (a, b), many in with_constant.items() if b == constant})
        assert scanned(snapshot, f":{constant} :p* ?b", path) == ends, text
        assert scanned(snapshot, f"?a :p* :{constant}", path) == begins, text


@pytest.mark.parametrize("number", range(4))
def test_seeds_only_choose_among_the_solutions(snapshot_of: Callable[[str], Snapshot], number: int) -> None:
    chance = random.Random(100 + number)
    statements = random_statements(chance)
    snapshot = snapshot_of("\n".join(map(" ".join, statements)))
    nodes = {one for s, _, o in statements for one in (s, o)}
    seed = [{name: chance.choice([*NODES, "absent"]) for name in ("a", "b", "c") if chance.random() < 0.6} for _ in range(8)]
    for text in PATHS:
        path = path_of(text)
        expected: Counter[tuple[str, ...]] = Counter()
        for (a, b), many in literally(path, statements, nodes).items():
            for row in seed:
                if row.get("a", a) == a and row.get("b", b) == b:
                    values = {"a": a, "b": b, **({"c": row.get("c", "")} if any("c" in one for one in seed) else {})}
                    expected[tuple(values[name] for name in sorted(values))] += many
        assert scanned(snapshot, "?a :p* ?b", path, seed) == expected, text


GRAPHS = """
a p b g
b p c g
b p c h
c p d h
a p b h
e p f
"""


def test_a_path_stays_within_one_graph(snapshot_of: Callable[[str], Snapshot]) -> None:
    snapshot, plus = snapshot_of(GRAPHS), path_of(":p+")
    everywhere = scanned(snapshot, "?a :p* ?b", plus)
    assert everywhere == Counter([("a", "b"), ("b", "c"), ("c", "d"), ("a", "c"), ("b", "d"), ("a", "d"), ("e", "f")])
    each = scanned(snapshot, "GRAPH ?g { ?a :p* ?b }", plus)
    only_g = [("a", "b", "g"), ("b", "c", "g"), ("a", "c", "g")]
    only_h = [("a", "b", "h"), ("b", "c", "h"), ("c", "d", "h"), ("a", "c", "h"), ("b", "d", "h"), ("a", "d", "h")]
    assert each == Counter(only_g + only_h)
    assert scanned(snapshot, "GRAPH :g { ?a :p* ?b }", plus) == Counter([("a", "b"), ("b", "c"), ("a", "c")])
    assert scanned(snapshot, "GRAPH :nowhere { ?a :p* ?b }", plus) == Counter()
    assert scanned(snapshot, "GRAPH ?g { :a :p* ?b }", plus, [{"g": "g"}, {"g": "absent"}, {"g": "h", "b": "d"}]) == Counter(
        [("b", "g"), ("c", "g"), ("d", "h")])


def test_a_path_of_no_length_is_there_in_each_graph(snapshot_of: Callable[[str], Snapshot]) -> None:
    snapshot, star = snapshot_of(GRAPHS), path_of(":p*")
    assert scanned(snapshot, "GRAPH ?g { :unknown :p* ?b }", star) == Counter([("unknown", "g"), ("unknown", "h")])
    assert scanned(snapshot, "GRAPH ?g { ?a :p* ?a }", star) == Counter([(one, "g") for one in "abc"] + [(one, "h") for one in "abcd"])
    assert scanned(snapshot, ":unknown :p* :unknown", star) == Counter([()])


def test_a_statement_in_two_graphs_is_one_step_in_their_union(snapshot_of: Callable[[str], Snapshot]) -> None:
    snapshot = snapshot_of(GRAPHS)
    assert scanned(snapshot, "?a :p* ?b", path_of(":p|:never"))[("a", "b")] == 1
    assert scanned(snapshot, "?a :p* ?b", path_of("!:other"))[("b", "c")] == 1


def test_a_graph_variable_may_be_an_end(snapshot_of: Callable[[str], Snapshot]) -> None:
    snapshot = snapshot_of("a p g g\na p h g\nb p h h")
    assert scanned(snapshot, "GRAPH ?g { ?a :p* ?g }", path_of(":p+")) == Counter([("a", "g"), ("b", "h")])
    assert scanned(snapshot, "GRAPH ?g { ?g :p* ?a }", path_of("^:p")) == Counter([("a", "g"), ("b", "h")])


def test_no_path_is_counted_twice_by_a_query(snapshot_of: Callable[[str], Snapshot]) -> None:
    snapshot = snapshot_of("a p b\na q b\nb p c")
    result = evaluate(snapshot, f"PREFIX : <{NAMESPACE}> SELECT * {{ ?a (:p|:q)/:p ?b }}")
    assert sum(batch.length for batch in result.batches()) == 2
    result = evaluate(snapshot, f"PREFIX : <{NAMESPACE}> SELECT * {{ ?a ((:p|:q)/:p)+ ?b }}")
    assert sum(batch.length for batch in result.batches()) == 1


def test_a_long_chain_is_followed_and_can_be_stopped(snapshot_of: Callable[[str], Snapshot]) -> None:
    length = 800
    snapshot = snapshot_of("\n".join(f"n{number} p n{number + 1}" for number in range(length)))
    assert sum(scanned(snapshot, ":n0 :p* ?b", path_of(":p+")).values()) == length
    context = surroundings(snapshot, budget=Budget(seconds=0.0))
    pattern = PathPattern(*_ends(), None)
    with pytest.raises(DeadlineError):
        list(PathScan(pattern, context, 1.0, Planner(context).step).run(context))


def _ends() -> tuple[Any, Walk, Any]:
    bgp = parse(f"PREFIX : <{NAMESPACE}> ASK {{ :n0 :p+ ?b }}").pattern
    assert isinstance(bgp, Bgp) and isinstance(bgp.patterns[0], PathPattern)
    return bgp.patterns[0].subject, bgp.patterns[0].path, bgp.patterns[0].object


def test_which_paths_may_have_no_length() -> None:
    assert [text for text in PATHS if nullable(path_of(text))] == [
        ":p*", ":p?", "(:p/:q)*", "(:p*)*", "(:p?)+", "(:p|:q?)*", "(:p*/:q*)", "(:p+/^:p)?"]


def test_the_label_shows_the_path(snapshot_of: Callable[[str], Snapshot], tmp_path: Path) -> None:
    context = surroundings(snapshot_of("a p b"))
    scan = PathScan(PathPattern(*_ends(), None), context, 1.0, Planner(context).step)
    assert scan.label == "Path <http://example.org/n0> (<http://example.org/p>)+ ?b"
