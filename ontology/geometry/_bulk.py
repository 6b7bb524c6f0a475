"""WKT literals to well-known binary in bulk by geoarrow's parser, which reads nine times faster than GEOS but less carefully.

It takes upper-case keywords alone, fails a whole batch for one bad row, leaves rings open, and reads ``1.2.3`` or ``16E`` as far as
they are numbers. So rows that may be misread are found beforehand (`_doubtful`) or afterwards (`_broken`), failing batches are
halved until the bad rows are alone, and all those are left to GEOS. Whatever comes out is what GEOS reads from the same text, bit by bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute

from .. import CRS84, Crs
from ..arrow import arrow_of, truths_of
from ._layout import layout, take, words
from ._literals import MAX_CHARACTERS, PREFIX, known_crs

pc: Any = pyarrow.compute  # its kernels are made at import, so that no type checker knows them
_geoarrow: Any
try:
    _geoarrow = import_module("geoarrow.c")
except ImportError:  # GEOS reads everything then
    _geoarrow = None

_FEWEST = 16
"""Shorter lists are read sooner by GEOS alone."""
_ALONE = 4
"""A failing batch is halved down to so many rows."""
_PREFIXES = 16
_LONGEST_NAME = 512
_SHORTEST = len("POINT(0 0)")
_MOST_BYTES = 2**31 - 1
_WKB, _SPACE, _OPEN = 100001, 0x20, ord("<")
_BLOCK = 256 * 1024
_KEYWORD = np.isin(np.arange(256), np.frombuffer(b"PLMZ", dtype=np.uint8))
_MISREAD = (
    r"[0-9.](?:[^0-9.E\s,()]|E(?:[^-+0-9]|[-+][^0-9]|[-+]?[0-9]+[^0-9\s,()]))"  # what follows a number is no part of it
    r"|\.[0-9]*\.|NAN|INF|EMPTY|GEOMETRY"  # collections and empty parts differ in detail
)


@dataclass(frozen=True)
class Parsed:
    """Rows that were read; the others are left to GEOS or refused.

    Attributes:
        wkb: pa.BinaryArray, null where not read.
        crs: int16 (n,), codes.
        read: bool (n,).
        bounds: float64 (n, 4).
        kinds: uint8 (n,).
        vertices: int32 (n,).
    """

    wkb: Any
    crs: Any
    read: Any
    bounds: Any
    kinds: Any
    vertices: Any


class Codes:
    """Numbers of coordinate reference systems in order of appearance."""

    def __init__(self) -> None:
        self.systems: dict[Crs, int] = {}

    def of(self, crs: Crs) -> int:
        """Its number."""
        return self.systems.setdefault(crs, len(self.systems))


def parse_wkt(texts: Any, codes: Codes) -> Parsed | None:
    """Read what can be read fast of a pa.LargeStringArray without nulls; None if nothing can."""
    data, offsets = _buffers(texts)
    if _geoarrow is None or len(texts) < _FEWEST or offsets[-1] - offsets[0] > _MOST_BYTES:
        return None
    data, offsets = data[offsets[0] : offsets[-1]].copy(), offsets - offsets[0]
    crs, skipped = _named(texts, data, offsets, codes)
    length = np.diff(offsets)
    left = (skipped >= 0) & (length - skipped >= _SHORTEST) & (length - skipped <= MAX_CHARACTERS)
    if data.max(initial=0) >= ord("a"):
        data[(data - ord("a")) < 26] -= _SPACE
    left &= ~_doubtful(data, offsets)
    wkb = _converted(_strings(data, offsets, left))
    return _measured(wkb, crs)


def _buffers(texts: Any) -> tuple[Any, Any]:
    _, places, data = texts.buffers()
    offsets = np.frombuffer(places, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data or b"", dtype=np.uint8), offsets


def _strings(data: Any, offsets: Any, valid: Any) -> Any:
    bits = pa.py_buffer(np.packbits(valid, bitorder="little"))
    return pa.StringArray.from_buffers(len(valid), pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data), bits)


def _named(texts: Any, data: Any, offsets: Any, codes: Codes) -> tuple[Any, Any]:
    """Codes of the systems named, and bytes of each name (-1: leave the row to GEOS); names are overwritten with spaces."""
    crs, skipped = np.full(len(texts), -1, dtype=np.int16), np.zeros(len(texts), dtype=np.int64)
    pointed = np.zeros(len(texts), dtype=bool)
    filled = np.flatnonzero(np.diff(offsets))
    pointed[filled] = data[offsets[filled]] == _OPEN
    if not pointed.all():
        crs[~pointed] = codes.of(CRS84)
    for _ in range(_PREFIXES):
        if not pointed.any():
            break
        first = int(np.argmax(pointed))
        name = bytes(data[offsets[first] : offsets[first + 1]][:_LONGEST_NAME]).partition(b">")[0] + b">"
        mine = pointed & truths_of(pc.starts_with(texts, pattern=name.decode(errors="replace")))
        mine[first] = True  # also where the name has no end
        pointed &= ~mine
        written = PREFIX.fullmatch(name.decode(errors="replace"))
        known = known_crs(written[1]) if written and name.isascii() else ""
        if isinstance(known, Crs):
            crs[mine], skipped[mine] = codes.of(known), len(name)
            np.ndarray((len(data) - len(name) + 1,), f"V{len(name)}", buffer=data, strides=(1,))[offsets[:-1][mine]] = b" " * len(name)
        else:
            skipped[mine] = -1
    skipped[pointed] = -1
    return crs, skipped


def _doubtful(data: Any, offsets: Any) -> Any:
    """Rows that geoarrow may read and GEOS refuse, or read otherwise, bool (n,)."""
    found, dot = [], False
    for start in range(0, len(data), _BLOCK):
        wrong, words, dot = _suspects(data, start, min(start + _BLOCK, len(data)), dot)
        found.append((wrong, words))
    rows = np.zeros(len(offsets) - 1, dtype=bool)
    rows[_rows(offsets, np.concatenate([np.empty(0, np.int64), *(wrong for wrong, _ in found)]))] = True
    asked = np.unique(_rows(offsets, np.concatenate([np.empty(0, np.int64), *(words for _, words in found)])))
    asked = asked[~rows[asked]]
    if asked.size:
        strings = _strings(data, offsets, np.ones(len(rows), dtype=bool)).take(arrow_of(asked))
        rows[asked] = truths_of(pc.match_substring_regex(strings, _MISREAD))
    return rows


def _suspects(data: Any, start: int, stop: int, dot: bool) -> tuple[Any, Any, bool]:
    """Bytes where something else than a separator follows a number, and where words begin that are no keyword, in part of the data.

    ``dot`` says, and is told in return, whether the last byte that is no digit was a point.
    """
    part = data[start:stop]
    at = np.flatnonzero((part - ord("0")) > 9)
    if not at.size:
        return at, at, dot
    code = part[at]
    dots = code == ord(".")
    plain = dots | (code == ord(" ")) | (code == ord(",")) | (code == ord("(")) | (code == ord(")"))
    twice = at[dots & np.concatenate([[dot], dots[:-1]])]
    odd = np.flatnonzero(~plain)
    code, at = code[odd], at[odd] + start
    before = data[at - 1]
    follows = (before >= ord(".")) & (before <= ord("9")) & (code > ord(" ")) & (code != ord("E"))
    follows |= (code == ord("+")) & (before != ord("E"))
    begins = (code >= ord("A")) & (before < ord("A"))
    word = at[begins]
    return np.concatenate([twice + start, at[follows]]), word[~_KEYWORD[code[begins]]], bool(dots[-1])


def _rows(offsets: Any, at: Any) -> Any:
    return np.searchsorted(offsets, at, side="right") - 1


class _Tagged:
    """An array under the name of an extension type that nobody need register."""

    def __init__(self, array: Any, name: str) -> None:
        self._array = array
        self._field = pa.field("", array.type, metadata={"ARROW:extension:name": name})

    def __arrow_c_array__(self, requested_schema: Any = None) -> tuple[Any, Any]:
        return self._field.__arrow_c_schema__(), self._array.__arrow_c_array__()[1]


def _converted(strings: Any) -> Any:
    return pa.concat_arrays(_halved(_geoarrow.ScalarFunction("as_geoarrow", type=_WKB), strings))


def _halved(parse: Any, strings: Any) -> list[Any]:
    """The rows as WKB, null in batches of at most `_ALONE` that fail."""
    try:
        found = pa.array(parse(_Tagged(strings, "geoarrow.wkt")))
    except _geoarrow.lib.GeoArrowCException:
        if len(strings) <= _ALONE:
            return [pa.nulls(len(strings), pa.binary())]
        middle = len(strings) // 2
        return _halved(parse, strings[:middle]) + _halved(parse, strings[middle:])
    return [found.storage if isinstance(found, pa.ExtensionArray) else found]


def _measured(wkb: Any, crs: Any) -> Parsed:
    read = truths_of(wkb.is_valid())
    rows = np.flatnonzero(read)
    data, starts = np.frombuffer(wkb.buffers()[2] or b"", dtype=np.uint8), np.frombuffer(wkb.buffers()[1], dtype=np.int32)
    starts = starts[wkb.offset : wkb.offset + len(wkb)][rows].astype(np.int64)
    runs = layout(data, starts, rows)
    kinds, vertices, bounds = np.zeros(len(wkb), np.uint8), np.zeros(len(wkb), np.int32), np.full((len(wkb), 4), np.nan)
    kinds[rows] = words(data, starts + 1) % 1000
    vertices[:] = np.bincount(runs.owner, weights=runs.count, minlength=len(wkb))
    read[_broken(data, runs)] = False
    boxes = pa.array(_geoarrow.ScalarFunction("box")(_Tagged(wkb, "geoarrow.wkb")))
    boxes = boxes.storage if isinstance(boxes, pa.ExtensionArray) else boxes
    bounds[:] = np.column_stack([side.to_numpy(zero_copy_only=False) for side in boxes.flatten()])
    for column in (kinds, vertices):
        column[~read] = 0
    bounds[~read] = np.nan
    return Parsed(wkb, crs, read, bounds, kinds, vertices)


def _broken(data: Any, runs: Any) -> Any:
    """Rows with rings that are open or too short, or lines of one point: GEOS has no such geometries."""
    first, last = take(data, runs.start), take(data, runs.start + np.maximum(runs.count - 1, 0) * runs.spacing)
    open_ring = runs.ring & ((runs.count < 3) | (first != last).any(axis=1))
    return runs.owner[open_ring | (runs.line & (runs.count < 2))]
