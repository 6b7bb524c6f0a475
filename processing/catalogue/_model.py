"""What is searched, what is found, and what every catalogue can do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import shapely

from earthweave.ontology import Interval, ParameterError, ProgressSink, silent

from ._footprint import placed

Link = tuple[str, str, str]
"""What it is (``data``, ``thumbnail``, ``self``, the key of an asset), where it lies, its media type or an empty text."""


@dataclass(frozen=True)
class Search:
    """What a user wants to find. All that is given must hold.

    Attributes:
        collection: ``SENTINEL-1`` … ``SENTINEL-5P``, which every catalogue understands, or a collection's own name in the catalogue.
        area: shapely geometry, lon lat in CRS84, that the footprint must meet; longitudes beyond ±180 go on behind the antimeridian.
        time: interval that the acquisition must meet.
        cloud_cover: most percent of clouds; products that do not tell are left out then.
        level: of processing, e.g. ``L1C``.
        product_type: as the catalogue writes it, e.g. ``S2MSI1C``, or a part of that, e.g. ``GRD``.
        limit: products at most.
    """

    collection: str = "SENTINEL-2"
    area: Any = None
    time: Interval | None = None
    cloud_cover: float | None = None
    level: str | None = None
    product_type: str | None = None
    limit: int = 50

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ParameterError(f"a search for {self.limit} products", way_out="the limit is 1 or more")
        if self.cloud_cover is not None and not 0 <= self.cloud_cover <= 100:
            raise ParameterError(f"a cloud cover of {self.cloud_cover:g}", why="it is in percent", way_out="give 0 … 100")
        if self.area is not None:
            object.__setattr__(self, "area", _area(self.area))


def _area(area: Any) -> Any:
    west, south, east, north = shapely.bounds(area)
    if not (-540 <= west <= east <= 540 and -90 <= south <= north <= 90):
        raise ParameterError(
            "the area of a search is empty or not on Earth", why=f"bounds {west} {south} {east} {north}", way_out="give lon lat degrees"
        )
    return placed(area)


@dataclass(frozen=True)
class Found:
    """A product that a catalogue has.

    Attributes:
        id: the product's own name without suffix, the same in every catalogue, if the catalogue tells it; else its id there.
        title: for people.
        catalogue, collection: where it was found.
        platform: e.g. ``sentinel-2a``.
        product_type: as the catalogue writes it.
        level: e.g. ``L1C``.
        time: of acquisition.
        footprint: shapely, lon lat in CRS84, cut at the antimeridian; no longitude is beyond ±180.
        cloud_cover: percent.
        tile: of the military grid, e.g. ``56HKH``.
        relative_orbit: number of the track.
        size: bytes.
        links: where it lies; the one called ``data`` is the whole product.
        properties: all else that the catalogue says, in its own words.
        key: id in the catalogue.
        simulated: true if a simulator made it.
    """

    id: str
    title: str
    catalogue: str
    collection: str
    platform: str | None
    product_type: str | None
    level: str | None
    time: Interval
    footprint: Any
    cloud_cover: float | None = None
    tile: str | None = None
    relative_orbit: int | None = None
    size: int | None = None
    links: tuple[Link, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    key: str = ""
    simulated: bool = False

    def link(self, *names: str) -> str | None:
        """Where the first link of one of these names leads."""
        return next((href for name in names for rel, href, _ in self.links if rel == name), None)


class Catalogue(Protocol):
    """Something that products can be found in.

    Attributes:
        name: for people and for IRIs.
        notices: what should be known about the last search, one sentence each.
    """

    name: str
    notices: list[str]

    def search(self, search: Search, progress: ProgressSink = silent) -> Iterator[Found]:
        """The products that meet the search, each once, in the catalogue's order."""
        ...


def matches(search: Search, found: Found) -> bool:
    """Whether a product meets all but the collection of a search: what a catalogue cannot be asked is checked here."""
    return (
        (search.cloud_cover is None or (found.cloud_cover is not None and found.cloud_cover <= search.cloud_cover))
        and (search.level is None or (found.level or "").upper() == search.level.upper())
        and (search.product_type is None or search.product_type.upper() in (found.product_type or "").upper())
        and (search.time is None or _overlaps(search.time, found.time))
        and (search.area is None or bool(shapely.intersects(search.area, found.footprint)))
    )


def _overlaps(wanted: Interval, taken: Interval) -> bool:
    """Whether a product was taken in a half-open interval; an instant meets what holds it."""
    return (taken.start < wanted.end or taken.start == wanted.start) and taken.end >= wanted.start


def spans(time: Interval) -> tuple[str, str]:
    """Comparison of the first and the last moment of products with an interval, as catalogues with operators write it: half open, but
    an instant holds itself."""
    return ("le" if time.start == time.end else "lt"), "ge"
