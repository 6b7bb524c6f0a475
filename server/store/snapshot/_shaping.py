"""Geometry literals of a load turned into rows of the geometry table, once the axis order of their source is settled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow as pa
import shapely

from earthweave.ontology import CRS84, Axis, Crs, CrsError
from earthweave.ontology.arrow import arrow_of
from earthweave.ontology.geometry import FORMS, AxisOrder, AxisProof, Block, block_proof, normalised, read_block

from ._geometries import EMPTY, READABLE, TURNED, VALID, VALIDITY_KNOWN
from ._terms import TermType

_PREFIX = r"^\s*<([^<>\s]*)>"
_KINDS = np.array([1, 2, 2, 3, 4, 5, 6, 7, 0], dtype=np.uint8)
_ALWAYS_VALID = (1, 4)


@dataclass(frozen=True)
class Reading:
    """Literals of one block as they are written.

    Attributes:
        count: of all.
        blocks: places in the block of literals of one form, and what was read of them.
        given: places of literals whose coordinates were known, and those: WKB in CRS84, longitude first.
        given_crs: IRI of the CRS that each of them is written in, empty if it could not be told.
    """

    count: int
    blocks: tuple[tuple[Any, Block], ...]
    given: Any
    given_wkb: Any
    given_crs: tuple[str, ...]
    proof: AxisProof

    @property
    def doubtful(self) -> bool:
        """True if some literals are under a latitude-first CRS, so that the order of their coordinates depends on the source."""
        return any(crs.latitude_first for _, block in self.blocks for crs in block.systems)


@dataclass(frozen=True)
class Shaped:
    """Rows of the geometry table: CRS84, longitude first.

    Attributes:
        wkb: pyarrow LargeBinaryArray, null where unreadable.
        systems: IRI per code in ``crs`` (int16, -1 unknown).
        problems: places of unreadable literals, ascending, and why.
    """

    wkb: Any
    bounds: Any
    vertices: Any
    kinds: Any
    flags: Any
    crs: Any
    systems: tuple[str, ...]
    problems: tuple[tuple[int, str], ...]


def read(text: Any, code: Any, types: Sequence[TermType], wkb: Any = None) -> Reading:
    """Read literals of any geometry datatype; those with ``wkb`` (not null) are taken as that says."""
    known = np.zeros(len(text), dtype=bool) if wkb is None else wkb.is_valid().to_numpy(zero_copy_only=False)
    blocks = []
    proof = AxisProof(AxisOrder.STRICT)
    for form, codes in _forms(types).items():
        places = np.flatnonzero(np.isin(code, codes) & ~known)
        if len(places):
            texts = text if len(places) == len(text) else text.take(arrow_of(places))
            block = read_block(texts, form)
            proof += block_proof(block, texts)
            blocks.append((places, block))
    given = np.flatnonzero(known)
    given_wkb = None if wkb is None else wkb.take(arrow_of(given))
    systems = _systems(text.take(arrow_of(given)), code[given], types) if len(given) else ()
    return Reading(len(text), tuple(blocks), given, given_wkb, systems, proof)


def _forms(types: Sequence[TermType]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for code, kind in enumerate(types):
        if kind.datatype in FORMS:
            found.setdefault(FORMS[kind.datatype], []).append(code)
    return found


def _systems(text: Any, code: Any, types: Sequence[TermType]) -> tuple[str, ...]:
    """IRI of the CRS of each literal from its beginning alone."""
    heads = cast(pl.Series, pl.from_arrow(text)).str.extract(_PREFIX).fill_null("").to_list()
    forms = [FORMS[types[one].datatype] for one in code.tolist()]
    return tuple(_system(head, form) for head, form in zip(heads, forms, strict=True))


def _system(head: str, form: str) -> str:
    if form == "gml":
        return ""
    return _iri(head) if form == "wkt" and head else CRS84.iri


@lru_cache(maxsize=256)
def _iri(text: str) -> str:
    try:
        return Crs.parse(text).iri
    except CrsError:
        return ""


def settle(reading: Reading, order: AxisOrder, proof: AxisProof) -> Shaped:
    """The rows of some literals under an axis order.

    Args:
        order: what the caller wants; ``LONLAT`` holds for every literal that names a CRS.
        proof: of the whole source, for ``AUTO``: it speaks for degrees alone, and eastings and northings stay as their authority writes
            them.
    """
    table = _Table(reading.count)
    for places, block in reading.blocks:
        table.put(places, block, order, proof)
    if len(reading.given):
        table.put_given(reading.given, reading.given_wkb, reading.given_crs)
    return table.shaped()


class _Table:
    """Rows that are filled form by form."""

    def __init__(self, count: int) -> None:
        self._bounds = np.full((count, 4), np.nan)
        self._vertices, self._kinds = np.zeros(count, np.int32), np.zeros(count, np.uint8)
        self._flags, self._crs = np.zeros(count, np.uint8), np.full(count, -1, np.int16)
        self._systems: dict[str, int] = {}
        self._problems: dict[int, str] = {}
        self._places: list[Any] = []
        self._wkb: list[Any] = []

    def put(self, places: Any, block: Block, order: AxisOrder, proof: AxisProof) -> None:
        """Rows of one form."""
        self._crs[places] = np.array([self._system(crs.iri) for crs in block.systems] + [-1], dtype=np.int16)[block.crs]
        turned = np.array([_turns(crs, order, proof) for crs in block.systems] + [False], dtype=bool)[block.crs]
        self._flags[places[turned]] |= TURNED
        block = normalised(block, order, proof)
        self._bounds[places], self._vertices[places], self._kinds[places] = block.bounds, block.vertices, block.kinds
        readable = block.wkb.is_valid().to_numpy(zero_copy_only=False)
        self._flags[places] |= np.where(readable, READABLE, 0).astype(np.uint8)
        self._problems.update((int(places[problem.index]), problem.reason) for problem in block.problems)
        self._places.append(places)
        self._wkb.append(block.wkb)

    def _system(self, iri: str) -> int:
        return self._systems.setdefault(iri, len(self._systems))

    def put_given(self, places: Any, wkb: Any, systems: tuple[str, ...]) -> None:
        """Rows whose coordinates were known."""
        shapes = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False), on_invalid="ignore")
        missing = shapely.is_missing(shapes)
        self._bounds[places] = shapely.bounds(shapes)
        self._vertices[places] = shapely.get_num_coordinates(shapes)
        self._kinds[places] = _KINDS[shapely.get_type_id(shapes)]
        self._flags[places] |= np.where(missing, 0, READABLE).astype(np.uint8)
        self._crs[places] = [self._system(iri) if iri else -1 for iri in systems]
        self._problems.update((int(row), "the well-known binary that came with it cannot be read") for row in places[missing])
        self._places.append(places)
        self._wkb.append(wkb)

    def shaped(self) -> Shaped:
        """All rows."""
        readable = (self._flags & READABLE) != 0
        self._flags[readable & np.isnan(self._bounds[:, 0])] |= EMPTY
        # points cannot be invalid; for the rest it would cost more than the load itself to find out
        self._flags[np.isin(self._kinds, _ALWAYS_VALID)] |= VALID | VALIDITY_KNOWN
        problems = tuple((row, self._problems[row]) for row in sorted(self._problems))
        columns = (self._bounds, self._vertices, self._kinds, self._flags, self._crs)
        return Shaped(self._ordered_wkb(), *columns, tuple(self._systems), problems)

    def _ordered_wkb(self) -> Any:
        if len(self._wkb) == 1 and len(self._wkb[0]) == len(self._kinds):
            return self._wkb[0]
        if not self._wkb:
            return pa.array([], pa.large_binary())
        order = np.empty(len(self._kinds), dtype=np.int64)
        order[np.concatenate(self._places)] = np.arange(len(order))
        return pa.concat_arrays(self._wkb).take(arrow_of(order))


def _turns(crs: Crs, order: AxisOrder, proof: AxisProof) -> bool:
    """True if a literal is read longitude first against the order of its CRS."""
    if order is AxisOrder.AUTO:
        return proof.order is AxisOrder.LONLAT and crs.latitude_first
    return order is AxisOrder.LONLAT and crs.axis is Axis.YX


def turns(iri: str, order: AxisOrder, proof: AxisProof) -> bool:
    """True if literals of the CRS with this IRI are read longitude first against its order; see `settle`."""
    return _turns(Crs.parse(iri), order, proof)


def latitude_first(iri: str) -> bool:
    """True for a latitude-first CRS in degrees."""
    return Crs.parse(iri).latitude_first
