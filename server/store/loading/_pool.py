"""Distinct terms of a block, gathered type by type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyoxigraph as ox

from ..snapshot import Terms, TermType
from ._arrow import pc

_PCHAR = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
_QUERY = rf"(?:\?(?:{_PCHAR}|\?)*)?(?:#(?:{_PCHAR}|\?)*)?"
_PLAIN_IRI = (
    rf"^[A-Za-z][A-Za-z0-9+.-]*:(?://[A-Za-z0-9._~-]*(?::[0-9]{{1,5}})?(?:/{_PCHAR}*)?"
    rf"|(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{{2}}){_PCHAR}*){_QUERY}$"
)
"""Absolute IRIs (RFC 3987 §2.2) in ASCII, without user or address literal: what nearly all are; others are asked about one by one."""

_PLAIN_LABEL = r"^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?$"


class Pool:
    """Distinct terms; each type is put in once."""

    def __init__(self) -> None:
        self._texts: list[Any] = []
        self._types: list[TermType] = []
        self.count = 0

    def put(self, texts: Any, kind: TermType) -> None:
        """Add distinct terms of a type; the first of them has the place ``count``."""
        self._texts.append(texts)
        self._types.append(kind)
        self.count += len(texts)

    def terms(self, wkb: Any = None) -> Terms:
        """All of them, in the order in which they came."""
        code = np.repeat(np.arange(len(self._types), dtype=np.int32), [len(texts) for texts in self._texts])
        text = pa.concat_arrays(self._texts) if self._texts else pa.array([], type=pa.large_string())
        return Terms(text, code, tuple(self._types), wkb)


def encoded(parts: list[Any]) -> tuple[Any, list[Any]]:
    """Distinct strings of several columns, and each column's places among them (int32)."""
    whole = pa.chunked_array(parts, type=pa.large_string()).dictionary_encode().unify_dictionaries()
    filled = iter(whole.chunks)
    codes = [next(filled).indices.to_numpy() if len(part) else np.empty(0, dtype=np.int32) for part in parts]
    texts = whole.chunk(0).dictionary if whole.num_chunks else pa.array([], type=pa.large_string())
    return texts, codes


def illegal_iris(texts: Any) -> Any:
    """Places of the strings that are no absolute IRIs, ascending."""
    doubtful = np.flatnonzero(~matching(texts, _PLAIN_IRI))
    asked = zip(doubtful.tolist(), texts.take(pa.array(doubtful)).to_pylist(), strict=True)
    return np.array([place for place, text in asked if not _legal(text)], dtype=np.int64)


def unusual_labels(texts: Any) -> Any:
    """Places of the labels of blank nodes that are not plain ASCII ones, ascending."""
    return np.flatnonzero(~matching(texts, _PLAIN_LABEL))


def matching(texts: Any, pattern: str) -> Any:
    """Whether each string matches, as a boolean array."""
    return pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False)


def joined(*parts: Any) -> Any:
    """Strings put together row by row; constants are given as str."""
    wide = [pa.scalar(part, pa.large_string()) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*wide, pa.scalar("", pa.large_string()))


def _legal(text: str) -> bool:
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True
