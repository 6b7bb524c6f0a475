"""Literals read in bulk: text in, well-known binary and what an index needs out; each unreadable one is told.

::

    texts ──read_block──▶ Block (order as written) ──block_proof──▶ AxisProof
                              └──────────────────── normalised ──▶ Block (CRS84, longitude first)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute
import shapely

from .. import CRS84, Crs, CrsError
from ..arrow import arrow_of, blob_array, blobs_of, text_array, truths_of
from ._bulk import Codes, parse_wkt
from ._documents import parse_documents
from ._layout import layout, places, put, take
from ._literals import AxisOrder, AxisProof, Problem, beyond, parse, prove, swaps, told
from ._strdf import restated
from ._transform import alike, moved

pc: Any = pyarrow.compute  # its kernels are made at import, so that no type checker knows them
_PART, _ROWS = 8 * 1024 * 1024, 1024
"""Bytes of text, and rows of well-known binary, that are worked on at a time."""
_COLUMNS = ("crs", "bounds", "kinds", "vertices")
_CODES = np.array([1, 2, 2, 3, 4, 5, 6, 7, 0], dtype=np.uint8)
"""OGC type code of each shapely type; None (-1) is the last one."""


@dataclass(frozen=True)
class Block:
    """Geometries of some literals, in the order in which their coordinates are written.

    Attributes:
        wkb: pa.LargeBinaryArray, ISO WKB, little-endian; null where unreadable.
        crs: int16 per row, place in ``systems``; -1 where the CRS could not be told.
        systems: the coordinate reference systems that occur.
        bounds: float64 (n, 4): least first, least second, greatest first, greatest second coordinate; NaN where empty or unreadable.
        kinds: uint8 per row, geometry type code of OGC 06-103r4 (1 point … 7 collection); 0 where unreadable.
        vertices: int32 per row.
        problems: one per unreadable literal, by index.
    """

    wkb: Any
    crs: Any
    systems: tuple[Crs, ...]
    bounds: Any
    kinds: Any
    vertices: Any
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.wkb)

    def shapes(self) -> Any:
        """Object array of shapely geometries, made afresh; None where unreadable."""
        return shapely.from_wkb(blobs_of(self.wkb))


def read_block(texts: Any, form: str = "wkt") -> Block:
    """Read literals of one form as they are written, without turning or moving anything.

    An empty literal is an empty geometry. What `read_wkt` refuses is refused here too, but for the place on Earth, which `normalised`
    checks. WKT is read by geoarrow where that is sure to give what GEOS gives, the rest by GEOS.

    Args:
        texts: pa.LargeStringArray, pa.StringArray or a sequence of str; null is a problem.
        form: ``wkt``, ``strdf`` (`restated`), ``gml``, ``geojson`` or ``kml``.
    """
    array = _text_array(texts)
    codes = Codes()
    parts = [_read_part(array[start:stop], form, codes, start) for start, stop in _parts(array)]
    return _joined(parts, tuple(codes.systems))


def _text_array(texts: Any) -> Any:
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    array = texts if isinstance(texts, pa.Array) else text_array(list(texts))
    return array if pa.types.is_large_string(array.type) else array.cast(pa.large_string())


def _parts(array: Any) -> list[tuple[int, int]]:
    """Ranges of rows of about `_PART` bytes each, which stay in the cache of the processor."""
    if not len(array):
        return [(0, 0)]
    offsets = np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    parts, start = [], 0
    while start < len(array):
        stop = int(np.searchsorted(offsets, offsets[start] + _PART, side="right")) - 1
        stop = min(max(stop, start + 1), len(array))
        parts.append((start, stop))
        start = stop
    return parts


@dataclass
class _Part:
    """Columns of some rows of a block; problems by index in the whole."""

    wkb: Any
    crs: Any
    bounds: Any
    kinds: Any
    vertices: Any
    problems: dict[int, str]


def _read_part(texts: Any, form: str, codes: Codes, start: int) -> _Part:
    null = truths_of(texts.is_null())
    if null.any():
        texts = texts.fill_null("null")  # which is no geometry in any form
    if form == "strdf":
        texts, form = restated(texts), "wkt"
    fast = parse_wkt(texts, codes) if form == "wkt" else None
    if fast is None:
        part = _read_slowly(texts, form, codes)
    else:
        part = _Part(fast.wkb, fast.crs, fast.bounds, fast.kinds, fast.vertices, {})
        _mend(part, texts, np.flatnonzero(~fast.read), codes)
    for row in np.flatnonzero(null).tolist():
        part.problems[row] = "no text"
    part.problems = {start + row: reason for row, reason in part.problems.items()}
    return part


def _mend(part: _Part, texts: Any, rows: Any, codes: Codes) -> None:
    """Put in what GEOS says of some rows."""
    if not rows.size:
        return
    slow = _read_slowly(texts.take(arrow_of(rows)), "wkt", codes)
    mask = np.zeros(len(texts), dtype=bool)
    mask[rows] = True
    part.wkb = pc.replace_with_mask(part.wkb, arrow_of(mask), slow.wkb.cast(part.wkb.type))
    for name in _COLUMNS:
        getattr(part, name)[rows] = getattr(slow, name)
    part.problems = {int(rows[row]): reason for row, reason in slow.problems.items()}


def _read_slowly(texts: Any, form: str, codes: Codes) -> _Part:
    crs, raw, problems = parse(texts.to_pylist()) if form == "wkt" else parse_documents(texts.to_pylist(), form)
    numbers = np.array([-1 if one is None else codes.of(one) for one in crs], dtype=np.int16)
    return _described(raw, numbers, problems)


def _described(raw: Any, crs: Any, problems: dict[int, str]) -> _Part:
    kinds = _CODES[shapely.get_type_id(raw)]
    wkb = blob_array(shapely.to_wkb(raw, flavor="iso", byte_order=1).tolist() if len(raw) else [])
    return _Part(wkb, crs, shapely.bounds(raw).reshape(-1, 4), kinds, shapely.get_num_coordinates(raw).astype(np.int32), problems)


def _joined(parts: list[_Part], systems: tuple[Crs, ...]) -> Block:
    wkb = pa.concat_arrays([part.wkb.cast(pa.large_binary()) for part in parts])
    crs, bounds, kinds, vertices = (np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS)
    problems = {index: reason for part in parts for index, reason in part.problems.items()}
    return Block(wkb, crs, systems, bounds, kinds, vertices, told(problems))


def block_proof(block: Block, texts: Any) -> AxisProof:
    """What `prove_axis` says of the literals of a block, from the bounds as they were read; ``texts`` gives the samples."""
    first = np.array([crs.latitude_first for crs in block.systems] + [False])[block.crs]
    return prove(texts, first & (block.kinds > 0), block.bounds)


def normalised(block: Block, order: AxisOrder, proof: AxisProof | None = None) -> Block:
    """The same geometries in CRS84, longitude first; one system, code 0. Those that end beyond the Earth become problems.

    Args:
        block: as `read_block` gives it.
        order: ``STRICT`` follows the authority; ``LONLAT`` takes the first coordinate for x in every system; ``AUTO`` takes what
            ``proof`` says for latitude-first degrees, and the authority's order for all else.
        proof: of the whole source, see `block_proof`; needed for ``AUTO`` alone.
    """
    problems = {problem.index: problem.reason for problem in block.problems}
    wkb, bounds = _placed(block, {crs: swaps(crs, order, proof) for crs in block.systems}, problems)
    problems |= beyond(bounds, (block.vertices > 0) & ~np.isin(np.arange(len(block)), list(problems)))
    read = np.ones(len(block), dtype=bool)
    read[list(problems)] = False
    if not read.all():
        wkb, bounds[~read] = pc.if_else(arrow_of(read), wkb, None), np.nan
    codes = np.where(block.crs >= 0, 0, -1).astype(np.int16)
    return Block(wkb, codes, (CRS84,), bounds, np.where(read, block.kinds, 0), np.where(read, block.vertices, 0), told(problems))


def _placed(block: Block, turned: dict[Crs, bool], problems: dict[int, str]) -> tuple[Any, Any]:
    """WKB and bounds after the change of those systems that need one."""
    moving = [code for code, crs in enumerate(block.systems) if turned[crs] or not alike(crs, CRS84)]
    rows = {code: np.flatnonzero((block.crs == code) & (block.kinds > 0)) for code in moving}
    bounds = block.bounds.copy()
    validity, offsets, data = block.wkb.buffers()
    if data is None or not any(one.size for one in rows.values()):
        return block.wkb, bounds
    changed = np.frombuffer(data, dtype=np.uint8).copy()
    starts = np.frombuffer(offsets, dtype=np.int64)[block.wkb.offset :]
    for code, mine in rows.items():
        crs = block.systems[code]
        try:
            for some in np.split(mine, range(_ROWS, len(mine), _ROWS)):
                bounds[some] = _rewritten(changed, starts[some], crs, turned[crs])
        except CrsError as error:
            problems.update((index, error.what) for index in mine.tolist())
    buffers = [validity, offsets, pa.py_buffer(changed)]
    return pa.Array.from_buffers(pa.large_binary(), len(block), buffers, offset=block.wkb.offset), bounds


def _rewritten(data: Any, starts: Any, crs: Crs, turned: bool) -> Any:
    """New bounds of the blobs that begin at these bytes, whose vertices are moved to CRS84 in place."""
    at, owner = places(layout(data, starts, np.arange(len(starts))))
    points = take(data, at)
    filled = ~np.isnan(points[:, 0])
    if not filled.all():  # empty points are written as NaN
        at, owner, points = at[filled], owner[filled], points[filled]
    points = moved(points[:, ::-1] if turned else points, crs, CRS84)
    put(data, at, points)
    bounds = np.full((len(starts), 4), np.nan)
    if len(owner):
        first = np.flatnonzero(np.diff(owner, prepend=-1))
        bounds[owner[first]] = np.hstack([np.minimum.reduceat(points, first), np.maximum.reduceat(points, first)])
    return bounds
