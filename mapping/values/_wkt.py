"""Well-known text of whole columns that need not be read, because it is written already as it would be (OGC 06-103r4, §7)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from earthweave.ontology.geometry import MAX_CHARACTERS

from ._arrow import pc

_MOST_DIGITS = 7
"""Decimals, and with one more digits before the point: fifteen together, which every double keeps."""
_WORD = 8
_WINDOW = len("-12345678.1234567 -12345678.1234567,")
_BEFORE, _BEHIND = len("POLYGON (("), len("))")
"""Bytes around a ring; a multipolygon has `_MORE` in front of it, and one behind."""
_MORE = len("MULTI(")


def written(texts: Any, digits: int) -> Any:
    """Rows that are what GEOS would write of them with at most ``digits`` decimals (-1: all), bool (n,); others may be that too.

    These are points, lines, polygons without holes and multipolygons of one of those, XY, whose rings are closed and whose numbers are of
    moderate size and do not begin with a zero.
    """
    found = pc.match_substring_regex(texts, pattern=_form(_MOST_DIGITS if digits < 0 else min(digits, _MOST_DIGITS)))
    good = np.array(pc.and_(found, pc.less_equal(pc.binary_length(texts), MAX_CHARACTERS)).fill_null(False))
    if good.any():
        good[good] = _closed(texts, good)
    return good


@cache
def _form(digits: int) -> str:
    number = "-?[1-9][0-9]{0,7}" + (rf"(?:\.[0-9]{{0,{digits - 1}}}[1-9])?" if digits else "")
    point = f"{number} {number}"
    ring = rf"\({point}(?:, {point}){{3,}}\)"
    return rf"\A(?:POINT \({point}\)|LINESTRING \({point}(?:, {point})+\)|POLYGON \({ring}\)|MULTIPOLYGON \(\({ring}\)\))\z"


def _closed(texts: Any, which: Any) -> Any:
    """Which of some rows of that form have no ring, or one that is seen to end where it begins."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset: texts.offset + len(texts) + 1].astype(np.int64)
    data, begin, end = np.frombuffer(texts.buffers()[2], np.uint8), offsets[:-1][which], offsets[1:][which]
    multi = data[begin] == ord("M")
    start, stop = begin + _BEFORE + multi * _MORE, end - _BEHIND - multi
    closed = data[begin + 2] != ord("L")  # the third letter of POLYGON and MULTIPOLYGON alone
    rings = np.flatnonzero(~closed & (start + _WINDOW <= len(data)))
    if rings.size:
        closed[rings] = _same_ends(data, start[rings], stop[rings])
    return closed


def _same_ends(data: Any, start: Any, stop: Any) -> Any:
    """Whether the first coordinate is the last, byte by byte, and fills a word at least."""
    first = np.ndarray((len(data) - _WINDOW + 1,), f"V{_WINDOW}", data, strides=(1,))[start]
    length = (first.view(np.uint8).reshape(-1, _WINDOW) == ord(",")).argmax(axis=1)
    words, last = np.ndarray((len(data) - _WORD + 1,), "<u8", data, strides=(1,)), stop - np.maximum(length, _WORD)
    same = (length >= _WORD) & (data[last - 1] == ord(" ")) & (data[last - 2] == ord(","))
    for step in range(0, _WINDOW, _WORD):
        at = np.clip(length - _WORD, 0, step)
        same &= words[start + at] == words[last + at]
    return same
