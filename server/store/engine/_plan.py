"""From algebra to operators: groups are taken apart, ordered by what they are expected to give, and put together again as steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..algebra import (
    Aggregate,
    Context,
    Distinct,
    EachGraph,
    Expression,
    Extend,
    GraphNames,
    Group,
    Node,
    Operator,
    OrderBy,
    PathPattern,
    Project,
    Query,
    Service,
    Slice,
    Union,
    Values,
    Variable,
    children,
    expressions,
    in_scope,
    mentioned,
    variables,
)
from ..spatial import Nearest, NearestSeed, SpatialJoin, SpatialSeed, SpatialSemiJoin, nearest_key
from ..temporal import TemporalJoin, TemporalPair
from ._costs import UNIT_COST, Cost, Costs
from ._entailment import entailed
from ._functions import at_line, check_functions, unknown_function
from ._items import (
    Binding,
    Cluster,
    Condition,
    Item,
    Linked,
    Located,
    Option,
    Pattern,
    Removal,
    Whole,
    certain,
    conditions,
    flattened,
    patterns_within,
    varies,
)
from ._joins import Apart, Either, IfAny, LeftOuter, Line, Steps, Without
from ._nodes import OnlyNodes
from ._operators import Bind, Cut, Graphs, Grouped, Inline, Nothing, Select, Sort, Unique
from ._order import State, Step, ordered
from ._parse_patterns import with_names
from ._paths import PathScan, nullable
from ._per_graph import PerGraph
from ._push import pushed
from ._registry import aggregates
from ._rewrite import rewritten
from ._scan import Scan
from ._service import ServiceCall, permitted
from ._spatial import arranged, located, only_geometries, recognised
from ._text import pattern as pattern_text
from ._times import timed
from ._unindexed import Compared, bound_before, without_index

_MODIFIERS = (Project, Distinct, OrderBy, Slice, Group, EachGraph)
_SORTED_QUICKLY = 2000.0
_INSENSITIVE = frozenset({"MIN", "MAX", "SAMPLE"})


@dataclass(frozen=True)
class Seeds:
    """What a pattern is joined with.

    Attributes:
        maybe: variables that seeds may bind; certain: those that they always bind.
        outer: those whose values are put into the pattern wherever they stand, as EXISTS does.
        cost: number of seeds.
        one: True if there is one seed only, without any column: a pattern with a scope of its own need not be joined with it.
    """

    maybe: frozenset[str] = frozenset()
    certain: frozenset[str] = frozenset()
    outer: frozenset[str] = frozenset()
    cost: Cost = UNIT_COST
    one: bool = False


NO_SEEDS = Seeds(one=True)


def _given(seeds: Seeds, names: frozenset[str]) -> Seeds:
    """The seeds of a pattern by itself into which an enclosing EXISTS puts the values of some variables."""
    return Seeds(names, names, names, seeds.cost.uniform(names)) if names else NO_SEEDS


@dataclass(frozen=True)
class Wish:
    """What is done with the solutions.

    Attributes:
        names: variables that are read.
        once: True if it does not matter how often a solution is given.
        top: rows that are read at most, of a pattern whose order says which; None if all.
        few: True if only the first rows may be read, so that they should come soon.
    """

    names: frozenset[str]
    once: bool = False
    top: int | None = None
    few: bool = False


def plan(query: Query, context: Context) -> Operator:
    """The operators that answer a query; for ASK they give something or nothing.

    Raises:
        ForbiddenError: it asks another endpoint, and none may be asked.
        UnknownFunctionError: it calls a function that nobody defined.
        QueryError: it calls one with too few or too many arguments.
    """
    _check(query.pattern, context)
    query = entailed(rewritten(query, context), context)
    names = frozenset(query.names) if query.form == "select" else in_scope(query.pattern)
    wish = Wish(frozenset(), once=True, few=True) if query.form == "ask" else Wish(names)
    return Planner(context).node(query.pattern, NO_SEEDS, wish)


class Planner:
    """Plans the patterns of one evaluation."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.costs = Costs(context)

    def exists(self, node: Node, outer: frozenset[str]) -> Operator:
        """A pattern of EXISTS for seeds that bind these variables; it is enough if it gives each seed once."""
        node = with_names(node, outer)
        seeds = Seeds(outer, outer, outer, Cost(1000.0, dict.fromkeys(outer, 1000.0)))
        return self.node(node, seeds, Wish(frozenset(), once=True))

    def step(self, node: Node, bound: frozenset[str], names: frozenset[str]) -> Operator:
        """A pattern for seeds that bind some variables, of which these names are read, no matter how often."""
        return self.node(node, Seeds(bound, bound, cost=Cost(1000.0, dict.fromkeys(bound, 1000.0))), Wish(names, once=True))

    def node(self, node: Node, seeds: Seeds, wish: Wish) -> Operator:
        """Any pattern, for seeds."""
        if isinstance(node, _MODIFIERS):
            inner = self._modifier(node, wish)
            return inner if seeds.one else self._apart(inner, seeds)
        items = flattened(node, seeds.maybe - seeds.outer, seeds.outer)
        if self._alone(items):
            return self._opaque(node, seeds, wish)
        return self.group(items, seeds, wish)

    def _apart(self, inner: Operator, seeds: Seeds, correlated: frozenset[str] = frozenset()) -> Operator:
        shared = tuple(name for name in inner.names if name in seeds.maybe)
        return Apart(inner, shared, tuple(sorted(correlated)))

    def _opaque(self, node: Node, seeds: Seeds, wish: Wish) -> Operator:
        outer = seeds.outer & mentioned(node)
        wish = replace(wish, names=wish.names | (seeds.maybe & in_scope(node)))
        return self._apart(self.node(node, _given(seeds, outer), wish), seeds, outer)

    def _modifier(self, node: Node, wish: Wish) -> Operator:
        """Project, Distinct, OrderBy, Slice, Group, EachGraph: a scope of its own."""
        if isinstance(node, Slice):
            top = None if node.limit is None else node.offset + node.limit
            return Cut(self._inner(node.input, Wish(wish.names, top=top, few=wish.few or top is not None)), node.offset, node.limit)
        if isinstance(node, Distinct):
            names = in_scope(node.input)
            return Unique(self._inner(node.input, Wish(names, once=not varies(node), few=wish.few)))
        if isinstance(node, Project):
            return Select(self._inner(node.input, replace(wish, names=frozenset(node.names))), node.names)
        if isinstance(node, OrderBy):
            keys = frozenset().union(*(variables(key) for key, _ in node.keys))
            read = Wish(wish.names | keys, wish.once)
            inner = None if wish.top is None else self._nearest(node, read, wish.top)
            return Sort(inner or self._inner(node.input, read), node.keys, wish.top)
        if isinstance(node, EachGraph):
            # what an operator has found out in one graph means nothing in the next: each has a plan of its own
            bound = tuple(sorted(in_scope(node)))
            return PerGraph(node.graph.name, bound, lambda context: Planner(context).node(node.input, NO_SEEDS, wish))
        assert isinstance(node, Group)
        return self._group(node)

    def _nearest(self, node: OrderBy, wish: Wish, top: int) -> Operator | None:
        """Solutions from the nearest geometry on, if that is the order asked for, and sorting all of them would be more work."""
        key = None if node.keys[0][1] or isinstance(node.input, _MODIFIERS) else nearest_key(_meant(node.keys[0][0], node.input))
        if key is None:
            return None
        names = frozenset({key.name})
        items = flattened(node.input, names)
        rows, count = self.costs.node(node.input).rows, self.context.shapes.geometries.count
        if not names <= only_geometries(items, self.costs) or rows < _SORTED_QUICKLY or rows * rows <= top * count:
            self.context.rewrites.append(f"index not used for the order by distance: sorting about {rows:,.0f} solutions is less work, "
                                         f"or ?{key.name} may be something else than a stored geometry")
            return None
        taken = min(float(count), top * count / rows)
        rest = self.group(items, Seeds(names, names, cost=Cost(taken, {key.name: taken})), replace(wish, few=True))
        return Nearest(NearestSeed(key, top, estimate=taken), rest, top, estimate=float(top))

    def _inner(self, node: Node, wish: Wish) -> Operator:
        return self._modifier(node, wish) if isinstance(node, _MODIFIERS) else self.node(node, NO_SEEDS, replace(wish, top=None))

    def _group(self, node: Group) -> Operator:
        scope = frozenset(name for name in in_scope(node.input) if not name.startswith("_:"))
        whole = any(one.argument is None and one.distinct for _, one in node.aggregates)
        read = frozenset(node.keys).union(*(variables(one.argument) for _, one in node.aggregates if one.argument is not None))
        names = (scope if whole else frozenset()) | (read & in_scope(node.input)) | frozenset(node.keys)
        once = bool(node.aggregates or node.keys) and all(_insensitive(one) for _, one in node.aggregates) and not varies(node)
        inner = self._inner(node.input, Wish(names, once=once))
        return Grouped(inner, node.keys, node.aggregates, tuple(sorted(names)), self.costs.node(node).rows)

    def group(self, items: list[Item], seeds: Seeds, wish: Wish) -> Operator:
        """A group: its items in order, each with what it gets and what is wanted of it."""
        items = located(timed(pushed(items, seeds.maybe), self.context), self.context)
        items = arranged(items, seeds.maybe, wish.names, self.costs, self.context)
        steps = ordered(items, State(seeds.maybe, seeds.certain, seeds.cost), self.costs)
        line = Line(seeds.maybe)
        for (item, before, after), needed in zip(steps, _needed(steps, wish.names), strict=True):
            here = Seeds(before.maybe, before.certain, seeds.outer, before.cost, one=seeds.one and item is steps[0][0])
            there = replace(wish, names=needed, top=None)
            if isinstance(item, Linked) and not wish.few:
                line.replace(self._linked(item, line.operator(before.cost.rows) if line.operators else None, there, after.cost))
            elif isinstance(item, Linked):
                line.add(self._linked(item, None, there, after.cost))
            else:
                line.add(self._item(item, here, there, after.cost))
            line.bind(item.scope, needed)
        return line.operator(steps[-1][2].cost.rows if steps else seeds.cost.rows)

    def _linked(self, item: Linked, left: Operator | None, wish: Wish, cost: Cost) -> Operator:
        """A join with a cluster; if nothing of it is read and it does not matter how often, only a look whether there is any."""
        semi = wish.once and not item.cluster.scope & wish.names
        right = self.group(list(item.cluster.items), NO_SEEDS, Wish(wish.names | item.about, wish.once))
        if isinstance(item.condition, TemporalPair):
            return TemporalJoin(left, right, item.condition, estimate=cost.rows)
        kind = SpatialSemiJoin if semi else SpatialJoin
        return kind(left, right, item.condition, estimate=cost.rows, scope=item.sees)

    def _item(self, item: Item, seeds: Seeds, wish: Wish, cost: Cost) -> Operator:
        if isinstance(item, Pattern):
            return self._pattern(item, seeds, wish, cost.rows)
        if isinstance(item, Condition):
            return without_index(item, recognised(item), cost.rows)
        if isinstance(item, Located):
            return self._located(item, seeds, cost.rows)
        if isinstance(item, Binding):
            return Bind(item.name, item.expression, item.sees, cost.rows)
        if isinstance(item, Option):
            return self._option(item, seeds, wish, cost.rows)
        if isinstance(item, Removal):
            right = self.node(item.node.right, _given(seeds, item.given), Wish(frozenset(item.shared), once=True))
            aside = "" if item.node.aside is None else item.node.aside.name
            return Without(right, tuple(sorted(item.shared)), cost.rows, aside, tuple(sorted(item.given)))
        if isinstance(item, Cluster):
            return self._cluster(item, seeds, wish)
        assert isinstance(item, Whole)
        return self._whole(item, seeds, wish)

    def _pattern(self, item: Pattern, seeds: Seeds, wish: Wish, rows: float) -> Operator:
        if isinstance(item.pattern, PathPattern):
            return self._path(item.pattern, item.scope, seeds, rows)
        text = pattern_text(item.pattern)
        slots = self.costs.slots(item.pattern)
        if slots is None:
            return Nothing(tuple(sorted(item.scope)), f"a constant of {text} does not occur")
        return Scan(slots, text, rows, unwanted=item.scope - wish.names, once=wish.once)

    def _path(self, pattern: PathPattern, scope: frozenset[str], seeds: Seeds, rows: float) -> Operator:
        scan = PathScan(pattern, self.context, rows, self.step, seeds.outer)
        ends = [place.name for place in (pattern.subject, pattern.object) if isinstance(place, Variable)]
        if len(ends) < 2 or not nullable(pattern.path) or seeds.maybe.isdisjoint(ends) or not seeds.outer.isdisjoint(ends):
            return scan
        graph = None if pattern.graph is None else self.costs.place(pattern.graph)
        return Steps(tuple(sorted(scope)), (scan, OnlyNodes((ends[0], ends[1]), graph, rows)), (frozenset(), frozenset()), rows)

    def _located(self, item: Located, seeds: Seeds, rows: float) -> Operator:
        if not item.scope & seeds.maybe:
            return SpatialSeed(item.condition, estimate=rows)
        # a filter that says more follows by itself
        if not item.condition.exact:
            return Steps((), (), (), rows)
        why = bound_before(item.condition, item.rows / max(self.context.shapes.geometries.count, 1))
        return Compared(item.condition, why, estimate=rows, scope=item.sees)

    def _option(self, item: Option, seeds: Seeds, wish: Wish, rows: float) -> Operator:
        if wish.once and not item.scope & wish.names:
            return Steps((), (), (), rows)
        node, seeds = item.node, replace(seeds, one=False)
        inner = replace(wish, few=False)
        items = flattened(node.right, seeds.maybe - seeds.outer, seeds.outer)
        if node.condition is not None and self._alone(items):
            right = self._opaque(node.right, seeds, replace(inner, names=wish.names | variables(node.condition)))
            return LeftOuter(right, node.condition, item.sees, tuple(sorted(item.scope)), rows)
        # each seed is extended by the right side, so that the condition can be one more filter of that side
        filters = [] if node.condition is None else conditions(node.condition, item.sees, certain(node.right) | seeds.certain, items)
        right = self._opaque(node.right, seeds, inner) if self._alone(items) else self.group([*items, *filters], seeds, inner)
        return LeftOuter(right, None, item.sees, tuple(sorted(item.scope)), rows)

    def _alone(self, items: list[Item]) -> bool:
        return len(items) == 1 and isinstance(items[0], Whole) and items[0].opaque

    def _cluster(self, item: Cluster, seeds: Seeds, wish: Wish) -> Operator:
        inner = self.group(list(item.items), NO_SEEDS, wish)
        if wish.once and not item.scope & wish.names:
            return IfAny(inner)
        return inner if seeds.one else self._apart(inner, seeds)

    def _whole(self, item: Whole, seeds: Seeds, wish: Wish) -> Operator:
        node = item.node
        if item.opaque:
            return self._opaque(node, seeds, wish)
        if isinstance(node, Union):
            branches = [self.node(one, seeds, wish) for one in _branches(node)]
            return Either(branches, tuple(sorted(item.scope & (wish.names | seeds.maybe))))
        if isinstance(node, Values):
            return Inline(node, tuple(name for name in node.names if name in seeds.maybe))
        if isinstance(node, Service):
            return ServiceCall(node, wish.names | seeds.maybe, self.costs.node(node).rows, once=wish.once)
        if isinstance(node, GraphNames):
            return Graphs(self.costs.place(node.graph), self.costs.node(node).rows)
        return self.node(node, seeds, replace(wish, names=wish.names | (item.scope & seeds.maybe)))


