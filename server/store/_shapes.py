"""Inside a worker: geometry literals parsed once, under the axis order of their source, within a budget of memory."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import GEO, CrsError
from earthweave.ontology.geometry import AxisOrder, read_wkt, split_crs

from ._types import Notice

_OVERHEAD = 1000
_PREPARE_AFTER = 8
_SHOWN = 100
FOREIGN = {str(GEO.gmlLiteral): "GML", str(GEO.geoJSONLiteral): "GeoJSON", str(GEO.kmlLiteral): "KML", str(GEO.dggsLiteral): "DGGS"}
"""Datatypes of geometries that are not read yet."""


def lexical_hash(lexical: str) -> int:
    """A 64-bit name of a literal (BLAKE2b)."""
    return int.from_bytes(blake2b(lexical.encode(), digest_size=8).digest(), "big")


def write_hashes(path: Path, hashes: Iterable[int]) -> None:
    """Write the sidecar: sorted, each once."""
    with path.open("wb") as stream:
        np.save(stream, np.unique(np.fromiter(hashes, dtype=np.uint64)))


def read_hashes(path: Path) -> Any:
    """The sidecar, mapped into memory; empty if there is none."""
    return np.load(path, mmap_mode="r") if path.exists() else np.empty(0, dtype=np.uint64)


@dataclass
class Tally:
    """What went wrong inside functions during one query, where nothing may be raised."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str], str] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)

    def note(self, code: str, reason: str, sample: str = "") -> None:
        """Count one failure."""
        self.counts[code, reason] += 1
        self.samples.setdefault((code, reason), sample)

    def notices(self, *, empty: bool) -> list[Notice]:
        """Sentences about it; for an empty answer also what was called how often."""
        found = [Notice(key[0], _sentence(key[1], count, self.samples[key])) for key, count in self.counts.most_common(20)]
        if empty and self.calls:
            called = ", ".join(f"geof:{name} {count:,} times" for name, count in self.calls.most_common())
            failed = self.counts.total()
            end = f"{failed:,} of the calls failed" if failed else "none of the calls failed: no geometries met the condition"
            found.append(Notice("no-rows", f"the answer is empty; {called}; {end}"))
        return found


def _sentence(reason: str, count: int, sample: str) -> str:
    return f"{reason} ({count:,} {'time' if count == 1 else 'times'}{f', e.g. {shorten(sample)}' if sample else ''})"


def shorten(text: str) -> str:
    """The beginning of a long literal."""
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


class Shape:
    """A parsed literal: geometry in CRS84, its box, and how often it led a comparison."""

    __slots__ = ("bounds", "geometry", "points", "_uses")

    def __init__(self, geometry: Any) -> None:
        self.geometry = geometry
        self.bounds: tuple[float, float, float, float] = geometry.bounds if not geometry.is_empty else (np.nan, np.nan, np.nan, np.nan)
        self.points = int(shapely.get_num_coordinates(geometry))
        self._uses = 0

    def leading(self) -> Any:
        """The geometry as left side of a predicate; prepared once that pays. Only one thread ever sees it."""
        self._uses += 1
        if self._uses == _PREPARE_AFTER:
            shapely.prepare(self.geometry)
        return self.geometry

    def apart(self, other: Shape) -> bool:
        """True if the boxes do not even touch; empty geometries are left to GEOS."""
        a, b = self.bounds, other.bounds
        return a[0] > b[2] or b[0] > a[2] or a[1] > b[3] or b[1] > a[3]


class Shapes:
    """Literal → shape, least recently used forgotten beyond a budget of bytes. An unreadable one keeps its reason."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._held: OrderedDict[str, tuple[Shape | None, str, int]] = OrderedDict()
        self._bytes = 0
        self._lonlat: Any = np.empty(0, dtype=np.uint64)

    def use(self, lonlat: Any) -> None:
        """Read under another sidecar from now on."""
        self._lonlat = lonlat
        self._held.clear()
        self._bytes = 0

    def lonlat(self, lexical: str) -> bool:
        """True if the literal came from a source that writes longitude first under a latitude-first CRS."""
        if not len(self._lonlat) or not names_crs(lexical):
            return False
        key = np.uint64(lexical_hash(lexical))
        position = int(np.searchsorted(self._lonlat, key))
        return position < len(self._lonlat) and bool(self._lonlat[position] == key)

    def get(self, lexical: str) -> tuple[Shape | None, str]:
        """The shape, or None and the reason."""
        held = self._held.get(lexical)
        if held is None:
            held = self._read(lexical)
            self._held[lexical] = held
            self._bytes += held[2]
            self._forget()
        else:
            self._held.move_to_end(lexical)
        return held[0], held[1]

    def _read(self, lexical: str) -> tuple[Shape | None, str, int]:
        order = AxisOrder.LONLAT if self.lonlat(lexical) else AxisOrder.STRICT
        column = read_wkt([lexical], order)
        size = 2 * len(lexical) + _OVERHEAD
        if column.problems:
            return None, column.problems[0].reason, size
        shape = Shape(column.geometries[0])
        return shape, "", size + 64 * shape.points

    def _forget(self) -> None:
        while self._bytes > self._budget and len(self._held) > 2:
            self._bytes -= self._held.popitem(last=False)[1][2]


def names_crs(lexical: str) -> bool:
    """True if a literal names a CRS: only such can be read in two ways."""
    return lexical.lstrip().startswith("<")


def latitude_first(lexical: str) -> bool:
    """True if a literal names a latitude-first system of degrees, under which some write longitude first."""
    if not names_crs(lexical):
        return False
    try:
        return split_crs(lexical)[0].latitude_first
    except CrsError:
        return False


def crs_iri(lexical: str) -> str:
    """IRI of the CRS that a literal is in."""
    return split_crs(lexical)[0].iri
