"""Which items of a group hang together by their variables, and which are groups of their own beside them."""

from __future__ import annotations

from ._items import FREE, Binding, Cluster, Condition, Item, Linked, Removal


class _Sets:
    """Disjoint sets of names (union-find)."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def find(self, name: str) -> str:
        above = self._above.setdefault(name, name)
        while above != (further := self._above.setdefault(above, above)):
            above = further
        self._above[name] = above
        return above

    def join(self, names: frozenset[str]) -> None:
        first, *others = [self.find(name) for name in names] or [""]
        for other in others:
            self._above[self.find(other)] = self.find(first)


def clustered(items: list[Item], seeds: frozenset[str]) -> list[Item]:
    """Items with those put together in a `Cluster` that have no variable in common with the seeds or the other clusters.

    Filters, removals, and binds that others depend on go into the cluster that they are about; options stay outside, because they are
    better left until the clusters have been joined.
    """
    free: list[Item] = [item for item in items if isinstance(item, FREE) and item.scope]
    sets = _sets(items, free, seeds)
    home = {sets.find(next(iter(seeds)))} if seeds else set()
    roots = dict.fromkeys(sets.find(next(iter(item.scope))) for item in free)
    if len(roots.keys() | home) < 2:
        return items
    made: dict[Item, Item] = {}
    for root in roots:
        if root not in home:
            members = _gathered(items, [item for item in free if sets.find(next(iter(item.scope))) == root], free)
            made |= dict.fromkeys(members, _cluster(members))
    return _replaced(items, made)


def _cluster(members: list[Item]) -> Item:
    if len(members) == 1 and isinstance(members[0], Cluster):
        return members[0]
    scope = frozenset().union(*(item.scope for item in members))
    return Cluster(scope, frozenset().union(*(item.certain for item in members)), scope, items=tuple(members))


def _sets(items: list[Item], free: list[Item], seeds: frozenset[str]) -> _Sets:
    sets = _Sets()
    sets.join(seeds)
    for item in free:
        # values that an EXISTS puts into a union are of no variable that it binds
        sets.join(item.touches if isinstance(item, Linked) else item.scope | (item.touches & seeds))
    used = frozenset().union(*(item.scope for item in free), seeds)
    for item in items:
        if isinstance(item, Binding):
            about = {sets.find(name) for name in item.touches & used}
            if item.name in used or len(about) < 2:
                sets.join(item.touches)
    return sets


def _gathered(items: list[Item], members: list[Item], free: list[Item]) -> list[Item]:
    """Members and what is about nothing but them."""
    scope = frozenset().union(*(item.scope for item in members))
    others = frozenset().union(*(item.scope for item in free)) - scope
    growing = True
    while growing:
        growing = False
        for item in items:
            about = item.touches - item.scope
            fits = isinstance(item, Condition | Removal | Binding) and item not in members and about and about <= scope
            if fits and not item.scope & others and set(item.after) <= set(members) and _useful(item, items):
                members.append(item)
                scope |= item.scope
                growing = True
    return members


def _useful(item: Item, items: list[Item]) -> bool:
    """A bind is evaluated early only if something depends on it."""
    return not isinstance(item, Binding) or any(item.name in other.touches for other in items if other is not item)


def _replaced(items: list[Item], made: dict[Item, Item]) -> list[Item]:
    """Items with each cluster instead of its members, also in what others wait for."""
    for item in items:
        if item not in made:
            item.after = tuple(dict.fromkeys(made.get(other, other) for other in item.after))
    return list(dict.fromkeys(made.get(item, item) for item in items))
