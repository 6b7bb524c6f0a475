"""Random spatial queries over random small data: the engine's answers beside plain Python over all pairs of geometries."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earthweave.ontology import PREFIXES
from earthweave.ontology.geometry import RELATIONS
from earthweave.server.store.algebra import Context, Operator
from earthweave.server.store.engine import evaluate
from earthweave.server.store.snapshot import Snapshot
from earthweave.server.store.spatial import Shapes

from .asked import (
    Both,
    Computed,
    Condition,
    Data,
    Either,
    Exists,
    Feature,
    Given,
    Group,
    Inner,
    Level,
    Minus,
    Near,
    Not,
    Optional,
    Part,
    Related,
    Solution,
    Union,
    Value,
    distance,
)
from .conftest import snapshot_of
from .shapes import either

DATASETS, QUERIES, LEAST = 14, 360, 5000
"""Sets of data, queries of each, and how many there must be in all."""
HEAD = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("geo", "geof", "uom")) + "PREFIX : <http://example.org/>\n"
NAMES = sorted(RELATIONS)
PATTERNS = ("T********", "T*F**F***", "FT*******", "FF*FF****", "****T****", "0********", "2********")
DISTANCES = (0, 50, 112, 250, 600)


def random_data(chance: random.Random) -> Data:
    """A dozen or two of features of two classes, with no literal, one or two, a few of them shared."""
    shapes = dict(either(chance) for _ in range(13))
    texts = sorted(shapes)
    features = []
    for number in range(chance.choice((8, 11, 15))):
        literals = tuple(sorted({chance.choice(texts) for _ in range(chance.choice((0, 1, 1, 1, 1, 2)))}))
        features.append((f":f{number}", chance.choice((":A", ":B")), chance.randint(0, 5), literals))
    return Data(features, shapes)


class Writer:
    """Makes up queries."""

    def __init__(self, chance: random.Random, data: Data) -> None:
        self.chance, self.data = chance, data
        self.constants = [either(chance) for _ in range(10)]

    def value(self, name: str) -> Value:
        return Value(name, self.chance.choice(("envelope", "hull", "buffer", "grown", "centroid")) if self.chance.random() < 0.12 else "")

    def constant(self) -> Value:
        if self.chance.random() < 0.3:
            return self.value(self.chance.choice(sorted(text for text in self.data.shapes if not text.startswith("computed"))))
        text, shape = self.chance.choice(self.constants)
        if text not in self.data.shapes:
            self.data.shapes[text] = shape
        return self.value(text)

    def test(self, one: Value, other: Value) -> Condition:
        """A relation or distance, either way round."""
        if self.chance.random() < 0.5:
            one, other = other, one
        kind = self.chance.random()
        if kind < 0.65:
            common = self.chance.random() < 0.5
            return Related("sfIntersects" if common else self.chance.choice(NAMES), one, other)
        if kind < 0.75:
            return Related(self.chance.choice(PATTERNS), one, other)
        operator = self.chance.choice(("<=", "<", "<=", "<", ">"))
        unit, limit = self.chance.choice(("kilometre", "kilometre", "degree")), self.chance.choice(DISTANCES)
        return Near(one, other, operator, limit if unit == "kilometre" else limit / 112, self.chance.random() < 0.3, unit)

    def condition(self, one: Value, other: Value, level: str) -> Condition:
        """A condition on two operands: often one test, else logic over some."""
        kind = self.chance.random()
        if kind < 0.6:
            return self.test(one, other)
        parts = (self.test(one, other), self.test(one, other) if self.chance.random() < 0.7 else Level(level, self.chance.randint(0, 5)))
        if kind < 0.8:
            return Either(parts)
        if kind < 0.9:
            return Either((Both((self.test(one, other), Level(level, self.chance.randint(0, 4)))), parts[0]))
        return Both(parts) if kind < 0.95 else Not(parts[0])

    def feature(self, name: str) -> Feature:
        return Feature(name, self.chance.choice((":A", ":B")))

    def own(self, name: str) -> tuple[Condition, ...]:
        """A condition on one feature alone, or none."""
        kind = self.chance.random()
        if kind < 0.25:
            return (self.condition(self.value(f"?{name}w"), self.constant(), f"?{name}n"),)
        return (Level(f"?{name}n", self.chance.randint(0, 4)),) if kind < 0.45 else ()

    def pair(self, level: str = "?an") -> Condition:
        return self.condition(self.value("?aw"), self.value("?bw"), level)

    def partner(self) -> Group:
        """A second feature in a group of its own, with a condition that sees the first."""
        return Group((self.feature("b"),), (self.pair("?bn"), *self.own("b")))

    def group(self) -> Group:
        made: dict[str, Callable[[], Group]] = {
            "alone": lambda: Group((self.feature("a"),), (self.condition(self.value("?aw"), self.constant(), "?an"), *self.own("a"))),
            "join": lambda: Group((self.feature("a"), self.feature("b")), (self.pair(), *self.own("a"), *self.own("b"))),
            "optional": lambda: Group((self.feature("a"), Optional(self.partner())), self.own("a")),
            "exists": lambda: Group((self.feature("a"),), (Exists(self.partner(), self.chance.random() < 0.4), *self.own("a"))),
            "either": self._exists_or,
            "union": lambda: Group((Union((self._branch(), self._branch())),), self.own("a")),
            "minus": lambda: Group((self.feature("a"), self._removal()), self.own("a")),
            "inner": self._inner, "computed": self._computed,
            "given": lambda: Group((self._given(), self.feature("b")), (self.condition(self.value("?c"), self.value("?bw"), "?bn"),)),
            "three": lambda: Group((self.feature("a"), self.feature("b"), self.feature("d")),
                                   (self.pair(), self.test(self.value("?bw"), self.value("?dw")), *self.own("d"))),
            "two": lambda: Group((self.feature("a"), self.feature("b")), (self.pair(), self.pair("?bn"))),
        }
        # what is quickly asked is asked more often
        return made[self.chance.choice([*sorted(made), *["alone"] * 8, *["join"] * 3])]()

    def _exists_or(self) -> Group:
        exists = Exists(self.partner(), self.chance.random() < 0.4)
        return Group((self.feature("a"),), (Either((exists, self.test(self.value("?aw"), self.constant()))),))

    def _removal(self) -> Minus:
        return Minus(Group((Feature("a", ":A"), self.feature("b")), (self.pair(),)))

    def _computed(self) -> Group:
        made = Computed("c", Value("?aw", self.chance.choice(("envelope", "buffer", "hull"))))
        condition = self.condition(self.value("?c"), self.value("?bw"), "?bn")
        return Group((self.feature("a"), made, self.feature("b")), (condition, *self.own("b")))

    def _branch(self) -> Group:
        if self.chance.random() < 0.5:
            return Group((self.feature("a"),), (self.condition(self.value("?aw"), self.constant(), "?an"),))
        return Group((self.feature("a"), self.feature("b")), (self.pair(),))

    def _given(self) -> Given:
        return Given("c", tuple(sorted({self.constant().text for _ in range(3)})))

    def _inner(self) -> Group:
        names = self.chance.choice((("?b", "?bw"), ("?bw",), ("?bw", "?bn")))
        inner: Part = Inner(names, self.chance.random() < 0.5, Group((self.feature("b"),), self.own("b")))
        parts = (self.feature("a"), inner) if self.chance.random() < 0.5 else (inner, self.feature("a"))
        return Group(parts, (self.pair(), *self.own("a")))

    def query(self) -> tuple[str, Callable[[], Counter[Any]], tuple[str, ...]]:
        """Text, what answers it, and its columns."""
        group = self.group()
        names = tuple(sorted(_names(group)))
        kind = self.chance.random()
        if kind < 0.45:
            return f"SELECT {' '.join(names)} {group.written()}", lambda: Counter(self._rows(group, names)), names
        some = tuple(sorted(self.chance.sample(names, self.chance.randint(1, min(2, len(names))))))
        if kind < 0.8:
            return f"SELECT DISTINCT {' '.join(some)} {group.written()}", lambda: Counter(set(self._rows(group, some))), some
        if kind < 0.9:
            text = f"SELECT {some[0]} (COUNT(*) AS ?count) {group.written()} GROUP BY {some[0]}"
            return text, lambda: Counter((*row, count) for row, count in Counter(self._rows(group, some[:1])).items()), (some[0], "?count")
        return f"ASK {group.written()}", lambda: Counter([next(group.solutions(self.data, {}), None) is not None]), ()

    def _rows(self, group: Group, names: tuple[str, ...]) -> list[tuple[Any, ...]]:
        return [tuple(_plain(one.get(name)) for name in names) for one in group.solutions(self.data, {})]


def _names(group: Group) -> set[str]:
    """Variables of features at any depth that the group binds; computed geometries are left out, as their text is not compared."""
    found: set[str] = set()
    for part in group.parts:
        if isinstance(part, Feature):
            found |= {f"?{part.name}", f"?{part.name}n", f"?{part.name}w"}
        elif isinstance(part, Optional):
            found |= _names(part.group)
        elif isinstance(part, Union):
            found |= set().union(*map(_names, part.branches))
        elif isinstance(part, Inner):
            found |= set(part.names)
    return found


def _plain(value: Any) -> Any:
    return value.removeprefix(":") if isinstance(value, str) and value.startswith(":") else str(value) if value is not None else None


def answered(snapshot: Snapshot, shapes: Shapes, text: str, names: tuple[str, ...]) -> Counter[Any]:
    """The engine's answer, as a multiset of rows of texts."""
    result = evaluate(snapshot, HEAD + text, shapes=shapes)
    if result.form == "ask":
        return Counter([result.any()])
    rows: Counter[Any] = Counter()
    for batch in result.batches():
        columns = [_texts(result.context, batch.column(name[1:])) for name in names]
        rows.update(zip(*columns, strict=True))
    return rows


