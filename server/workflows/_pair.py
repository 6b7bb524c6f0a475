"""The pair of scenes nearest before and after a period, and why: a choice among what a catalogue has, without looking at pixels.

::

    products ──unfit alone? (clouds, cover, dates)──▶ rejected
        ╰──▶ before × after ──▶ same tile, same orbit, nearest to the period, most of the area, fewest clouds ──▶ pair
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import shapely

from earthweave.ontology import Interval, ParameterError, ProcessingError
from earthweave.ontology.geometry import area_m2

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wanted:
    """What a pair must meet.

    Attributes:
        first, last: days of the period, UTC.
        area: of interest, lon lat.
        cloud_cover: most, percent of a scene.
        coverage: least share of the area that both scenes cover together, 0 … 1.
        days: how far before the first or after the last day a scene may be.
    """

    first: datetime
    last: datetime
    area: Any
    cloud_cover: float
    coverage: float
    days: int

    @property
    def search(self) -> Interval:
        """When to look for scenes."""
        return Interval(_midnight(self.first) - self.days * _DAY, _midnight(self.last) + (self.days + 1) * _DAY)

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
    """

    before: Any
    after: Any
    covered: float
    why: str
    rejected: tuple[Rejected, ...]

    def figures(self) -> dict[str, Any]:
        """As JSON values, for the record of the run."""
        rejected = [{"id": one.id, "why": one.why} for one in self.rejected]
        return {
            "before": self.before.id,
            "after": self.after.id,
            "covered": round(self.covered, 4),
            "why": self.why,
            "rejected": rejected,
        }


def choose_pair(found: Iterable[Any], wanted: Wanted) -> Pair:
    """The best pair; raises `ProcessingError` that counts the reasons if there is none."""
    products = sorted(found, key=lambda one: (one.time.start, one.id))
    unfit = {one.id: why for one in products if (why := _unfit(one, wanted))}
    fit = [one for one in products if one.id not in unfit]
    pairs = sorted(_pairs(fit, wanted), key=lambda pair: pair[0])
    if not pairs:
        raise _none(products, fit, unfit, wanted)
    rank, before, after = pairs[0]
    others = [one for one in fit if one.id not in (before.id, after.id)]
    rejected = [*(Rejected(id, why) for id, why in unfit.items()), *(Rejected(one.id, _worse(one, before, after)) for one in others)]
    return Pair(before, after, -rank[3], _reason(before, after, rank, wanted), tuple(rejected))


def _unfit(one: Any, wanted: Wanted) -> str:
    """Why a product cannot be part of any pair; empty if it can."""
    gaps = [wanted.distance(one.time.start, after=after) for after in (False, True)]
    near = [gap for gap in gaps if gap is not None]
    if not near:
        return "taken inside the period"
    if min(near) > wanted.days:
        return f"taken {min(near):.0f} days from the period, more than {wanted.days}"
    if one.cloud_cover is not None and one.cloud_cover > wanted.cloud_cover:
        return f"{one.cloud_cover:.0f} % cloud cover, more than {wanted.cloud_cover:g} %"
    share = _share(one.footprint, wanted.area)
    return f"covers {share:.0%} of the area, less than {wanted.coverage:.0%}" if share < wanted.coverage or not share else ""


def _share(footprint: Any, area: Any) -> float:
    """Share of the area that a footprint covers."""
    if footprint is None:
        return 0.0
    whole = float(area_m2(area))
    return float(area_m2(shapely.intersection(footprint, area))) / whole if whole else 0.0


Rank = tuple[bool, bool, int, float, float, str, str]


def _pairs(fit: list[Any], wanted: Wanted) -> Iterator[tuple[Rank, Any, Any]]:
    for before in fit:
        ahead = wanted.distance(before.time.start, after=False)
        for after in fit:
            behind = wanted.distance(after.time.start, after=True)
            if ahead is None or behind is None or max(ahead, behind) > wanted.days or after.time.start <= before.time.start:
                continue
            covered = _share(shapely.intersection(before.footprint, after.footprint), wanted.area)
            if covered < wanted.coverage or not covered or _levels_differ(before, after):
                continue
            clouds = sum(one.cloud_cover or 0.0 for one in (before, after))
            tile, orbit = (not _same(before, after, name) for name in ("tile", "relative_orbit"))
            yield (tile, orbit, round(ahead + behind), -covered, clouds, before.id, after.id), before, after


def _same(one: Any, other: Any, name: str) -> bool:
    return getattr(one, name) is not None and getattr(one, name) == getattr(other, name)


def _levels_differ(one: Any, other: Any) -> bool:
    """S2-CD compares scenes of one level only."""
    return None not in (one.level, other.level) and one.level != other.level


def _reason(before: Any, after: Any, rank: Rank, wanted: Wanted) -> str:
    tile = f"the same tile {before.tile}" if not rank[0] else "different or unknown tiles, for no pair has the same"
    orbit = f"relative orbit {before.relative_orbit}" if not rank[1] else "not known to be from the same orbit"
    clouds = ", ".join("clouds unknown" if one.cloud_cover is None else f"{one.cloud_cover:.0f} % clouds" for one in (before, after))
    days = f"{rank[2]} days from the period together" if rank[2] else "on its first and last day"
    period = f"{wanted.first:%Y-%m-%d} – {wanted.last:%Y-%m-%d}"
    return f"nearest to {period} ({days}), {tile}, {orbit}; {clouds}; covers {-rank[3]:.0%} of the area"


def _worse(one: Any, before: Any, after: Any) -> str:
    """Why a product that would do was not taken."""
    if not (_same(one, before, "tile") or _same(one, after, "tile")):
        return "of another tile than the pair"
    if not (_same(one, before, "relative_orbit") or _same(one, after, "relative_orbit")):
        return "of another orbit than the pair"
    if _levels_differ(one, before):
        return "of another level than the pair"
    return "farther from the period, or covers less, than the one taken"


def _none(products: list[Any], fit: list[Any], unfit: dict[str, str], wanted: Wanted) -> ProcessingError:
    period = f"{wanted.first:%Y-%m-%d} – {wanted.last:%Y-%m-%d}"
    if not products:
        why = f"the catalogue has no scene of the area from {wanted.days} days before to {wanted.days} days after"
    else:
        reasons = Counter(unfit.values())
        left = f"; {len(fit)} would do alone, but no two of them lie before and after, are of one level and cover the area" if fit else ""
        why = f"{len(products)} scenes: " + "; ".join(f"{count} {reason}" for reason, count in reasons.most_common(5)) + left
    return ProcessingError(
        f"no pair of scenes was found before and after {period}",
        why=why.replace("scenes: ;", "scenes;"),
        way_out="allow more (--days, --cloudcover, --coverage), name a smaller area, add scenes, or give the pair: --input1 --input2",
    )


def local_path(product: Any) -> Path:
    """Where a product lies on this machine; raises `ParameterError` with its name if it has to be fetched first."""
    for _, href, _ in product.links:
        path = Path(href.removeprefix("file://"))
        if "://" not in href.removeprefix("file://") and path.exists():
            return path
    raise ParameterError(
        f"{product.id} lies in the catalogue {product.catalogue}, not on this machine",
        why="the change detection reads files",
        way_out="download the pair into a folder and give that folder: --scenes FOLDER",
    )
