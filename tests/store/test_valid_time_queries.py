"""Random groups of patterns with and without times, with filters, OPTIONAL, MINUS, EXISTS, UNION, GRAPH, paths and sub-selects,
against the algebra of SPARQL 1.1 §18 read off a list of statements."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.server.store.engine import Budget, Commit, Request
from earthweave.server.store.snapshot import Snapshot
from earthweave.server.store.temporal import RELATIONS

from .test_valid_time import GRAPHS, HEAD, IRIS, OBJECTS, PREDICATES, TIMES, WINDOWS, Quad, answered, loaded, quads, stands

Row = dict[str, str]
Rows = list[Row]
"""A list of solutions."""
Held = frozenset[Quad]
Part = tuple[str, Callable[[Held, Rows], Rows]]
"""Text of a part of a group, and what it makes of the solutions of what stands before it."""
Test = tuple[str, Callable[[Row], bool]]

related = lru_cache(maxsize=None)(stands)


def compatible(one: Row, other: Row) -> bool:
    """Whether two solutions agree."""
    return all(one[name] == other[name] for name in one.keys() & other.keys())


def joined(left: Rows, right: Rows) -> Rows:
    """The natural join."""
    return [{**one, **other} for one in left for other in right if compatible(one, other)]


def matched(pattern: tuple[str, ...], statements: Iterable[tuple[str, ...]]) -> Rows:
    """Solutions of a pattern, some places of which are variables."""
    found = []
    for statement in statements:
        row: Row = {}
        if all(row.setdefault(place, term) == term if place[0] == "?" else place == term
               for place, term in zip(pattern, statement, strict=True)):
            found.append({name[1:]: value for name, value in row.items()})
    return found


class Maker:
    """Makes parts of groups by chance."""

    def __init__(self, chance: Random) -> None:
        self._pick = chance.choice
        self._odds = chance.random

    def triple(self) -> Part:
        """A pattern of three or four terms, sometimes in a graph, sometimes with a path."""
        subject = self._pick(["?s", "?s", "?x", *IRIS[:2]])
        value = self._pick(["?o", "?o", "?x", "?t", OBJECTS[0], OBJECTS[4]])
        if self._odds() < 0.15:
            return self._path(subject, value)
        predicate = self._pick([*PREDICATES, *PREDICATES, "?p"])
        time = (self._pick(["?t", "?t", "?u", "?u", "?o", *TIMES[:2]]),) if self._odds() < 0.65 else ()
        graph = self._pick(["?g", *GRAPHS[2:]]) if self._odds() < 0.2 else ""
        places = (subject, predicate, value, *time)

        def run(held: Held, rows: Rows) -> Rows:
            return joined(rows, matched((graph, *places) if graph else places, set(shown(held))))

        def shown(held: Held) -> Iterator[tuple[str, ...]]:
            for one in held:
                if (one.g or not graph) and (one.t or not time):
                    yield (*((one.g,) if graph else ()), *one[:3], *((one.t,) if time else ()))

        text = " ".join(places)
        return (f"GRAPH {graph} {{ {text} }}" if graph else f"{text} ."), run

    def _path(self, subject: str, value: str) -> Part:
        def run(held: Held, rows: Rows) -> Rows:
            steps = {(one.s, one.o) for one in held if one.p == PREDICATES[0]}
            more = {(one.s, one.o) for one in held if one.p == PREDICATES[1]}
            found = joined(matched((subject, "?_"), steps), matched(("?_", value), more))
            return joined(rows, [{name: term for name, term in row.items() if name != "_"} for row in found])

        return f"{subject} :p/:q {value} .", run

    def test(self) -> Test:
        """A condition on times."""
        relation, turned = self._pick(list(RELATIONS)), self._odds() < 0.5
        sides = [self._pick(["?t", "?u"]), self._pick(["?t", "?u", "?o", *WINDOWS, *WINDOWS])]
        left, right = sides[::-1] if turned else sides

        def holds(row: Row) -> bool:
            one, other = (row.get(side[1:], "") if side[0] == "?" else side for side in (left, right))
            return _timely(one) and _timely(other) and related(relation, one, other)

        return f"strdf:{relation}({left}, {right})", holds

    def filter(self) -> Part:
        """One or two conditions; what cannot be computed does not hold."""
        text, holds = self.test()
        if self._odds() < 0.3:
            (also, both), word = self.test(), self._pick(["&&", "||"])
            parts = holds, both
            text, holds = f"{text} {word} {also}", lambda row: (all if word == "&&" else any)(one(row) for one in parts)
        return f"FILTER({text})", lambda _, rows: [row for row in rows if holds(row)]

    def simple(self, tests: bool = True) -> tuple[list[Part], list[Part]]:
        """Patterns, and filters."""
        patterns = [self.triple() for _ in range(self._pick([1, 1, 2]))]
        return patterns, [self.filter()] if tests and self._odds() < 0.6 else []

    def optional(self) -> Part:
        """A left join, on a condition that sees both sides."""
        patterns, filters = self.simple()

        def run(held: Held, rows: Rows) -> Rows:
            right = evaluated(patterns, held)
            return [one for row in rows for one in (ruled(filters, joined([row], right), held) or [row])]

        return f"OPTIONAL {{ {texts([*patterns, *filters])} }}", run

    def minus(self) -> Part:
        """What is compatible with the right side, and shares a variable, goes."""
        patterns, filters = self.simple()

        def run(held: Held, rows: Rows) -> Rows:
            right = evaluated([*patterns, *filters], held)
            return [row for row in rows if not any(row.keys() & other.keys() and compatible(row, other) for other in right)]

        return f"MINUS {{ {texts([*patterns, *filters])} }}", run

    def exists(self) -> Part:
        """A filter for those that a pattern has a solution for."""
        (patterns, _), wanted = self.simple(tests=False), self._odds() < 0.5

        def run(held: Held, rows: Rows) -> Rows:
            right = evaluated(patterns, held)
            return [row for row in rows if any(compatible(row, other) for other in right) is wanted]

        return f"FILTER {'' if wanted else 'NOT '}EXISTS {{ {texts(patterns)} }}", run

    def union(self) -> Part:
        """Either of two groups."""
        left, right = (sum(self.simple(), []) for _ in range(2))

        def run(held: Held, rows: Rows) -> Rows:
            return joined(rows, [*evaluated(left, held), *evaluated(right, held)])

        return f"{{ {texts(left)} }} UNION {{ {texts(right)} }}", run

    def inner(self) -> Part:
        """A sub-select of distinct solutions, or of how many there are."""
        parts, names = sum(self.simple(), []), self._pick(["st", "t", "so", "u"])
        if self._odds() < 0.7:
            def run(held: Held, rows: Rows) -> Rows:
                found = {tuple(sorted((name, term) for name, term in row.items() if name in names)) for row in evaluated(parts, held)}
                return joined(rows, [dict(one) for one in found])

            return f"{{ SELECT DISTINCT {' '.join('?' + name for name in names)} {{ {texts(parts)} }} }}", run

        def count(held: Held, rows: Rows) -> Rows:
            groups = Counter(row.get("t", "") for row in evaluated(parts, held))
            number = "^^<http://www.w3.org/2001/XMLSchema#integer>"
            return joined(rows, [{**({"t": time} if time else {}), "n": f'"{size}"{number}'} for time, size in groups.items()])

        return f"{{ SELECT ?t (COUNT(*) AS ?n) {{ {texts(parts)} }} GROUP BY ?t }}", count

    def group(self) -> list[Part]:
        """A group; its filters come last."""
        patterns, filters = self.simple()
        kinds = [self.triple, self.optional, self.minus, self.union, self.inner]
        patterns += [self._pick(kinds)() for _ in range(self._pick([0, 1, 1, 2]))]
        return [*patterns, *filters, *([self.exists()] if self._odds() < 0.2 else [])]


def _timely(term: str) -> bool:
    return term in TIMES or term in WINDOWS


def texts(parts: list[Part]) -> str:
    """Parts as they are written."""
    return " ".join(text for text, _ in parts)


def ruled(parts: list[Part], rows: Rows, held: Held) -> Rows:
    """What parts make of solutions."""
    for _, run in parts:
        rows = run(held, rows)
    return rows


def evaluated(parts: list[Part], held: Held) -> Rows:
    """Solutions of a group."""
    return ruled(parts, [{}], held)


def seen(snapshot: Snapshot, some: Iterable[Quad], folder: Path) -> list[Snapshot]:
    """The same statements loaded, and half of them loaded and half inserted after some that went again."""
    first, later = list(some)[::2], list(some)[1::2]
    commit = Commit(loaded(folder / "half", first), Budget(), 1000)
    lines = " ".join(f"GRAPH {one.g} {{ {text} }}" if one.g else text for one in later for text in [f"{one.s} {one.p} {one.o} {one.t} ."])
    junk = f"{IRIS[0]} {PREDICATES[0]} :junk , :junk {TIMES[0]}"
    commit.run([Request(HEAD + one) for one in (f"INSERT DATA {{ {junk} }}", f"INSERT DATA {{ {lines} }}", "DELETE WHERE { ?s ?p :junk }")])
    assert [one.error for one in commit.outcomes] == [None] * 3
    return [snapshot, commit.snapshot]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(quads, min_size=3, max_size=20, unique=True), st.integers(0, 2**32))
def test_random_groups(some: list[Quad], seed: int) -> None:
    chance = Random(seed)
    with tempfile.TemporaryDirectory() as name:
        stores = seen(loaded(Path(name) / "0", some), some, Path(name))
        for _ in range(6):
            parts, names = Maker(chance).group(), "stuoxpgn"
            text = " ".join("?" + name for name in names) + f" {{ {texts(parts)} }}"
            wanted = Counter(tuple(row.get(name, "") for name in names) for row in evaluated(parts, frozenset(some)))
            for one in stores:
                assert answered(one, text) == wanted, text