def _texts(context: Context, ids: Any) -> list[str | None]:
    known = iter(context.terms.terms(ids[ids >= 0]).text.to_pylist())
    return [next(known).removeprefix("http://example.org/") if bound else None for bound in (ids >= 0).tolist()]


@pytest.fixture(scope="module")
def asked() -> Iterator[Counter[int]]:
    """How many queries each seed asked; if all seeds ran, they must be enough in all."""
    found: Counter[int] = Counter()
    yield found
    assert len(found) < DATASETS or found.total() >= LEAST


@pytest.mark.parametrize("seed", range(DATASETS))
def test_random_queries_are_answered_as_brute_force_answers_them(tmp_path: Path, seed: int, asked: Counter[int]) -> None:
    chance = random.Random(seed)
    data = random_data(chance)
    snapshot = snapshot_of(tmp_path / "snapshot", [data.turtle()], "strict")
    shapes, writer = Shapes(snapshot.geometries, 20_000), Writer(chance, data)
    for number in range(QUERIES):
        text, answer, names = writer.query()
        found, wanted = answered(snapshot, shapes, text, names), answer()
        if not isinstance(next(iter(wanted), None), bool):
            wanted = Counter({tuple(str(one) if isinstance(one, int) else one for one in row): count for row, count in wanted.items()})
        told = f"query {number} of seed {seed}:\n{text}\nonly here {found - wanted}\nmissing {wanted - found}"
        assert found == wanted, f"{told}\n{data.turtle()}"
        asked[seed] += 1


