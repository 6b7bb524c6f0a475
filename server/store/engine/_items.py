"""A group graph pattern taken apart: patterns that join in any order, and filters, binds, options and removals with what they wait for."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..algebra import (
    Aggregate,
    Bgp,
    Constant,
    Distinct,
    Exists,
    Expression,
    Extend,
    Filter,
    GraphNames,
    Group,
    Join,
    LeftJoin,
    Minus,
    Node,
    OrderBy,
    PathPattern,
    Project,
    Service,
    Slice,
    Triple,
    Union,
    Values,
    Variable,
    children,
    conjuncts,
    expressions,
    in_scope,
    mentioned,
    remembered,
    variables,
)
from ..spatial import SpatialCondition
from ..temporal import TemporalPair
from ._functions import volatile

_NONE: frozenset[str] = frozenset()


@dataclass(eq=False)
class Item:
    """A part of a group.

    Attributes:
        scope: variables that it may bind; certain: those that it always binds.
        touches: all variables that it mentions.
        reads: variables that must be bound before it runs.
        after: items that must have run before it.
    """

    scope: frozenset[str] = _NONE
    certain: frozenset[str] = _NONE
    touches: frozenset[str] = _NONE
    reads: frozenset[str] = _NONE
    after: tuple[Item, ...] = ()


@dataclass(eq=False)
class Pattern(Item):
    """A triple or path pattern."""

    pattern: Triple | PathPattern = field(kw_only=True)


@dataclass(eq=False)
class Whole(Item):
    """A pattern that is planned by itself; ``opaque`` if it must not see what its neighbours bind."""

    node: Node = field(kw_only=True)
    opaque: bool = False


@dataclass(eq=False)
class Condition(Item):
    """One conjunct of a filter; ``sees`` are the variables in its scope, ``stored`` those that patterns beside it bind as objects."""

    expression: Expression = field(kw_only=True)
    sees: frozenset[str] = _NONE
    stored: frozenset[str] = _NONE


@dataclass(eq=False)
class Binding(Item):
    """BIND."""

    name: str = field(kw_only=True)
    expression: Expression = field(kw_only=True)
    sees: frozenset[str] = _NONE


@dataclass(eq=False)
class Option(Item):
    """OPTIONAL; ``sees`` are the variables in the scope of its condition."""

    node: LeftJoin = field(kw_only=True)
    sees: frozenset[str] = _NONE


@dataclass(eq=False)
class Removal(Item):
    """MINUS; ``shared`` are the variables that both sides may bind, ``given`` those that an enclosing EXISTS puts into the right side."""

    node: Minus = field(kw_only=True)
    shared: frozenset[str] = _NONE
    given: frozenset[str] = _NONE


@dataclass(eq=False)
class Cluster(Item):
    """Items that have no variable in common with the others of their group."""

    items: tuple[Item, ...] = ()


@dataclass(eq=False)
class Located(Item):
    """A spatial condition on one variable that patterns bind to stored geometries: an index can find them."""

    condition: SpatialCondition = field(kw_only=True)
    rows: float = 1.0
    sees: frozenset[str] = _NONE


@dataclass(eq=False)
class Linked(Item):
    """A cluster whose geometries, or times, are related to one that is bound before; ``share`` of the pairs is expected to hold.

    ``about`` are the variables of the filter.
    """

    cluster: Cluster = field(kw_only=True)
    condition: SpatialCondition | TemporalPair = field(kw_only=True)
    share: float = 1.0
    about: frozenset[str] = _NONE
    sees: frozenset[str] = _NONE


FREE = (Pattern, Whole, Cluster, Located, Linked)
"""Items that join in any order."""


@remembered
def certain(node: Node) -> frozenset[str]:
    """Variables that are bound in every solution of ``node``."""
    if isinstance(node, Bgp | GraphNames):
        return in_scope(node)
    if isinstance(node, Join):
        return certain(node.left) | certain(node.right)
    if isinstance(node, LeftJoin | Minus):
        return certain(node.left)
    if isinstance(node, Union):
        return certain(node.left) & certain(node.right)
    if isinstance(node, Extend):
        return certain(node.input) | ({node.name} if _sure(node.expression, certain(node.input)) else _NONE)
    return _certain_names(node) if isinstance(node, Values | Group | Project | Service) else certain(node.input)


def _certain_names(node: Values | Group | Project | Service) -> frozenset[str]:
    """The same of what lists its variables."""
    if isinstance(node, Values):
        return frozenset(name for place, name in enumerate(node.names) if all(row[place] is not None for row in node.rows))
    if isinstance(node, Group):
        return (certain(node.input) & set(node.keys)) | {name for name, one in node.aggregates if _counts(one)}
    if isinstance(node, Project):
        return certain(node.input) & set(node.names)
    # a failure that is passed over binds nothing
    return _NONE if node.silent else in_scope(node).difference(dict(node.names)).union(node.certain)


def _sure(expression: Expression, bound: frozenset[str]) -> bool:
    return isinstance(expression, Constant) or (isinstance(expression, Variable) and expression.name in bound)


def _counts(aggregate: Aggregate) -> bool:
    return aggregate.name == "COUNT"


def flattened(node: Node, around: frozenset[str], outer: frozenset[str] = _NONE) -> list[Item]:
    """The parts of a group.

    Args:
        node: the group.
        around: variables that may be bound by what it is joined with.
        outer: variables whose values an enclosing EXISTS puts in everywhere; ``around`` has none of them.
    """
    if isinstance(node, Join):
        left, right = in_scope(node.left) - outer, in_scope(node.right) - outer
        return flattened(node.left, around | right, outer) + flattened(node.right, around | left, outer)
    if isinstance(node, Bgp):
        return [_pattern(one) for one in node.patterns]
    if isinstance(node, Filter | Extend | LeftJoin | Minus):
        return _attached(node, around, outer)
    return [_whole(node)]


def _pattern(one: Triple | PathPattern) -> Pattern:
    names = in_scope(Bgp((one,)))
    return Pattern(names, names, names, pattern=one)


def _whole(node: Node, *, opaque: bool = False) -> Whole:
    scope = in_scope(node)
    inner = isinstance(node, Project | Distinct | OrderBy | Slice | Group)
    return Whole(scope, certain(node), scope if inner else mentioned(node), node=node, opaque=opaque)


def _attached(node: Filter | Extend | LeftJoin | Minus, around: frozenset[str], outer: frozenset[str]) -> list[Item]:
    """Items of the pattern below, and one that works on their solutions.

    It may run later than right behind them, in company of what ``around`` stands for, only if that binds no variable that it could
    find unbound by itself. RAND, UUID and the like are evaluated once for each solution of the pattern below, so neither before all of
    it nor beside anything else (§18.6).
    """
    base = node.input if isinstance(node, Filter | Extend) else node.left
    scope, sure = in_scope(base), certain(base)
    reads = _read(node)
    changing = any(volatile(one) for one in expressions(node))
    if (reads - sure) & around or (changing and around):
        return [_whole(node, opaque=True)]
    items = flattened(base, around, outer)
    loose = (reads & scope) - sure
    after = tuple(items) if changing else tuple(item for item in items if item.touches & loose) if loose else ()
    if isinstance(node, Minus):
        return items + _removal(node, outer, reads & sure, after)
    return items + _attachments(node, scope | outer, reads & sure, after)


def _read(node: Filter | Extend | LeftJoin | Minus) -> frozenset[str]:
    """Variables whose binding by others could change what ``node`` does with its own input."""
    if isinstance(node, Filter):
        return variables(node.condition) & in_scope(node.input)
    if isinstance(node, Extend):
        return variables(node.expression) & in_scope(node.input)
    if isinstance(node, Minus):
        return in_scope(node.left) & in_scope(node.right)
    condition = _NONE if node.condition is None else variables(node.condition)
    return in_scope(node.right) | (condition & in_scope(node.left))


def _removal(node: Minus, outer: frozenset[str], reads: frozenset[str], after: tuple[Item, ...]) -> list[Item]:
    """MINUS as an item, unless it removes nothing: what an EXISTS puts in is no variable any more, so none that is shared (§18.6)."""
    shared, given = (in_scope(node.left) & in_scope(node.right)) - outer, mentioned(node.right) & outer
    if shared <= {"" if node.aside is None else node.aside.name}:
        return []
    return [Removal(touches=shared | given, reads=reads, after=after, node=node, shared=shared, given=given)]


def _attachments(node: Filter | Extend | LeftJoin, sees: frozenset[str], reads: frozenset[str], after: tuple[Item, ...]) -> list[Item]:
    if isinstance(node, Filter):
        return [_condition(one, sees, reads, after) for one in conjuncts(node.condition)]
    if isinstance(node, Extend):
        bound, read = frozenset({node.name}), variables(node.expression) & sees
        sure = bound if _sure(node.expression, reads) else _NONE
        return [Binding(bound, sure, bound | read, reads, after, name=node.name, expression=node.expression, sees=sees)]
    sees = sees | in_scope(node.right)
    touches = in_scope(node.right) | (_NONE if node.condition is None else variables(node.condition) & sees)
    return [Option(in_scope(node.right), _NONE, touches, reads, after, node=node, sees=sees)]


def conditions(expression: Expression, sees: frozenset[str], sure: frozenset[str], items: list[Item]) -> list[Item]:
    """The conjuncts of a filter.

    Args:
        expression: the filter.
        sees: variables in its scope; sure: those that are certainly bound in the end.
        items: what binds the others.
    """
    return [_condition(one, sees, sure, tuple(items)) for one in conjuncts(expression)]


def _condition(one: Expression, sees: frozenset[str], reads: frozenset[str], after: tuple[Item, ...]) -> Condition:
    mine = variables(one) & sees
    loose = mine - reads
    waits = after if volatile(one) else tuple(item for item in after if item.touches & loose) if loose else ()
    return Condition(touches=mine, reads=reads & mine, after=waits, expression=one, sees=sees)


def has_exists(expression: Expression) -> bool:
    """True if there is an EXISTS anywhere in the expression."""
    return bool(patterns_within(expression))


@remembered
def patterns_within(expression: Expression) -> tuple[Node, ...]:
    """The patterns of all EXISTS in an expression, those within these patterns left out."""
    if isinstance(expression, Exists):
        return (expression.pattern,)
    return tuple(found for one in getattr(expression, "arguments", ()) for found in patterns_within(one))


@remembered
def remote(node: Node) -> bool:
    """True if another endpoint is asked anywhere in the pattern."""
    return isinstance(node, Service) or any(remote(child) for child in children(node))


@remembered
def varies(node: Node) -> bool:
    """True if an expression anywhere in the pattern may give different values for equal bindings."""
    return any(volatile(one) for one in expressions(node)) or any(varies(child) for child in children(node))
