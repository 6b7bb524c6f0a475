"""Where the index comes in: spatial filters that begin a plan, and clusters of patterns that a spatial filter links."""

from __future__ import annotations

from ..algebra import Context, PathPattern, Triple, Variable
from ..snapshot import Tag
from ..spatial import SpatialCondition, recognise, share
from ..temporal import TemporalPair, related, share_of
from ._clusters import clustered
from ._costs import Costs
from ._items import Cluster, Condition, Item, Linked, Located, Pattern, has_exists
from ._order import expected
from ._paths import nullable

Between = SpatialCondition | TemporalPair
Link = tuple[Condition, Between]


def recognised(item: Item) -> SpatialCondition | None:
    """What an index can do for a filter."""
    return recognise(item.expression) if isinstance(item, Condition) and not has_exists(item.expression) else None


def located(items: list[Item], context: Context) -> list[Item]:
    """Items with spatial filters between a constant and a stored geometry as sources of their own.

    Where tests say all that the filter says, it is replaced; else it stays, and the source only narrows.
    """
    stored = stored_objects(items)
    result: list[Item] = []
    for item in items:
        condition = recognised(item)
        if isinstance(item, Condition):
            item.stored = item.touches & stored
        if not isinstance(item, Condition) or condition is None or len(condition.variables) != 1:
            result.append(item)
            continue
        names = condition.variables
        fits = names <= stored & item.reads and not item.after
        if fits:
            rows = share(condition, context) * context.shapes.geometries.count
            result.append(Located(names, names, names, condition=condition, rows=rows, sees=item.sees))
        if not fits or not condition.exact:
            result.append(item)
    return result


def stored_objects(items: list[Item]) -> frozenset[str]:
    """Variables that a pattern binds as its object, so that their geometries are stored ones.

    A path without a step gives what it began with, which may be a literal of the query.
    """
    return frozenset(item.pattern.object.name for item in items if isinstance(item, Pattern) and isinstance(item.pattern.object, Variable)
                     and not (isinstance(item.pattern, PathPattern) and nullable(item.pattern.path)))


def only_geometries(items: list[Item], costs: Costs) -> frozenset[str]:
    """Those of them that can be bound to nothing else, because the predicate has no other objects."""
    return frozenset(item.pattern.object.name for item in items if isinstance(item, Pattern) and isinstance(item.pattern, Triple)
                     and isinstance(item.pattern.object, Variable) and costs.tags(item.pattern) == {Tag.GEOMETRY})


def arranged(items: list[Item], seeds: frozenset[str], wanted: frozenset[str], costs: Costs, context: Context) -> list[Item]:
    """Items in clusters, and clusters linked by spatial filters in the order of the links.

    Args:
        seeds: variables that are bound already.
        wanted: variables that are read in the end; the clusters that have them are best kept on the left.
    """
    items = clustered(items, seeds)
    clusters = [item for item in items if isinstance(item, Cluster)]
    links = [link for item in items if (link := _link(item)) is not None]
    if not clusters or not links or any(isinstance(item, Linked) for item in items):
        return items
    if len({type(condition) for _, condition in links}) > 1:
        # what leaves the fewest pairs links, the other one is a filter
        links.sort(key=lambda link: _share(link[1], context))
    reached = _outside(items, seeds)
    while clusters:
        step = _nearest(clusters, links, reached)
        if step is not None:
            link, cluster = step
            items = _put(items, link, cluster, context)
            links.remove(link)
        else:
            found = _first(clusters, links, items, wanted, costs)
            if found is None:
                break
            cluster = found
        clusters.remove(cluster)
        reached |= cluster.scope
    return clustered(items, seeds)


def _link(item: Item) -> Link | None:
    if not isinstance(item, Condition) or item.after:
        return None
    condition: Between | None = recognised(item)
    if condition is None:
        condition = related(item.expression)
        return None if condition is None or condition.variables != item.touches else (item, condition)
    return (item, condition) if len(condition.variables) == 2 else None


def _share(condition: Between, context: Context) -> float:
    return share_of(condition, context) if isinstance(condition, TemporalPair) else share(condition, context)


def _outside(items: list[Item], seeds: frozenset[str]) -> frozenset[str]:
    """Variables that are bound beside the clusters: by seeds, or by what hangs together with them."""
    return seeds.union(*(item.certain for item in items if not isinstance(item, Cluster | Condition)))


def _nearest(clusters: list[Cluster], links: list[Link], reached: frozenset[str]) -> tuple[Link, Cluster] | None:
    """A link from what is reached to a cluster that is not."""
    for item, condition in links:
        for cluster in clusters:
            near = condition.variables - cluster.scope
            if len(near) == 1 and near <= reached and item.touches <= reached | cluster.scope:
                return (item, condition), cluster
    return None


def _first(clusters: list[Cluster], links: list[Link], items: list[Item], wanted: frozenset[str], costs: Costs) -> Cluster | None:
    """A cluster to begin with: one that another is linked to, of which something is read, and the largest of these."""
    ends = frozenset[str]().union(*(condition.variables for _, condition in links))
    own = {item for item, _ in links}
    read = wanted.union(*(item.touches for item in items if not isinstance(item, Cluster) and item not in own))
    linked = [one for one in clusters if any(_joins(condition, one, clusters) for _, condition in links) and one.scope & ends]
    return max(linked, key=lambda one: (bool(one.scope & read), expected(one, costs).rows), default=None)


def _joins(condition: Between, one: Cluster, clusters: list[Cluster]) -> bool:
    """True if the condition relates this cluster and another one."""
    far = condition.variables - one.scope
    return len(far) == 1 and any(far <= other.scope for other in clusters)


def _put(items: list[Item], link: Link, cluster: Cluster, context: Context) -> list[Item]:
    """The cluster as one that is joined by the condition."""
    item, condition = link
    linked = Linked(cluster.scope, cluster.certain, cluster.scope | item.touches, item.reads - cluster.scope, cluster=cluster,
                    condition=condition, share=max(_share(condition, context), 1e-12), about=item.touches, sees=item.sees)
    replaced: dict[Item, Item] = {cluster: linked, item: linked}
    for other in items:
        other.after = tuple(dict.fromkeys(replaced.get(before, before) for before in other.after))
    return [linked if other is cluster else other for other in items if other is not item]
