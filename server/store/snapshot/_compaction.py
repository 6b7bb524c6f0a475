"""Parts of dictionary and geometry table put together, so that many small loads do not leave many parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ._files import Column, Texts, array_of, mapped_bytes, strings
from ._hashing import Run, write_run
from ._manifest import PartEntry
from ._parts import part_files

_RATIO = 4
_ROWS = 100_000


def compacted(target: Path, base: Path | None, parts: Sequence[PartEntry]) -> list[PartEntry]:
    """Put the last parts together until each is several times as large as the next: their number grows as the logarithm of the size.

    Args:
        target: folder that is written; files of parts that are not there yet are looked for in ``base``.
        parts: the last one is new.
    """
    first, size = len(parts) - 1, _rows(parts[-1])
    while first > 0 and _rows(parts[first - 1]) < _RATIO * size:
        first -= 1
        size += _rows(parts[first])
    old = parts[first:]
    if len(old) == 1:
        return list(parts)
    number = 1 + max(part.number for part in parts)
    _merge([_Opened(target, base, part.number) for part in old], target, number)
    for name in (name for part in old for name in part_files(part.number)):
        (target / name).unlink(missing_ok=True)
    return [*parts[:first], PartEntry(number, sum(part.terms for part in old), sum(part.geometries for part in old))]


def _rows(part: PartEntry) -> int:
    return part.terms + part.geometries + 1


class _Opened:
    """Files of one part, wherever they are."""

    def __init__(self, target: Path, base: Path | None, number: int) -> None:
        self._target, self._base, self._number = target, base, number

    def _bytes(self, name: str) -> memoryview:
        path = self._target / name
        return mapped_bytes(path if path.exists() or self._base is None else self._base / name)

    def texts(self, name: str) -> Any:
        name = f"{name}-{self._number}"
        return strings(self._bytes(f"{name}.starts"), self._bytes(f"{name}.bytes"), binary=True)

    def column(self, name: str, dtype: Any) -> Any:
        return array_of(self._bytes(name.format(self._number)), dtype)


def _merge(parts: list[_Opened], target: Path, number: int) -> None:
    for name in ("terms", "lexical", "wkb"):
        texts = Texts(target, f"{name}-{number}", binary=True)
        for part in parts:
            array = part.texts(name)
            for start in range(0, len(array), _ROWS):
                texts.append(array.slice(start, _ROWS))
        texts.close()
    for name, dtype in (("terms-{}.code", np.int32), ("terms-{}.number", np.float64), ("lexical-{}.code", np.int32)):
        column = Column(target / name.format(number), dtype)
        for part in parts:
            column.append(part.column(name, dtype))
        column.close()
    runs = [Run(part.column("index-{}.hash", np.uint64), part.column("index-{}.id", np.int64)) for part in parts]
    write_run(target, f"index-{number}", runs)
