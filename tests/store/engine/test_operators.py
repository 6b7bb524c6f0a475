"""The parts that operators are made of, each against the plainest way to say the same: loops over rows in Python."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import DeadlineError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import FIRST_ROWS, MOST_ROWS, UNIT, Batch, Context, Dataset, concatenated
from earthweave.server.store.engine import evaluate
from earthweave.server.store.engine._evaluate import Budget, surroundings
from earthweave.server.store.engine._rows import Growth, RowIndex, by_boundness, pieces
from earthweave.server.store.engine._scan import Scan, Slots, narrowed
from earthweave.server.store.engine._slices import Slices
from earthweave.server.store.engine._tables import Table
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder, iri

NAMES = ("a", "b", "c")
small = st.integers(-1, 3)
Row = dict[str, int]


def batch_of(rows: list[tuple[int, ...]], names: tuple[str, ...]) -> Batch:
    columns = np.array(rows, dtype=np.int64).reshape(len(rows), len(names))
    return Batch(len(rows), {name: np.ascontiguousarray(columns[:, place]) for place, name in enumerate(names)})


def rows_of(batch: Batch, names: tuple[str, ...]) -> list[tuple[int, ...]]:
    return list(zip(*(batch.column(name).tolist() for name in names), strict=True)) if names else [()] * batch.length


@given(st.lists(st.lists(st.tuples(small, st.integers(0, 2**60)), max_size=30), max_size=4))
def test_rows_are_numbered_as_a_dictionary_would(blocks: list[list[tuple[int, int]]]) -> None:
    index, known = RowIndex(2), {}
    for rows in blocks:
        columns = list(batch_of(rows, ("a", "b")).columns.values())
        assert index.find(columns, len(rows)).tolist() == [known.get(row, -1) for row in rows]
        numbers = index.add(columns, len(rows)).tolist()
        for row, number in zip(rows, numbers, strict=True):
            assert known.setdefault(row, number) == number
    assert sorted(known.values()) == list(range(index.count))
    assert sorted(zip(*(column.tolist() for column in index.rows()), strict=True)) == sorted(known)


def test_many_rows_are_numbered_through_growth_and_collisions() -> None:
    random_ = np.random.default_rng(1)
    columns = [random_.integers(0, 400_000, 700_000) << 20, random_.integers(0, 2, 700_000)]
    index = RowIndex(2)
    numbers = index.add(columns, 700_000)
    key = columns[0] * 2 + columns[1]
    distinct, inverse = np.unique(key, return_inverse=True)
    assert index.count == len(distinct)
    # equal numbers for equal rows, and no other
    assert np.array_equal(numbers[np.unique(numbers, return_index=True)[1]][numbers], numbers)
    assert len(np.unique(numbers * np.int64(len(distinct)) + inverse)) == len(distinct)
    assert np.array_equal(index.find(columns, 700_000), numbers)


@given(st.lists(st.lists(small, max_size=20), max_size=4))
def test_fresh_gives_each_new_row_once_where_it_is_first(blocks: list[list[int]]) -> None:
    index, known = RowIndex(1), set[int]()
    for values in blocks:
        expected = [place for place, value in enumerate(values) if value not in known and value not in values[:place]]
        assert index.fresh([np.array(values, dtype=np.int64)], len(values)).tolist() == expected
        known |= set(values)


def test_rows_of_no_columns_are_all_alike() -> None:
    index = RowIndex(0)
    assert index.find([], 3).tolist() == [-1, -1, -1]
    assert index.add([], 3).tolist() == [0, 0, 0]
    assert index.fresh([], 3).tolist() == []
    assert index.count == 1


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), min_size=1, max_size=12))
def test_pieces_give_each_position_of_each_range(ranges: list[tuple[int, int]]) -> None:
    starts = np.array([start for start, _ in ranges], dtype=np.int64)
    stops = starts + np.array([count for _, count in ranges], dtype=np.int64)
    given_ = []
    for piece in pieces(starts, stops, Growth()):
        positions = range(piece.positions.start, piece.positions.stop) if isinstance(piece.positions, slice) else piece.positions.tolist()
        given_ += zip(range(len(ranges)) if piece.rows is None else piece.rows.tolist(), positions, strict=True)
    assert given_ == [(row, position) for row, (start, count) in enumerate(ranges) for position in range(start, start + count)]


@pytest.mark.parametrize("counts", [[5_000_000], [0, 3, 2_000_000, 0, 700_000, 1]])
def test_pieces_are_bounded_and_grow(counts: list[int]) -> None:
    stops = np.cumsum(np.array(counts, dtype=np.int64))
    sizes = [piece.rows.size for piece in pieces(stops - counts, stops, Growth())]
    assert sum(sizes) == sum(counts)
    assert sizes[0] == FIRST_ROWS
    assert max(sizes) == MOST_ROWS
    assert all(later <= 2 * before for before, later in itertools.pairwise(sizes))


@given(st.lists(st.tuples(small, small, small), max_size=15))
def test_parts_agree_in_what_is_bound_and_are_all_there(rows: list[tuple[int, int, int]]) -> None:
    batch = batch_of(rows, NAMES)
    parts = by_boundness(batch, ("a", "c", "elsewhere"))
    together = []
    for part in parts:
        assert all((part.batch.columns[name] >= 0).all() for name in part.bound)
        assert all(name not in part.batch.columns for name in {"a", "c"} - set(part.bound))
        places = range(len(rows)) if part.rows is None else part.rows.tolist()
        together += zip(places, rows_of(part.batch, NAMES), strict=True)
    assert sorted(together) == list(enumerate(rows))


def compatible(left: Row, right: Row) -> bool:
    return all(left[name] == right[name] for name in left.keys() & right.keys())


def bound(row: tuple[int, ...], names: tuple[str, ...]) -> Row:
    return {name: value for name, value in zip(names, row, strict=True) if value >= 0}


@given(st.lists(st.tuples(small, small), max_size=8), st.lists(st.tuples(small, small), max_size=8))
def test_a_hash_join_keeps_to_compatibility_of_unbound_variables(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    table = Table(batch_of(right, ("b", "c")), ("b",))
    seeds = batch_of(left, ("a", "b"))
    found = Counter(row for batch in table.join(seeds) for row in rows_of(batch, NAMES))
    pairs = [(bound(one, ("a", "b")), bound(other, ("b", "c"))) for one in left for other in right]
    assert found == Counter(tuple({**one, **other}.get(name, -1) for name in NAMES) for one, other in pairs if compatible(one, other))
    matched = [table.matched(seeds, sharing).tolist() for sharing in (None, frozenset("b"), frozenset("a"))]
    fitting = [[other for other in (bound(row, ("b", "c")) for row in right) if compatible(one, other)]
               for one in (bound(row, ("a", "b")) for row in left)]
    assert matched[0] == [bool(others) for others in fitting]
    assert matched[1] == [any("b" in other for other in others) and row[1] >= 0 for row, others in zip(left, fitting, strict=True)]
    assert not any(matched[2])


def test_a_product_is_given_in_bounded_pieces() -> None:
    side = Batch(2000, {"b": np.arange(2000)})
    sizes = [batch.length for batch in Table(side, ()).join(Batch(3000, {"a": np.arange(3000)}))]
    assert sum(sizes) == 6_000_000
    assert max(sizes) <= MOST_ROWS


GRAPHS = (None, "g1", "g2", "g3")
Statement = tuple[str, str, str, str | None]


@pytest.fixture(scope="module")
def statements() -> list[Statement]:
    chance = random.Random(5)
    found = set()
    for _ in range(160):
        subject, predicate = f"n{chance.randint(0, 5)}", f"p{chance.randint(0, 2)}"
        object_ = chance.choice([f"n{chance.randint(0, 5)}", "p1", "g2"])
        # p0 is in the default graph alone, p1 in one named graph, p2 in all and often repeated
        graphs = {"p0": (None,), "p1": ("g1",), "p2": GRAPHS}[predicate]
        found |= {(subject, predicate, object_, chance.choice(graphs)) for _ in range(2)}
    return sorted(found, key=str)


@pytest.fixture(scope="module")
def snapshot(statements: list[Statement], tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    builder = SnapshotBuilder(tmp_path_factory.mktemp("operators") / "store")
    builder.begin("test", AxisOrder.STRICT)
    lines = (" ".join(f"<http://e/{name}>" for name in statement if name) + " ." for statement in statements)
    for block in quads_of("\n".join(lines).encode(), "nquads"):
        builder.add(block)
    builder.end()
    return builder.finish()


@pytest.fixture
def context(snapshot: Snapshot) -> Context:
    return surroundings(snapshot)


class Named:
    """Ids by short name, both ways."""

    def __init__(self, context: Context) -> None:
        self.context = context

    def id(self, name: str) -> int:
        return self.context.terms.id(iri(f"http://e/{name}"))

    def name(self, id: int) -> str | None:
        return None if id < 0 else self.context.terms.term(id).text.removeprefix("http://e/")


def visible(statements: list[Statement], graph: str | None, dataset: Dataset) -> list[tuple[str, str, str, str | None]]:
    numbers = {name: place for place, name in enumerate(GRAPHS)}
    if graph is None:
        seen = {one[:3] for one in statements if dataset.default is None or numbers[one[3]] in dataset.default}
        return [(*one, None) for one in seen]
    named = {name for name, number in numbers.items() if number and (dataset.named is None or number in dataset.named)}
    return [one for one in statements if one[3] in named and graph in ("?g", one[3])]


def matches(pattern: tuple[str, str, str, str | None], seen: list[tuple[str, str, str, str | None]],
            seed: dict[str, str | None]) -> list[dict[str, str]]:
    found = []
    for statement in seen:
        row: dict[str, str] = {name: value for name, value in seed.items() if value is not None}
        for place, value in zip(pattern, statement, strict=True):
            if place is None or value is None:
                continue
            if row.setdefault(place[1:], value) != value if place.startswith("?") else place != value:
                break
        else:
            found.append(row)
    return found


@pytest.mark.parametrize("seed", range(150))
def test_a_scan_gives_what_a_loop_over_the_statements_gives(seed: int, context: Context, statements: list[Statement]) -> None:
    chance, named = random.Random(seed), Named(context)
    graphs = [name for id in context.snapshot.graphs.tolist() if (name := named.name(id))]
    order = {name: place + 1 for place, name in enumerate(graphs)}
    dataset = chance.choice([Dataset(), Dataset((0,), ()), Dataset((1, 2), (1,)), Dataset((0, 3), (2, 3)), Dataset((), (1, 2, 3))])
    context.dataset = Dataset(*(None if one is None else tuple(order[GRAPHS[number]] if number else 0 for number in one)
                                for one in (dataset.default, dataset.named)))
    pattern = (chance.choice(["?x", "?y", "n1", "n2"]), chance.choice(["p0", "p1", "p2", "p2", "?p", "?x", "gone"]),
               chance.choice(["?x", "?y", "?z", "n1", "p1"]), chance.choice([None, None, "?g", "?g", "g1", "g2", "?x"]))
    choices = {"x": ["n1", "n2", "p1", "g2", None], "y": ["n1", "n3", None], "z": ["n2", "p1"], "p": ["p0", "p2", None],
               "g": ["g1", "g3", None], "other": ["n1"]}
    names = chance.sample(sorted(choices), chance.randint(0, 4))
    seeds = [{name: chance.choice(choices[name]) for name in names} for _ in range(chance.randint(1, 6))]
    slots = Slots(*(None if one is None else one[1:] if one.startswith("?") else named.id(one) for one in pattern))  # type: ignore[arg-type]
    batch = batch_of([tuple(-1 if value is None else named.id(value) for value in row.values()) for row in seeds], tuple(names))
    shown = tuple(sorted({*names, *slots.names}))
    scanned = [row for part in Scan(slots, "", 1.0).run(context, batch) for row in rows_of(part, shown)]
    found = Counter(tuple(named.name(id) for id in row) for row in scanned)
    seen = visible(statements, pattern[3] if pattern[3] in (None, *GRAPHS) else "?g", dataset)
    assert found == Counter(tuple(row.get(name) for name in shown) for one in seeds for row in matches(pattern, seen, one))
    unwanted = frozenset(chance.sample(shown, chance.randint(0, len(shown)))) - set(names)
    kept = tuple(name for name in shown if name not in unwanted)
    quick = Scan(slots, "", 1.0, unwanted=unwanted, once=True).run(context, batch)
    assert {row for part in quick for row in rows_of(part, kept)} == {
        row for part in Scan(slots, "", 1.0).run(context, batch) for row in rows_of(part, kept)}


def test_a_scan_for_once_looks_at_no_more_than_the_first_match(context: Context) -> None:
    named = Named(context)
    slots = Slots("x", named.id("p2"), "y")
    all_of_them = concatenated(list(Scan(slots, "", 1.0).run(context, UNIT)), ("x", "y"))
    seeds = Batch(6, {"x": np.unique(all_of_them.columns["x"])})
    context.dataset = Dataset((0, 1, 2, 3))
    once = concatenated(list(Scan(slots, "", 1.0, unwanted=frozenset({"y"}), once=True).run(context, seeds)), ("x",))
    assert sorted(once.columns["x"].tolist()) == sorted(set(once.columns["x"].tolist()))


@given(st.lists(st.lists(st.integers(0, 5), max_size=6), min_size=1, max_size=6), st.integers(0, 5))
def test_narrowed_ranges_hold_the_value(groups: list[list[int]], value: int) -> None:
    class Order:
        value = np.array([one for group in groups for one in sorted(group)] + [9], dtype=np.int64)

    stops = np.cumsum([len(group) for group in groups])
    starts = stops - [len(group) for group in groups]
    low, high = narrowed(Order(), starts, stops, np.array([value]), repeated=True)  # type: ignore[arg-type]
    assert (high - low).tolist() == [group.count(value) for group in groups]
    assert all((Order.value[first:last] == value).all() for first, last in zip(low, high, strict=True))


def test_slices_keep_to_time_and_look_at_the_limits(snapshot: Snapshot) -> None:
    context = surroundings(snapshot, budget=Budget(seconds=0.2))
    sizes = []

    def slow(batch: Batch) -> Any:
        sizes.append(batch.length)
        for _ in range(batch.length * 20):
            pass
        return batch.columns["a"]

    with pytest.raises(DeadlineError):
        Slices().values(Batch(5_000_000, {"a": np.arange(5_000_000)}), context, slow)
    assert max(sizes) < 2_000_000
    many = Batch(50_000, {"a": np.arange(50_000)})
    assert np.array_equal(Slices().values(many, surroundings(snapshot), lambda batch: batch.columns["a"]), np.arange(50_000))


@pytest.mark.parametrize(("text", "rows"), [
    ("SELECT ?x { ?x ?p ?y } OFFSET 3 LIMIT 4", 4), ("SELECT ?x { ?x ?p ?y } LIMIT 0", 0), ("SELECT ?x { ?x ?p ?y } OFFSET 100000", 0),
    ("SELECT DISTINCT ?p { ?x ?p ?y }", 3), ("SELECT (COUNT(*) AS ?n) { ?x <http://e/gone> ?y }", 1),
    ("SELECT ?x (COUNT(*) AS ?n) { ?x <http://e/gone> ?y } GROUP BY ?x", 0),
])
def test_modifiers_give_so_many_rows(text: str, rows: int, snapshot: Snapshot) -> None:
    assert sum(batch.length for batch in evaluate(snapshot, text).batches()) == rows


def test_the_first_of_an_order_are_those_of_the_whole_order(snapshot: Snapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "SELECT ?x ?y ?z { ?x ?p ?y . ?y ?q ?z . ?z ?r ?w } ORDER BY DESC(?z) ?x ?y"
    whole = [row for batch in evaluate(snapshot, text).batches() for row in rows_of(batch, ("x", "y", "z"))]
    # so that the waiting rows are cut several times
    monkeypatch.setattr("earthweave.server.store.engine._operators._SORTED_AT", 16)
    first = [row for batch in evaluate(snapshot, text + " OFFSET 3 LIMIT 40").batches() for row in rows_of(batch, ("x", "y", "z"))]
    assert first == whole[3:43]


@pytest.mark.parametrize(("text", "left"), [
    # of g1 and g2 only g1 takes :a away from itself; the name of the graph is nothing that the two sides share
    ("?x :p ?y MINUS { ?x :q ?z }", {("g1", "b"), ("g2", "a")}),
    ("?x :p ?y MINUS { ?u :q ?z }", {("g1", "a"), ("g1", "b"), ("g2", "a")}),
    ("?x :p ?y OPTIONAL { ?x :r ?z } MINUS { ?u :q ?z }", {("g1", "a"), ("g2", "a")}),
    ("?x :p ?y MINUS { OPTIONAL { ?x :q ?z } }", {("g1", "b"), ("g2", "a")}),
])
def test_minus_within_graphs_looks_at_one_graph_at_a_time(text: str, left: set[tuple[str, str]], tmp_path: Path) -> None:
    builder = SnapshotBuilder(tmp_path / "s")
    builder.begin("test", AxisOrder.STRICT)
    lines = ["a p x g1", "b p x g1", "a q one g1", "b r one g1", "a p x g2", "c q two g2", "a q one g3"]
    document = "".join(f"{' '.join(f'<http://e/{name}>' for name in line.split())} .\n" for line in lines)
    for block in quads_of(document.encode(), "nquads"):
        builder.add(block)
    builder.end()
    result = evaluate(builder.finish(), f"PREFIX : <http://e/> SELECT ?g ?x {{ GRAPH ?g {{ {text} }} }}")
    rows = [row for batch in result.batches() for row in rows_of(batch, ("g", "x"))]
    assert sorted(tuple(result.context.terms.term(id).text.removeprefix("http://e/") for id in row) for row in rows) == sorted(left)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    builder = SnapshotBuilder(tmp_path_factory.mktemp("nodes") / "s", durable=False)
    builder.begin("test", AxisOrder.STRICT)
    lines = ["a p b g1", "b p g2 g2", "g2 p a g1", "x p y g1", "x q y g1"]
    document = "".join(f"{' '.join(f'<http://e/{name}>' for name in line.split())} .\n" for line in lines)
    for block in quads_of(document.encode(), "nquads"):
        builder.add(block)
    builder.end()
    return builder.finish()


@pytest.mark.parametrize(("pattern", "found"), [
    # what EXISTS puts in is no variable any more (§18.6): the sides of MINUS share none, a path goes from a term
    ("?a :p ?b FILTER EXISTS { ?a :p ?y MINUS { ?a :q ?b } }", "abgx"), ("?a :p ?b FILTER EXISTS { ?a :p ?y MINUS { ?a :q ?y } }", "abg"),
    ("?a :p ?b FILTER EXISTS { ?x :q ?y MINUS { ?x :q ?b } }", "abg"),
    ("VALUES ?a { :gone } FILTER EXISTS { ?a :p? ?y }", "g"), ("VALUES ?a { :gone } FILTER EXISTS { ?y :p* ?a }", "g"),
    ("VALUES ?a { :gone } ?a :p* ?y", ""),
    # into a union too, whose variables are others
    ("?a :p ?z FILTER EXISTS { { ?d :q ?d } UNION { ?d :p ?e FILTER(?a = ?e) } }", "abg"),
    ("?a :p ?z FILTER NOT EXISTS { { ?d :q ?d } UNION { ?d :p ?e FILTER(?a = ?e) } }", "x"),
    ("GRAPH ?a {} FILTER EXISTS { GRAPH ?a { ?s :p ?o FILTER(?a = :g1) } }", "g"),
    ("GRAPH ?a {} FILTER EXISTS { GRAPH ?a { OPTIONAL { ?s :p ?o FILTER(?a = :g1) } FILTER(BOUND(?o)) } }", "g"),
    # a sub-select that an option begins with
    ("OPTIONAL { { SELECT ?a { ?a :p ?z } } }", "abgx"), ("OPTIONAL { { SELECT ?a { ?a :p ?z } } ?a :q ?y }", "x"),
    ("VALUES () { () () } { SELECT ?a { ?a :q ?z } }", "xx"), ("VALUES () { () () } OPTIONAL { { SELECT ?a { ?a :q ?z } } }", "xx"),
])
def test_patterns_in_exists_and_options_give_what_the_algebra_says(pattern: str, found: str, nodes: Snapshot) -> None:
    result = evaluate(nodes, f"PREFIX : <http://e/> SELECT ?a {{ {pattern} }}")
    ids = [row[0] for batch in result.batches() for row in rows_of(batch, ("a",))]
    assert "".join(sorted(result.context.terms.term(id).text.removeprefix("http://e/")[0] for id in ids)) == found
