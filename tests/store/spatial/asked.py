"""Spatial queries as values: each writes itself in SPARQL and is answered in plain Python, every pair of geometries tested by shapely.

Solutions are dictionaries; a condition is True, False, or None where SPARQL has an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import shapely

from earthweave.ontology.geometry import buffer_m, distance_m, relate

Solution = dict[str, Any]


@dataclass
class Data:
    """Features: each has a name, a class, a level, and literals; what each literal is, None if it cannot be read."""

    features: list[tuple[str, str, int, tuple[str, ...]]]
    shapes: dict[str, Any]
    measured: dict[tuple[Any, ...], Any] = field(default_factory=dict)

    def turtle(self) -> str:
        lines = []
        for name, kind, level, literals in self.features:
            lines.append(f"{name} a {kind} ; :level {level} .")
            lines += [f'{name} :w "{text}"^^geo:wktLiteral .' for text in literals]
        return "\n".join(lines)

    def kept(self, key: tuple[Any, ...], compute: Callable[[], Any]) -> Any:
        if key not in self.measured:
            self.measured[key] = compute()
        return self.measured[key]


@dataclass(frozen=True)
class Value:
    """An operand: a variable, or a constant literal; ``wrap`` is what is made of it."""

    text: str
    wrap: str = ""

    def written(self) -> str:
        inner = self.text if self.text.startswith("?") else f'"{self.text}"^^geo:wktLiteral'
        return _WRAPS[self.wrap][0].format(inner)

    def shape(self, data: Data, solution: Solution) -> Any:
        text = solution.get(self.text) if self.text.startswith("?") else self.text
        shape = None if text is None else data.shapes.get(text)
        return None if shape is None else data.kept((self.wrap, text), lambda: _WRAPS[self.wrap][1](shape))

    def key(self, solution: Solution) -> Any:
        return self.wrap, solution.get(self.text, self.text)


_WRAPS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "": ("{}", lambda shape: shape), "envelope": ("geof:envelope({})", shapely.envelope),
    "hull": ("geof:convexHull({})", shapely.convex_hull), "centroid": ("geof:centroid({})", shapely.centroid),
    "buffer": ("geof:buffer({}, 70, uom:kilometre)", lambda shape: buffer_m(shape, 70_000)),
    "grown": ("geof:buffer({}, 0.7, uom:degree)", lambda shape: shapely.buffer(shape, 0.7, quad_segs=8)),
}


class Condition:
    """What a FILTER asks."""

    def written(self) -> str:
        raise AssertionError

    def holds(self, data: Data, solution: Solution) -> bool | None:
        raise AssertionError


@dataclass(frozen=True)
class Related(Condition):
    """A relation."""

    name: str
    left: Value
    right: Value
    shown: str = "{name}({left}, {right})"

    def written(self) -> str:
        name = f"geof:{self.name}" if self.name.isalnum() and self.name[0] in "ser" and not _pattern(self.name) else ""
        call = f"{name}({{0}}, {{1}})" if name else f'geof:relate({{0}}, {{1}}, "{self.name}")'
        return call.format(self.left.written(), self.right.written())

    def holds(self, data: Data, solution: Solution) -> bool | None:
        left, right = self.left.shape(data, solution), self.right.shape(data, solution)
        if left is None or right is None:
            return None
        key = (self.name, self.left.key(solution), self.right.key(solution))
        return bool(data.kept(key, lambda: bool(relate(self.name, left, right))))


def _pattern(name: str) -> bool:
    return len(name) == 9 and set(name) <= set("TF*012")


@dataclass(frozen=True)
class Near(Condition):
    """A distance compared with a number of kilometres or degrees."""

    left: Value
    right: Value
    operator: str
    limit: float
    turned: bool = False
    unit: str = "kilometre"

    def written(self) -> str:
        call = f"geof:distance({self.left.written()}, {self.right.written()}, uom:{self.unit})"
        back = {"<=": ">=", "<": ">", ">": "<", ">=": "<="}[self.operator]
        return f"{self.limit} {back} {call}" if self.turned else f"{call} {self.operator} {self.limit}"

    def holds(self, data: Data, solution: Solution) -> bool | None:
        found = distance(data, solution, self.left, self.right, self.unit)
        if found is None:
            return None
        return {"<=": found <= self.limit, "<": found < self.limit, ">": found > self.limit, ">=": found >= self.limit}[self.operator]


_MEASURED: dict[str, Callable[[Any, Any], float]] = {
    "kilometre": lambda one, other: float(distance_m(one, other)) / 1000, "degree": lambda one, other: float(one.distance(other)),
}


def distance(data: Data, solution: Solution, left: Value, right: Value, unit: str = "kilometre") -> float | None:
    """Kilometres or degrees between two operands."""
    one, other = left.shape(data, solution), right.shape(data, solution)
    if one is None or other is None or one.is_empty or other.is_empty:
        return None
    return float(data.kept((unit, left.key(solution), right.key(solution)), lambda: _MEASURED[unit](one, other)))


@dataclass(frozen=True)
class Level(Condition):
    """A number that a variable must exceed."""

    variable: str
    least: int

    def written(self) -> str:
        return f"{self.variable} > {self.least}"

    def holds(self, data: Data, solution: Solution) -> bool | None:
        return solution[self.variable] > self.least if self.variable in solution else None


@dataclass(frozen=True)
class Both(Condition):
    """Logical and."""

    parts: tuple[Condition, ...]

    def written(self) -> str:
        return "(" + " && ".join(part.written() for part in self.parts) + ")"

    def holds(self, data: Data, solution: Solution) -> bool | None:
        found = [part.holds(data, solution) for part in self.parts]
        return False if False in found else None if None in found else True


@dataclass(frozen=True)
class Either(Condition):
    """Logical or."""

    parts: tuple[Condition, ...]

    def written(self) -> str:
        return "(" + " || ".join(part.written() for part in self.parts) + ")"

    def holds(self, data: Data, solution: Solution) -> bool | None:
        found = [part.holds(data, solution) for part in self.parts]
        return True if True in found else None if None in found else False


@dataclass(frozen=True)
class Not(Condition):
    """Negation."""

    part: Condition

    def written(self) -> str:
        return f"!({self.part.written()})"

    def holds(self, data: Data, solution: Solution) -> bool | None:
        found = self.part.holds(data, solution)
        return None if found is None else not found


@dataclass(frozen=True)
class Exists(Condition):
    """EXISTS and NOT EXISTS."""

    group: Group
    negated: bool

    def written(self) -> str:
        return f"{'NOT ' if self.negated else ''}EXISTS {self.group.written()}"

    def holds(self, data: Data, solution: Solution) -> bool | None:
        return (next(self.group.solutions(data, solution), None) is not None) != self.negated


class Part:
    """An element of a group."""

    def written(self) -> str:
        raise AssertionError

    def extended(self, data: Data, solution: Solution) -> Iterator[Solution]:
        raise AssertionError


@dataclass(frozen=True)
class Feature(Part):
    """A feature with its class, level and geometry."""

    name: str
    kind: str

    def written(self) -> str:
        return f"?{self.name} a {self.kind} ; :level ?{self.name}n ; :w ?{self.name}w ."

    def extended(self, data: Data, solution: Solution) -> Iterator[Solution]:
        for name, kind, level, literals in data.features:
            for text in literals if kind == self.kind else ():
                yield from _merged(solution, {f"?{self.name}": name, f"?{self.name}n": level, f"?{self.name}w": text})


def _merged(one: Solution, other: Solution) -> Iterator[Solution]:
    if all(one[name] == value for name, value in other.items() if name in one):
        yield {**one, **other}


@dataclass(frozen=True)
class Optional(Part):
    """OPTIONAL; its group's filters see what is before it."""

    group: Group

    def written(self) -> str:
        return f"OPTIONAL {self.group.written()}"

    def extended(self, data: Data, solution: Solution) -> Iterator[Solution]:
        found = list(self.group.solutions(data, solution))
        yield from found or [solution]


