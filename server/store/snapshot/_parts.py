"""The columns of dictionary and geometry table, read part by part; the rows of all parts count through."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology import XSD
from earthweave.ontology.arrow import arrow_of
from earthweave.ontology.geometry import FORMS

from ._files import array_of, damaged, mapped_bytes, strings
from ._hashing import Run
from ._ids import BITS, Tag, payloads
from ._inline import DATATYPES
from ._manifest import Manifest
from ._terms import BNODE, IRI, STRING, Kind, TermType

INLINE_TYPES = {tag: TermType(Kind.LITERAL, datatype) for tag, datatype in DATATYPES.items()}
FIRST_TYPES = (
    IRI, BNODE, STRING, *(TermType(Kind.LITERAL, str(XSD[name])) for name in ("integer", "boolean", "date", "dateTime", "decimal")),
    *(TermType(Kind.LITERAL, datatype) for datatype in FORMS),
)
"""Types with which a store begins; up to decimal they have the same codes in every store, the others those that its manifest says."""
INLINE_CODES = {tag: FIRST_TYPES.index(kind) for tag, kind in INLINE_TYPES.items()}

COLUMNS = {"bounds": np.float64, "vertices": np.int32, "kinds": np.uint8, "flags": np.uint8, "crs": np.int16}
"""Columns of the geometry table that are one file for all parts."""


def geometric(types: Sequence[TermType], code: Any) -> Any:
    """For which codes of types literals are rows of the geometry table; bool array."""
    return np.array([kind.datatype in FORMS for kind in types], dtype=bool)[code]


def part_files(number: int) -> tuple[str, ...]:
    """Names of the files of one part."""
    texts = [f"{name}-{number}.{end}" for name in ("terms", "lexical", "wkb") for end in ("starts", "bytes")]
    rest = ("terms-{}.code", "terms-{}.number", "lexical-{}.code", "index-{}.hash", "index-{}.id")
    return (*texts, *(name.format(number) for name in rest))


class Files:
    """All files of a snapshot, mapped when it is opened, so that they may be unlinked afterwards."""

    def __init__(self, folder: Path, sizes: dict[str, int]) -> None:
        self._maps = {name: mapped_bytes(folder / name, size) for name, size in sizes.items()}

    def bytes(self, name: str) -> memoryview:
        """The content of a file; raises `StoreError` for one that the manifest does not list."""
        found = self._maps.get(name)
        if found is None:
            raise damaged(name, "the manifest does not list it")
        return found

    def there(self, name: str) -> bool:
        """Whether the snapshot has a file of this name."""
        return name in self._maps

    def array(self, name: str, dtype: Any) -> Any:
        """The content of a file as an array."""
        return array_of(self.bytes(name), dtype)

    def strings(self, name: str, *, binary: bool = False) -> Any:
        """The texts, or blobs, of a pair of files."""
        return strings(self.bytes(f"{name}.starts"), self.bytes(f"{name}.bytes"), binary=binary)


class Stacked:
    """Equal columns of several parts, as if they were one."""

    def __init__(self, parts: Sequence[Any]) -> None:
        self.parts = tuple(parts)
        self._ends = np.cumsum([len(part) for part in self.parts], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def split(self, rows: Any) -> Iterator[tuple[int, Any, Any]]:
        """Part, places in ``rows``, and rows within the part."""
        part = np.searchsorted(self._ends, rows, side="right")
        for number in np.unique(part):
            places = np.flatnonzero(part == number)
            yield int(number), places, rows[places] - (self._ends[number] - len(self.parts[number]))

    def values(self, rows: Any) -> Any:
        """Values of numpy columns at some rows."""
        if len(self.parts) == 1:
            return self.parts[0][rows]
        found = np.empty(len(rows), dtype=self.parts[0].dtype if self.parts else np.float64)
        for number, places, local in self.split(rows):
            found[places] = self.parts[number][local]
        return found

    def taken(self, rows: Any, empty: Any) -> Any:
        """Values of Arrow columns at some rows, as one array; ``empty`` is its type."""
        if len(self.parts) == 1:
            return self.parts[0].take(arrow_of(rows))
        split = list(self.split(rows))
        if not split:
            return pa.nulls(0, empty)
        order = np.empty(len(rows), dtype=np.int64)
        order[np.concatenate([places for _, places, _ in split])] = np.arange(len(rows))
        return pa.concat_arrays([self.parts[number].take(arrow_of(local)) for number, _, local in split]).take(arrow_of(order))


class TermColumns:
    """Texts and types of terms and geometry literals, by id."""

    def __init__(self, text: Stacked, lexical: Stacked, code: Stacked, datatype: Stacked) -> None:
        self.text, self.lexical, self.code, self.datatype = text, lexical, code, datatype

    def texts(self, ids: Any) -> Any:
        """Texts of ids of dictionary and geometry table, as a LargeStringArray."""
        rows = payloads(ids)
        shaped = (ids >> BITS) == Tag.GEOMETRY
        if not shaped.any():
            return self.text.taken(rows, pa.large_string())
        if shaped.all():
            return self.lexical.taken(rows, pa.large_string())
        plain, curved = np.flatnonzero(~shaped), np.flatnonzero(shaped)
        order = np.empty(len(ids), dtype=np.int64)
        order[np.concatenate([plain, curved])] = np.arange(len(ids))
        both = [self.text.taken(rows[plain], pa.large_string()), self.lexical.taken(rows[curved], pa.large_string())]
        return pa.concat_arrays(both).take(arrow_of(order))

    def codes(self, ids: Any) -> Any:
        """Codes of the types of the same, int32."""
        rows = payloads(ids)
        shaped = (ids >> BITS) == Tag.GEOMETRY
        if not shaped.any():
            return self.code.values(rows)
        found = np.empty(len(ids), dtype=np.int32)
        found[shaped] = self.datatype.values(rows[shaped])
        found[~shaped] = self.code.values(rows[~shaped])
        return found


class Dictionary(TermColumns):
    """Texts of terms and literals by id, and ids by hash.

    Attributes:
        number: numeric value of each term. types: of terms, by code. runs: sorted hashes, and the id behind each.
    """

    def __init__(self, columns: TermColumns, number: Stacked, types: tuple[TermType, ...], runs: list[Run]) -> None:
        super().__init__(columns.text, columns.lexical, columns.code, columns.datatype)
        self.number, self.types, self.runs = number, types, runs

    @classmethod
    def mapped(cls, files: Files, manifest: Manifest) -> Dictionary:
        """That of a finished snapshot."""
        numbers = [part.number for part in manifest.parts]
        columns = TermColumns(
            Stacked([files.strings(f"terms-{number}") for number in numbers]),
            Stacked([files.strings(f"lexical-{number}") for number in numbers]),
            Stacked([files.array(f"terms-{number}.code", np.int32) for number in numbers]),
            Stacked([files.array(f"lexical-{number}.code", np.int32) for number in numbers]),
        )
        values = Stacked([files.array(f"terms-{number}.number", np.float64) for number in numbers])
        runs = [Run(files.array(f"index-{number}.hash", np.uint64), files.array(f"index-{number}.id", np.int64)) for number in numbers]
        return cls(columns, values, tuple(manifest.types), runs)
