"""Every statement once: exact with and without room in memory, in order while there is room; what is proven to repeat nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.mapping import map_source, read_rules
from earthweave.mapping.output import Distinct, distinct, proven_distinct
from earthweave.mapping.plan import Chunk
from earthweave.ontology import Progress

RML = """@prefix rr: <http://www.w3.org/ns/r2rml#> . @prefix e: <http://e.org/> .
"""
_NAMES = st.lists(st.integers(0, 40), max_size=60)


def _lines(numbers: Sequence[int]) -> list[bytes]:
    return [b"<http://e.org/%d> <http://e.org/p> <http://e.org/o> ." % number for number in numbers]


def _chunks(numbers: Sequence[int], size: int, *, targets: tuple[str, ...] = ()) -> Iterator[Chunk]:
    for start in range(0, len(numbers), size):
        some = _lines(numbers[start: start + size])
        yield Chunk(b"".join(line + b"\n" for line in some), len(some), targets)


def _written(chunks: Iterator[Chunk]) -> list[bytes]:
    found = list(chunks)
    assert all(chunk.count == chunk.data.count(b"\n") > 0 for chunk in found)
    return b"".join(chunk.data for chunk in found).splitlines()


@given(numbers=_NAMES, size=st.integers(1, 70))
def test_the_first_of_each_stays_in_its_place(numbers: list[int], size: int) -> None:
    assert _written(distinct(_chunks(numbers, size))) == _lines(list(dict.fromkeys(numbers)))


@pytest.mark.parametrize("memory", [0, 1])
def test_beyond_memory_the_result_is_the_same_set(memory: int) -> None:
    numbers = [one * 7_919 % 60_013 for one in range(90_000)]
    told: list[Progress] = []
    seen = Distinct(memory, told.append)
    at_once = [found for chunk in _chunks(numbers, 7_000) if (found := seen.passed(chunk))]
    late = list(seen.rest())
    lines = _written(iter([*at_once, *late]))
    assert late
    assert len(lines) == len(set(lines))
    assert set(lines) == set(_lines(numbers))
    assert seen.repeated == len(numbers) - len(lines)
    assert [one.fraction for one in told] == sorted(one.fraction or 0.0 for one in told)


def test_a_chunk_of_nothing_new_is_no_chunk_and_one_of_all_new_is_the_same() -> None:
    seen = Distinct()
    (chunk,) = _chunks([1, 2, 3], 3)
    assert seen.passed(chunk) is chunk
    assert seen.passed(chunk) is None
    assert seen.repeated == 3


def test_what_is_said_to_be_distinct_is_not_looked_at() -> None:
    seen = Distinct()
    chunk = Chunk(b"not even a line", 1, (), True)
    assert seen.passed(chunk) is chunk
    assert seen.passed(chunk) is chunk


def test_targets_stay_with_their_statements() -> None:
    (chunk,) = distinct(_chunks([1, 1], 2, targets=("T",)))
    assert (chunk.count, chunk.targets) == (1, ("T",))


def _map(name: str, subject: str, *statements: str, source: str = "t") -> str:
    said = " ".join(f"rr:predicateObjectMap [ {one} ] ;" for one in statements)
    return f'<#{name}> rr:logicalTable [ rr:tableName "{source}" ] ; {said} rr:subjectMap [ {subject} ] .\n'


NAME = 'rr:predicate e:name ; rr:objectMap [ rr:column "name" ]'
AGE = 'rr:predicate e:age ; rr:objectMap [ rr:column "age" ]'
SUBJECT = 'rr:template "http://e.org/{id}"'


@pytest.mark.parametrize(
    ("text", "proven"),
    [
        (_map("A", SUBJECT, NAME), {"A"}),
        (_map("A", 'rr:template "http://e.org/{gid}"', NAME, AGE), {"A"}),
        (_map("A", 'rr:template "http://e.org/{name}"', NAME), set()),
        (_map("A", 'rr:template "http://e.org/{name}/{id}"', NAME), {"A"}),
        (_map("A", 'rr:template "http://e.org/{name}{id}"', NAME), set()),
        (_map("A", 'rr:template "http://e.org/{name}-{id}"', NAME), set()),
        (_map("A", 'rr:column "id"', NAME), set()),
        (_map("A", 'rr:column "id" ; rr:termType rr:BlankNode', NAME), {"A"}),
        (_map("A", 'rr:constant e:a', NAME), set()),
        # the same predicate twice may say the same
        (_map("A", SUBJECT, NAME, 'rr:predicate e:name ; rr:objectMap [ rr:column "age" ]'), set()),
        (_map("A", SUBJECT, NAME, 'rr:predicate e:name ; rr:objectMap [ rr:template "http://e.org/{age}" ]'), {"A"}),
        (_map("A", SUBJECT, "rr:predicate e:is ; rr:object e:x, e:y"), {"A"}),
        (_map("A", SUBJECT, 'rr:predicateMap [ rr:template "http://e.org/{name}" ] ; rr:object e:x', NAME), {"A"}),
        (_map("A", SUBJECT, 'rr:predicateMap [ rr:template "http://e.org/{name}" ] ; rr:object "x"', NAME), set()),
        (_map("A", SUBJECT + " ; rr:graph e:g, e:h", NAME), {"A"}),
        (_map("A", SUBJECT + ' ; rr:graphMap [ rr:template "http://e.org/{name}" ], [ rr:template "http://e.org/{age}" ]', NAME), set()),
        # another map with subjects or statements of its own
        (_map("A", SUBJECT, NAME) + _map("B", 'rr:template "http://e.org/b/{id}"', NAME), {"A", "B"}),
        (_map("A", SUBJECT, NAME) + _map("B", 'rr:template "http://f.org/{id}"', NAME), {"A", "B"}),
        (_map("A", SUBJECT, NAME) + _map("B", SUBJECT, AGE), {"A", "B"}),
        (_map("A", SUBJECT, NAME) + _map("B", SUBJECT, NAME), set()),
        (_map("A", SUBJECT, NAME) + _map("B", 'rr:column "name"', NAME), set()),
        (_map("A", SUBJECT, NAME) + _map("B", 'rr:column "name"', AGE), {"A"}),
        (_map("A", SUBJECT + " ; rr:class e:C", NAME) + _map("B", SUBJECT + " ; rr:class e:D", AGE), {"A", "B"}),
        (_map("A", SUBJECT + " ; rr:class e:C", NAME) + _map("B", SUBJECT + " ; rr:class e:C", AGE), set()),
        (_map("A", SUBJECT, NAME, "rr:predicate e:to ; rr:objectMap [ rr:parentTriplesMap <#B> ]")
         + _map("B", 'rr:template "http://e.org/b/{id}"', NAME), {"A", "B"}),
        (_map("A", SUBJECT, 'rr:predicate e:to ; rr:objectMap [ rr:parentTriplesMap <#B> ; rr:joinCondition [ rr:child "name" ; '
              'rr:parent "name" ] ]') + _map("B", 'rr:template "http://e.org/b/{id}"', NAME), {"B"}),
    ],
)
def test_what_is_proven(text: str, proven: set[str]) -> None:
    plan = read_rules(RML + text, base="http://base.org/")
    names = {one.name: one.name.strip("<#>") for one in plan.triples_maps}
    assert {names[one] for one in proven_distinct(plan, dict.fromkeys(names, ("id",)))} == proven


def test_without_a_key_the_row_number_alone_is_one_and_nested_sources_are_never_proven() -> None:
    plan = read_rules(RML + _map("A", SUBJECT, NAME) + _map("B", 'rr:template "http://e.org/b/{gid}"', NAME), base="http://base.org/")
    first, second = (one.name for one in plan.triples_maps)
    assert proven_distinct(plan, {first: (), second: ()}) == {second}
    assert proven_distinct(plan, {first: ("id",)}) == {first}


_SUBJECTS = st.sampled_from([
    SUBJECT, 'rr:template "http://e.org/b/{id}"', 'rr:template "http://e.org/{gid}"', 'rr:template "http://e.org/{name}/{id}"',
    'rr:template "http://e.org/{name}"', 'rr:template "http://e.org/{name}/{age}"', 'rr:template "http://e.org/b/{name}{id}"',
    'rr:column "id" ; rr:termType rr:BlankNode', SUBJECT + " ; rr:class e:C", SUBJECT + " ; rr:class e:D ; rr:graph e:g",
])
_SAID = st.sampled_from([NAME, AGE, 'rr:predicate e:name ; rr:objectMap [ rr:column "age" ]', "rr:predicate e:is ; rr:object e:x, e:y"])
_ROW = st.fixed_dictionaries({"name": st.sampled_from(["b", "b/1", "1", "x"]), "age": st.sampled_from(["1", "2", "b"])})


@settings(max_examples=150, deadline=None)
@given(
    maps=st.lists(st.tuples(_SUBJECTS, st.lists(_SAID, min_size=1, max_size=2)), min_size=1, max_size=3),
    rows=st.lists(_ROW, min_size=1),
)
def test_proven_maps_repeat_nothing(maps: list[tuple[str, list[str]]], rows: list[dict[str, str]]) -> None:
    text = RML + "".join(_map(f"M{number}", subject, *said) for number, (subject, said) in enumerate(maps))
    plan = read_rules(text, base="http://base.org/")
    proven = proven_distinct(plan, {one.name: ("id",) for one in plan.triples_maps})
    table = pa.table({"id": [str(number) for number in range(1, len(rows) + 1)], **{name: [row[name] for row in rows] for name in rows[0]}})
    lines: dict[str, list[bytes]] = {}
    for one in plan.triples_maps:
        alone = read_rules(RML + _map("M", *_parts(maps[int(one.name.strip("<#M>"))])), base="http://base.org/")
        lines[one.name] = b"".join(map_source(alone, table)).splitlines()
    for name in proven:
        others = {line for other, found in lines.items() if other != name for line in found}
        assert len(set(lines[name])) == len(lines[name])
        assert others.isdisjoint(lines[name])


def _parts(one: tuple[str, list[str]]) -> tuple[str, ...]:
    return one[0], *one[1]


def test_a_run_says_which_chunks_are_distinct() -> None:
    plan = read_rules(RML + _map("A", 'rr:template "http://e.org/{gid}"', NAME) + _map("B", 'rr:template "http://f.org/{name}"', NAME),
                      base="http://base.org/")
    chunks = list(map_source(plan, pa.table({"name": ["x", "x"]})).chunks())
    assert {(b"<http://e.org/1>" in chunk.data, chunk.distinct) for chunk in chunks} == {(True, True), (False, False)}
    assert len(_written(distinct(iter(chunks)))) == 3