def _needed(steps: list[Step], names: frozenset[str]) -> list[frozenset[str]]:
    """For each step the variables that are read behind it."""
    found = [names]
    for item, _, _ in reversed(steps[1:]):
        found.append(found[-1] if item.touches <= found[-1] else found[-1] | item.touches)
    return found[::-1] if steps else []


def _check(node: Node, context: Context) -> None:
    """See that all functions and aggregates exist, and that other endpoints may be asked."""
    if isinstance(node, Service):
        permitted(node, context)
    for expression in expressions(node):
        check_functions(expression)
        for inner in patterns_within(expression):
            _check(inner, context)
    if isinstance(node, Group):
        for _, one in node.aggregates:
            if ":" in one.name and one.name not in aggregates:
                raise unknown_function(one.name, at_line(one.place))
    for child in children(node):
        _check(child, context)


def _meant(key: Expression, node: Node) -> Expression:
    """What a key of ORDER BY stands for: a variable for the expression that it was bound to."""
    while isinstance(node, Extend):
        if key == Variable(node.name):
            return node.expression
        node = node.input
    return key


def _branches(node: Node) -> list[Node]:
    return [*_branches(node.left), *_branches(node.right)] if isinstance(node, Union) else [node]


def _insensitive(aggregate: Aggregate) -> bool:
    return aggregate.distinct or aggregate.name in _INSENSITIVE
