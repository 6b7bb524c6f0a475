"""The pair of scenes nearest before and after a period, and why: a choice among what a catalogue has, without looking at pixels.

::

    products ──unfit alone? (clouds, cover, dates)──▶ rejected
        ╰──▶ before × after ──▶ comparable ──▶ same tile, same orbit, nearest to the period, L2A, most of the area, fewest clouds ──▶ pair
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Any

import shapely

from earthweave.ontology import Interval, NotFoundError, ProcessingError
from earthweave.ontology.geometry import area_m2

_DAY = timedelta(days=1)
_NAMED = 3
"""Scenes of each side that are named where no pair is found."""
_LEAST = 0.01
"""Share of an area from which on a tile is worth naming."""
_FAR = 3660
_LEVELS = ("L1C", "L2A", None)
"""What can be compared; stacks have no level."""


@dataclass(frozen=True)
class Wanted:
    """What a pair must meet.

    Attributes:
        first, last: days of the period, UTC.
        area: of interest, lon lat, no longitude beyond ±180.
        cloud_cover: most, percent of a scene.
        coverage: least share of the area that both scenes cover together, 0 … 1.
        days: how far before the first or after the last day a scene may be.
        any_orbit: whether two relative orbits may be compared.
    """

    first: datetime
    last: datetime
    area: Any
    cloud_cover: float
    coverage: float
    days: int
    any_orbit: bool = False

    @property
    def search(self) -> Interval:
        """When to look for scenes."""
        return Interval(_midnight(self.first) - self.days * _DAY, _midnight(self.last) + (self.days + 1) * _DAY)

    @property
    def period(self) -> str:
        """The period in words."""
        return f"{self.first:%Y-%m-%d} – {self.last:%Y-%m-%d}"

    def distance(self, time: datetime, *, after: bool) -> float | None:
        """Days from the period; a scene of the first day lies before it, one of the last day after it; None on the other side."""
        gap = (time - _midnight(self.last)) / _DAY if after else (_midnight(self.first) + _DAY - time) / _DAY
        return None if gap < 0 else max(0.0, gap - 1)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True)
class Rejected:
    """A product that was not taken, and the reason."""

    id: str
    why: str


@dataclass(frozen=True)
class Pair:
    """What was chosen.

    Attributes:
        before, after: products as the catalogue tells them (`earthweave.processing.catalogue.Found`).
        covered: share of the area that both cover, 0 … 1.
        why: a sentence.
        rejected: all others.
        beyond: tiles that hold scenes of the rest of the area.
    """

    before: Any
    after: Any
    covered: float
    why: str
    rejected: tuple[Rejected, ...]
    beyond: tuple[str, ...] = ()

    def figures(self) -> dict[str, Any]:
        """As JSON values, for the record of the run."""
        return {
            "before": self.before.id,
            "after": self.after.id,
            "covered": round(self.covered, 4),
            "why": self.why,
            "scenes": [_said(one) for one in (self.before, self.after)],
            "beyond": list(self.beyond),
            "rejected": [{"id": one.id, "why": one.why} for one in self.rejected],
        }


def _said(one: Any) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in ("id", "catalogue", "level", "tile", "relative_orbit", "cloud_cover")}
    return {**plain, "taken": one.time.texts[0]}


def choose_pair(found: Iterable[Any], wanted: Wanted, lost: Mapping[str, str] = MappingProxyType({})) -> Pair:
    """The best pair; ``lost`` are products that cannot be had, and why.

    Raises `ProcessingError` if there is none; it names the nearest scenes of both sides, and what would have to be allowed to take them.
    """
    products = sorted(found, key=lambda one: (one.time.start, one.id))
    unfit = {one.id: why for one in products if (why := lost.get(one.id) or _unfit(one, wanted))}
    fit = [one for one in products if one.id not in unfit]
    best = _best(fit, wanted)
    if best is None:
        raise _none(products, unfit, lost, wanted)
    before, after, covered = best
    others = [one for one in fit if one.id not in (before.id, after.id)]
    rejected = [*(Rejected(id, why) for id, why in unfit.items()), *(Rejected(one.id, _worse(one, before, after)) for one in others)]
    return Pair(before, after, covered, _reason(before, after, covered, wanted), tuple(rejected), _beyond(before, after, products, wanted))


def obtain(products: Sequence[Any], wanted: Wanted, get: Callable[[Any, Pair], Path]) -> tuple[Pair, Path, Path]:
    """The best pair whose products can be had, and where they lie.

    ``get`` brings a product of a pair to this machine; it raises `NotFoundError` for one that is not there any more: then the next best
    pair is taken, which says so. Raises as `choose_pair` does.
    """
    lost: dict[str, str] = {}
    while True:
        pair = choose_pair(products, wanted, lost)
        paths = list[Path]()
        for product in (pair.before, pair.after):
            try:
                paths.append(get(product, pair))
            except NotFoundError as error:
                lost[product.id] = "; ".join(filter(None, (error.what, error.why)))
                break
        else:
            return pair, paths[0], paths[1]


def _unfit(one: Any, wanted: Wanted) -> str:
    """Why a product cannot be part of any pair; empty if it can."""
    if one.level not in _LEVELS:
        return f"of level {one.level}, which is not compared"
    near = _gap(one, wanted)
    if near is None:
        return "taken inside the period"
    if near > wanted.days:
        return f"taken {near:.0f} days from the period, more than {wanted.days}"
    if one.cloud_cover is not None and one.cloud_cover > wanted.cloud_cover:
        return f"{one.cloud_cover:.0f} % cloud cover, more than {wanted.cloud_cover:g} %"
    share = _share(one.footprint, wanted.area)
    return f"covers {share:.0%} of the area, less than {wanted.coverage:.0%}" if share < wanted.coverage or not share else ""


def _gap(one: Any, wanted: Wanted) -> float | None:
    """Days from the period on the nearer side; None inside it."""
    gaps = [wanted.distance(one.time.start, after=after) for after in (False, True)]
    return min((gap for gap in gaps if gap is not None), default=None)


def _share(footprint: Any, area: Any) -> float:
    """Share of the area that a footprint covers."""
    if footprint is None:
        return 0.0
    whole = float(area_m2(area))
    return float(area_m2(shapely.intersection(footprint, area))) / whole if whole else 0.0


Rank = tuple[bool, bool, int, bool]


def _best(fit: Sequence[Any], wanted: Wanted) -> tuple[Any, Any, float] | None:
    """The best pair and the share that it covers; the costly look at the area is spared for pairs that others beat anyway."""
    # of two processings of one scene the later one, whose name sorts behind
    newest = sorted(fit, key=lambda one: one.id, reverse=True)
    ranked = sorted(_comparable_pairs(newest, wanted), key=lambda pair: pair[0])
    for _, equal in groupby(ranked, key=lambda pair: pair[0]):
        covering = [(before, after, _share(_both(before, after), wanted.area)) for _, before, after in equal]
        enough = [pair for pair in covering if pair[2] and pair[2] >= wanted.coverage]
        if enough:
            return min(enough, key=lambda pair: (-round(pair[2], 6), _clouds(pair[0], wanted) + _clouds(pair[1], wanted)))
    return None


def _comparable_pairs(fit: Sequence[Any], wanted: Wanted) -> Iterator[tuple[Rank, Any, Any]]:
    for before in fit:
        ahead = wanted.distance(before.time.start, after=False)
        if ahead is None or ahead > wanted.days:
            continue
        for after in fit:
            behind = wanted.distance(after.time.start, after=True)
            if behind is None or behind > wanted.days or after.time.start <= before.time.start or not _comparable(before, after, wanted):
                continue
            tile, orbit = (not _same(before, after, name) for name in ("tile", "relative_orbit"))
            yield (tile, orbit, round(ahead + behind), before.level != "L2A"), before, after


def _comparable(before: Any, after: Any, wanted: Wanted) -> bool:
    """Whether S2-CD takes the two: of one tile and level, and of one orbit unless any will do."""
    names = ("tile", "level") if wanted.any_orbit else ("tile", "level", "relative_orbit")
    return not any(_differ(before, after, name) for name in names)


def _same(one: Any, other: Any, name: str) -> bool:
    return getattr(one, name) is not None and getattr(one, name) == getattr(other, name)


def _differ(one: Any, other: Any, name: str) -> bool:
    return None not in (getattr(one, name), getattr(other, name)) and getattr(one, name) != getattr(other, name)


def _both(before: Any, after: Any) -> Any:
    return shapely.intersection(before.footprint, after.footprint)


def _clouds(one: Any, wanted: Wanted) -> float:
    """Percent; what does not tell may have as many as are allowed."""
    return float(wanted.cloud_cover if one.cloud_cover is None else one.cloud_cover)


def _beyond(before: Any, after: Any, products: Sequence[Any], wanted: Wanted) -> tuple[str, ...]:
    """Tiles in which the rest of the area lies."""
    rest = shapely.difference(wanted.area, _both(before, after))
    if shapely.is_empty(rest):
        return ()
    tiles = {one.tile: one.footprint for one in products if one.tile and one.tile != before.tile}
    return tuple(sorted(tile for tile, shape in tiles.items() if _share(shapely.intersection(shape, rest), wanted.area) > _LEAST))


def _reason(before: Any, after: Any, covered: float, wanted: Wanted) -> str:
    tile = f"the same tile {before.tile}" if _same(before, after, "tile") else "not known to be of the same tile"
    if _same(before, after, "relative_orbit"):
        orbit = f"relative orbit {before.relative_orbit}"
    elif _differ(before, after, "relative_orbit"):
        orbit = f"relative orbits {before.relative_orbit} and {after.relative_orbit}, which see the ground from different sides"
    else:
        orbit = "not known to be from the same orbit"
    clouds = ", ".join("clouds unknown" if one.cloud_cover is None else f"{one.cloud_cover:.0f} % clouds" for one in (before, after))
    gaps = [wanted.distance(one.time.start, after=late) or 0.0 for one, late in ((before, False), (after, True))]
    together = round(sum(gaps))
    days = f"{together} days from the period together" if together else "on its first and last day"
    return f"nearest to {wanted.period} ({days}), {tile}, {orbit}; {clouds}; covers {covered:.0%} of the area"


def _worse(one: Any, before: Any, after: Any) -> str:
    """Why a product that would do was not taken."""
    if not (_same(one, before, "tile") or _same(one, after, "tile")):
        return "of another tile than the pair"
    if not (_same(one, before, "relative_orbit") or _same(one, after, "relative_orbit")):
        return "of another orbit than the pair"
    if _differ(one, before, "level"):
        return "of another level than the pair"
    if one.time in (before.time, after.time):
        return "another processing, or another part, of a scene of the pair"
    return "farther from the period, or covers less, than the one taken"


def _none(products: Sequence[Any], unfit: Mapping[str, str], lost: Mapping[str, str], wanted: Wanted) -> ProcessingError:
    """Why there is no pair: the nearest scenes, each with its reason, and what would do if more were allowed."""
    if not products:
        why = f"the catalogue has no scene of the area from {wanted.days} days before to {wanted.days} days after"
    else:
        alone = len(products) - len(unfit)
        less = f" {alone} would do alone, but no two of them lie before and after, are of one tile, orbit and level, and cover the area."
        why = f"{len(products)} scenes were found.{less if alone else ''} {_sides(products, unfit, wanted)}"
    ways = _ways([one for one in products if one.id not in lost], wanted)
    plain = (
        "allow more (--days, --cloudcover, --coverage, --any-orbit), name a smaller area, add scenes, or give the pair: --input1 --input2"
    )
    return ProcessingError(f"no pair of scenes was found before and after {wanted.period}", why=why, way_out="; ".join([*ways, plain]))


def _sides(products: Sequence[Any], unfit: Mapping[str, str], wanted: Wanted) -> str:
    """The nearest scenes before and after the period, with what is against each."""
    sides = list[str]()
    for word, late in (("before", False), ("after", True)):
        gaps = [(gap, one) for one in products if (gap := wanted.distance(one.time.start, after=late)) is not None]
        near = [one for _, one in sorted(gaps, key=lambda row: (row[0], row[1].id))[:_NAMED]]
        named = [f"{_brief(one)}: {unfit.get(one.id, 'would do')}" for one in near]
        sides.append(f"Nearest {word}: {'; '.join(named)}." if named else f"None lies {word} the period.")
    inside = sum(_gap(one, wanted) is None for one in products)
    return " ".join([*sides, *([f"{inside} lie inside the period."] if inside else [])])


def _brief(one: Any) -> str:
    clouds = "clouds unknown" if one.cloud_cover is None else f"{one.cloud_cover:.0f} % clouds"
    return f"{one.id} ({one.time.start:%Y-%m-%d}, {clouds})"


def _ways(products: Sequence[Any], wanted: Wanted) -> list[str]:
    """What would have to be allowed, one thing at a time and as little as will do, else all together, and the pair that it would bring."""
    ladders: tuple[tuple[str, tuple[Any, ...]], ...] = (
        ("cloud_cover", tuple(float(most) for most in range(10, 101, 10) if most > wanted.cloud_cover)),
        ("coverage", (wanted.coverage / 2, wanted.coverage / 4, 0.0)),
        ("days", (2 * wanted.days, 4 * wanted.days, _FAR)),
        ("any_orbit", (True,)),
    )
    found = [_way(products, [replace(wanted, **{name: value}) for value in ladder], wanted) for name, ladder in ladders]
    everything = replace(wanted, **{name: ladder[-1] for name, ladder in ladders if ladder})
    return [text for text in found if text] or [text for text in [_way(products, [everything], wanted)] if text]


def _way(products: Sequence[Any], looser: Sequence[Wanted], wanted: Wanted) -> str:
    """The options that the first of looser wishes needs under which there is a pair, and that pair; empty if there is none."""
    pairs = (_best([one for one in products if not _unfit(one, wish)], wish) for wish in looser)
    best = next((pair for pair in pairs if pair), None)
    if best is None:
        return ""
    before, after, covered = best
    clouds = max(one.cloud_cover or 0.0 for one in (before, after))
    gap = max(wanted.distance(one.time.start, after=late) or 0.0 for one, late in ((before, False), (after, True)))
    needs = [
        (clouds > wanted.cloud_cover, f"--cloudcover {math.ceil(clouds)}"),
        (covered < wanted.coverage, f"--coverage {math.floor(covered * 100)}"),
        (gap > wanted.days, f"--days {math.ceil(gap)}"),
        (_differ(before, after, "relative_orbit"), "--any-orbit"),
    ]
    options = " ".join(text for needed, text in needs if needed)
    return f"{options} would take {_brief(before)} and {_brief(after)}, which cover {covered:.0%} of the area"