@pytest.mark.parametrize("seed", range(6))
def test_the_nearest_are_those_of_a_full_sort(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # the plan sorts so few rows anyway, unless it is told otherwise
    monkeypatch.setattr("earthweave.server.store.engine._plan._SORTED_QUICKLY", 0.0)
    chance = random.Random(1000 + seed)
    data = random_data(chance)
    if seed % 2:
        # no geometries, so no distance: an unbound key sorts first
        data.features += [(":x", ":A", 1, ("no geometry",)), (":y", ":B", 4, ("no geometry", "nor this"))]
    document = data.turtle().replace('"no geometry"^^geo:wktLiteral', '"no geometry"').replace('"nor this"^^geo:wktLiteral', '"nor this"')
    snapshot = snapshot_of(tmp_path / "snapshot", [document], "strict")
    shapes, writer, plans = Shapes(snapshot.geometries, 20_000), Writer(chance, data), []
    for _ in range(40):
        here, group = writer.constant(), Group((writer.feature("a"),), writer.own("a"))
        first, limit = chance.choice((0, 0, 2)), chance.choice((1, 1, 3, 8, 100))
        key = f"geof:distance(?aw, {here.written()}, uom:kilometre)"
        text = f"SELECT ?a ?aw {group.written()} ORDER BY {key} OFFSET {first} LIMIT {limit}"
        result = evaluate(snapshot, HEAD + text, shapes=shapes)
        found = [row for batch in result.batches() for row in _texts(result.context, batch.column("aw"))]
        plans += _labels(result.operator)
        solutions = [_key(data, one, here) for one in group.solutions(data, {})]
        assert [_key(data, {"?aw": row}, here) for row in found] == sorted(solutions)[first:first + limit], text
    assert seed % 2 or any(label.startswith("Nearest ") for label in plans)


def _labels(operator: Operator) -> list[str]:
    return [operator.label, *(label for below in operator.inputs for label in _labels(below))]


def _key(data: Data, solution: Solution, here: Value) -> float:
    found = distance(data, solution, Value("?aw"), here)
    return -1.0 if found is None else found
