"""Arrow arrays from values of numpy and Python, and back, by their buffers.

pyarrow's own conversions import pandas where that is installed, which takes longer than many a query.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa


def arrow_of(values: Any, valid: Any = None) -> Any:
    """An Arrow array over the memory of a numpy array; truths are packed.

    Args:
        values: numbers or truths, shape (n,).
        valid: bool mask, null where it is False; None for all.
    """
    values = np.ascontiguousarray(values)
    data = _packed(values) if values.dtype == bool else values
    present = None if valid is None else pa.py_buffer(_packed(valid))
    return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [present, pa.py_buffer(data)])


def text_array(values: Iterable[str | None]) -> Any:
    """pa.LargeStringArray; None is null. Raises `UnicodeEncodeError` for half a surrogate pair."""
    return _joined([None if one is None else one.encode() for one in values], pa.large_string())


def blob_array(values: Sequence[bytes | None]) -> Any:
    """pa.LargeBinaryArray; None is null."""
    return _joined(values, pa.large_binary())


def _joined(values: Sequence[bytes | None], kind: Any) -> Any:
    there = np.array([one is not None for one in values], dtype=bool)
    starts = np.cumsum([0, *(0 if one is None else len(one) for one in values)], dtype=np.int64)
    data = b"".join(one for one in values if one is not None)
    valid = None if there.all() else pa.py_buffer(_packed(there))
    return pa.Array.from_buffers(kind, len(values), [valid, pa.py_buffer(starts), pa.py_buffer(data)])


def numbers_of(array: Any) -> Any:
    """Numbers of an array, as they lie in memory: what is null is any number."""
    values = np.frombuffer(array.buffers()[1] or b"", dtype=array.type.to_pandas_dtype())
    return values[array.offset : array.offset + len(array)]


def truths_of(array: Any) -> Any:
    """Truths of an array without nulls, bool (n,)."""
    bits = np.frombuffer(array.buffers()[1] or b"", dtype=np.uint8)
    return np.unpackbits(bits, bitorder="little")[array.offset : array.offset + len(array)].astype(bool)


def blobs_of(array: Any) -> Any:
    """Blobs of a pa.LargeBinaryArray, object array of bytes; None where null."""
    found = np.full(len(array), None, dtype=object)
    if len(array):
        data = memoryview(array.buffers()[2] or b"")
        starts = np.frombuffer(array.buffers()[1], dtype=np.int64)[array.offset : array.offset + len(array) + 1].tolist()
        rows = np.flatnonzero(truths_of(array.is_valid())).tolist()
        found[rows] = [bytes(data[starts[row] : starts[row + 1]]) for row in rows]
    return found


def _packed(mask: Any) -> Any:
    return np.packbits(mask, bitorder="little")
