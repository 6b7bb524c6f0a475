"""The data broker: which products there are, and which of them have to do with an area and a period.

Names follow the file naming of Sentinel-5P: ``S5P_OFFL_L2__CO_____<start>_<end>_<orbit>_<collection>_<processor>_<made>.nc``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from earthweave.ontology import Interval, ProductError

from ._area import Area
from ._swath import open_swath

_TIME = r"\d{8}T\d{6}"
_NAME = re.compile(
    rf"S5P_(?P<stream>\w{{4}})_L2__CO_____(?P<start>{_TIME})_(?P<end>{_TIME})_(?P<orbit>\d{{5}})_\w+?_(?P<made>{_TIME})", re.ASCII
)
_STREAMS = ("NRTI", "OFFL", "RPRO")
"""The later, the better: in near real time, off-line, reprocessed."""


@dataclass(frozen=True)
class AirProduct:
    """A product by its name alone.

    Attributes:
        id: without suffix.
        path: where it lies.
        sensed: what the satellite looked at for it, end excluded; None for a file whose name does not say it.
        orbit: absolute number; 0 if the name does not say it.
        stream: ``NRTI``, ``OFFL``, ``RPRO`` …
        made: time of processing, as in the name.
    """

    id: str
    path: Path
    sensed: Interval | None
    orbit: int = 0
    stream: str = ""
    made: str = ""


def product_of(path: Path) -> AirProduct:
    """What the name of a product says."""
    named = _NAME.fullmatch(path.stem)
    if named is None:
        return AirProduct(path.stem, path, None)
    start, end = (datetime.strptime(named[part], "%Y%m%dT%H%M%S").replace(tzinfo=UTC) for part in ("start", "end"))
    return AirProduct(path.stem, path, Interval(min(start, end), max(start, end)), int(named["orbit"]), named["stream"], named["made"])


def find_products(inputs: Path | Sequence[Path], time: Interval | None = None) -> tuple[AirProduct, ...]:
    """The products among files and below folders that can hold measurements of the period, in the order of their names.

    Nothing is opened. Of the same orbit those of the best stream are taken, and of the same measurements the last one made.
    A file counts whatever its name is, below a folder the names of Sentinel-5P CO products count.

    Raises:
        ProductError: an input does not exist, or a folder holds no such product at all.
    """
    paths = (inputs,) if isinstance(inputs, Path) else inputs
    found = [product for path in paths for product in _at(path.expanduser())]
    wanted = (one for one in found if time is None or one.sensed is None or _overlap(one.sensed, time))
    return tuple(sorted(_best(wanted), key=lambda one: one.id))


def meeting(products: Iterable[AirProduct], area: Area) -> tuple[AirProduct, ...]:
    """Those that have a ground pixel at or close to the area; each is opened for where it looked."""
    return tuple(one for one in products if _meets(one.path, area))


def _meets(path: Path, area: Area) -> bool:
    with open_swath(path) as swath:
        return bool(area.near(swath.longitude, swath.latitude).any())


def _at(path: Path) -> list[AirProduct]:
    if path.is_dir():
        found = [product_of(one) for one in path.rglob("S5P_*.nc")]
        known = [one for one in found if one.sensed is not None]
        if not known:
            way_out = "give a folder of products named S5P_…_L2__CO____…nc, or a file"
            raise ProductError(f"{path.name} holds no Sentinel-5P CO product", why=f"{len(found)} files begin with S5P_", way_out=way_out)
        return known
    if not path.is_file():
        raise ProductError(f"{path.name} does not exist", why=f"there is no file or folder {path.name}", way_out="check the path")
    return [product_of(path)]


def _overlap(sensed: Interval, time: Interval) -> bool:
    return sensed.start < time.end and sensed.end >= time.start


def _rank(product: AirProduct) -> int:
    return _STREAMS.index(product.stream) if product.stream in _STREAMS else -1


def _best(products: Iterable[AirProduct]) -> list[AirProduct]:
    """Each measurement once."""
    streams: dict[int, int] = {}
    latest: dict[tuple[object, ...], AirProduct] = {}
    listed = list(products)
    for one in listed:
        streams[one.orbit] = max(streams.get(one.orbit, -1), _rank(one))
    for one in sorted(listed, key=lambda one: (one.made, one.id)):
        if one.sensed is None:
            latest[(one.path,)] = one
        elif _rank(one) == streams[one.orbit]:
            latest[(one.orbit, one.stream, one.sensed.start)] = one
    return list(latest.values())
