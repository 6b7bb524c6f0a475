"""Columns in files: written end to end while a snapshot is built, mapped into memory when it is read."""

from __future__ import annotations

import mmap
import os
import shutil
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology import StoreError


def damaged(name: str, why: str) -> StoreError:
    """The error for a file that cannot be what the snapshot says."""
    return StoreError(f"the file {name} of the store is damaged", why=why,
                      way_out="restore the store from a backup, or load the data again")


def mapped_bytes(path: Path, size: int | None = None) -> memoryview:
    """The bytes of a file, mapped read-only; they stay when the file is unlinked.

    Raises `StoreError` naming the file if it is absent or not ``size`` bytes long.
    """
    try:
        with path.open("rb") as stream:
            length = os.fstat(stream.fileno()).st_size
            if size is not None and length != size:
                raise damaged(path.name, f"it has {length:,} bytes, not {size:,}")
            return memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)) if length else memoryview(b"")
    except OSError as error:
        raise damaged(path.name, str(error.strerror)) from error


def array_of(data: memoryview, dtype: Any) -> Any:
    """The same bytes as a read-only array."""
    return np.frombuffer(data, dtype=dtype) if len(data) else np.empty(0, dtype=dtype)


def release(array: Any) -> None:
    """Give the memory of a mapped array back, which counts as the process's own while it stays; what is used again is read again.

    Does nothing to arrays that are not mapped.
    """
    base = array
    while isinstance(base, np.ndarray):
        base = base.base
    owner = base.obj if isinstance(base, memoryview) else base
    if isinstance(owner, mmap.mmap):
        owner.madvise(mmap.MADV_DONTNEED)


def strings(starts: memoryview, data: memoryview, *, binary: bool = False) -> Any:
    """Arrow's large string (or binary) array over its two buffers: int64 starts (one more than texts), and bytes end to end."""
    kind = pa.large_binary() if binary else pa.large_string()
    return pa.Array.from_buffers(kind, max(len(starts) // 8 - 1, 0), [None, pa.py_buffer(starts), pa.py_buffer(data)])


def pieces(array: Any) -> tuple[Any, Any]:
    """Lengths (int64 starts from 0, one more than texts) and bytes of a large string or binary array; nulls are empty."""
    _, starts, data = array.buffers()
    ends = np.frombuffer(starts, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    pool = np.frombuffer(data, dtype=np.uint8) if data is not None and data.size else np.empty(0, dtype=np.uint8)
    return ends - ends[0], pool[ends[0] : ends[-1]]


class Column:
    """A file of equal values that grows at its end."""

    def __init__(self, path: Path, dtype: Any) -> None:
        self.path = path
        self._dtype = np.dtype(dtype)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        # a build that fails leaves its columns to the garbage collector
        self._release = weakref.finalize(self, os.close, self._handle)

    def append(self, values: Any) -> None:
        """Write more values, in the type of the column."""
        data = np.ascontiguousarray(values, dtype=self._dtype).reshape(-1).view(np.uint8).data
        while len(data):
            data = data[os.write(self._handle, data) :]

    def change(self, rows: Any, values: Any) -> None:
        """Put values in place of those in some rows (of as many values each as the shape says)."""
        values = np.ascontiguousarray(values, dtype=self._dtype)
        size = values.strides[0] if len(values) else 0
        for row, value in zip(np.asarray(rows).tolist(), values, strict=True):
            os.pwrite(self._handle, value.tobytes(), row * size)

    def read(self) -> Any:
        """All that was written so far."""
        return array_of(mapped_bytes(self.path), self._dtype)

    def close(self) -> None:
        """No more will come."""
        self._release()

    def discard(self) -> None:
        """Remove the file; what was read from it stays mapped."""
        self._release()
        self.path.unlink()


class Texts:
    """A pair of files, ``NAME.starts`` and ``NAME.bytes``, that hold texts or blobs end to end and grow at their end."""

    def __init__(self, folder: Path, name: str, *, binary: bool = False) -> None:
        self._starts = Column(folder / f"{name}.starts", np.int64)
        self._bytes = Column(folder / f"{name}.bytes", np.uint8)
        self._starts.append(np.zeros(1, dtype=np.int64))
        self._size = 0
        self._binary = binary
        self._read: Any = None

    def append(self, array: Any) -> None:
        """Write more, from a pyarrow large string or large binary array; nulls become empty."""
        starts, data = pieces(array)
        self._bytes.append(data)
        self._starts.append(starts[1:] + self._size)
        self._size += len(data)
        self._read = None

    def read(self) -> Any:
        """All that was written so far, as one mapped array."""
        if self._read is None:
            self._read = strings(mapped_bytes(self._starts.path), mapped_bytes(self._bytes.path), binary=self._binary)
        return self._read

    def close(self) -> None:
        """No more will come."""
        self._starts.close()
        self._bytes.close()


def link(source: Path, target: Path) -> None:
    """The same immutable file under another name; a copy where the file system has no hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def sync(path: Path) -> None:
    """Make sure that a file, or the names in a folder, lie on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