@dataclass(frozen=True)
class Union(Part):
    """UNION."""

    branches: tuple[Group, ...]

    def written(self) -> str:
        return " UNION ".join(branch.written() for branch in self.branches)

    def extended(self, data: Data, solution: Solution) -> Iterator[Solution]:
        for branch in self.branches:
            for found in branch.solutions(data, {}):
                yield from _merged(solution, found)


@dataclass(frozen=True)
class Minus(Part):
    """MINUS, with a group that has a variable in common."""

    group: Group

    def written(self) -> str:
        return f"MINUS {self.group.written()}"

    def extended(self, data: Data, solution: Solution) -> Iterator[Solution]:
        if not any(found.keys() & solution.keys() and any(_merged(solution, found)) for found in self.group.solutions(data, {})):
            yield solution


@dataclass(frozen=True)
class Computed(Part):
    """BIND of a geometry made of another."""

    name: str
    value: Value

    def written(self) -> str:
        return f"BIND({self.value.written()} AS ?{self.name})"

    def extended(self, data: Data, solution: Solution) -> Iterator[Solution]:
        shape = self.value.shape(data, solution)
        if shape is None:
            yield solution
            return
        text = f"computed {self.value.key(solution)}"
        data.shapes[text] = shape
        yield {**solution, f"?{self.name}": text}


@dataclass(frozen=True)
class Given(Part):
    """VALUES of literals."""

    name: str
    texts: tuple[str, ...]

    def written(self) -> str:
        return f"VALUES ?{self.name} {{ " + " ".join(f'"{text}"^^geo:wktLiteral' for text in self.texts) + " }"

    def extended(self, data: Data, solution: Solution) -> Iterator[Solution]:
        for text in self.texts:
            yield from _merged(solution, {f"?{self.name}": text})


@dataclass(frozen=True)
class Inner(Part):
    """A sub-select of some variables."""

    names: tuple[str, ...]
    distinct: bool
    group: Group

    def written(self) -> str:
        return f"{{ SELECT {'DISTINCT ' if self.distinct else ''}{' '.join(self.names)} {self.group.written()} }}"

    def extended(self, data: Data, solution: Solution) -> Iterator[Solution]:
        found = [{name: one[name] for name in self.names if name in one} for one in self.group.solutions(data, {})]
        if self.distinct:
            found = [dict(one) for one in {tuple(one.items()) for one in found}]
        for one in found:
            yield from _merged(solution, one)


@dataclass(frozen=True)
class Group:
    """Parts in order, and filters over all of them."""

    parts: tuple[Part, ...]
    filters: tuple[Condition, ...] = ()

    def written(self) -> str:
        inner = [*(part.written() for part in self.parts), *(f"FILTER({one.written()})" for one in self.filters)]
        return "{ " + " ".join(inner) + " }"

    def solutions(self, data: Data, outer: Solution) -> Iterator[Solution]:
        found = [outer]
        for part in self.parts:
            found = [more for one in found for more in part.extended(data, one)]
        yield from (one for one in found if all(condition.holds(data, one) is True for condition in self.filters))
