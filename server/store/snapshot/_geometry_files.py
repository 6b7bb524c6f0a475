"""The geometry table while it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from earthweave.ontology.arrow import arrow_of
from earthweave.ontology.geometry import PackedTree

from ._files import Column, Texts, link
from ._geometries import READABLE, TREE, Geometries
from ._parts import COLUMNS
from ._shaping import Shaped


class GeometryTable:
    """Rows appended to those of a base. Columns of one file for all parts are copied from the base when the first row comes or changes.

    Attributes:
        rows: with the base's.
        systems: IRIs of the CRS, by code.
    """

    def __init__(self, folder: Path, number: int, base: Geometries | None) -> None:
        self._folder, self._number, self._base = folder, number, base
        self._first = self.rows = base.count if base else 0
        self.systems: list[str] = list(base.systems if base else ())
        self._wkb = Texts(folder, f"wkb-{number}", binary=True)
        self._columns: dict[str, Column] = {}
        self._reasons: dict[int, str] | None = None
        self._corrected: dict[int, bytes] = {}

    @property
    def changed(self) -> bool:
        """True if there are rows that the base has not, or has otherwise."""
        return bool(self._columns)

    def append(self, shaped: Shaped) -> None:
        """Take more rows."""
        columns = self._opened()
        self._wkb.append(shaped.wkb)
        for name in ("bounds", "vertices", "kinds", "flags"):
            columns[name].append(getattr(shaped, name))
        columns["crs"].append(self._codes(shaped))
        self._all_reasons().update((self.rows + row, reason) for row, reason in shaped.problems)
        self.rows += len(shaped.kinds)

    def correct(self, rows: Any, shaped: Shaped) -> None:
        """Put other values in place of some rows."""
        columns, reasons = self._opened(), self._all_reasons()
        for name in ("bounds", "vertices", "kinds", "flags"):
            columns[name].change(rows, getattr(shaped, name))
        columns["crs"].change(rows, self._codes(shaped))
        for row in rows.tolist():
            reasons.pop(row, None)
        reasons.update((int(rows[place]), reason) for place, reason in shaped.problems)
        self._corrected.update(zip(rows.tolist(), (blob or b"" for blob in shaped.wkb.to_pylist()), strict=True))

    def _codes(self, shaped: Shaped) -> Any:
        for iri in shaped.systems:
            if iri not in self.systems:
                self.systems.append(iri)
        codes = [self.systems.index(iri) for iri in shaped.systems]
        return np.array([*codes, -1], dtype=np.int16)[shaped.crs]

    def _opened(self) -> dict[str, Column]:
        if not self._columns:
            for name, dtype in COLUMNS.items():
                column = self._columns[name] = Column(self._folder / f"geometries.{name}", dtype)
                if self._base:
                    column.append(getattr(self._base, name))
        return self._columns

    def _all_reasons(self) -> dict[int, str]:
        if self._reasons is None:
            self._reasons = dict(self._base.problems()) if self._base else {}
        return self._reasons

    def column(self, name: str) -> Any:
        """A column of all rows, to be read."""
        if self._columns:
            found = self._columns[name].read()
            return found.reshape(-1, 4) if name == "bounds" else found
        return getattr(self._base, name) if self._base else np.empty(0, COLUMNS[name])

    def unreadable(self, rows: Any) -> Any:
        """True for the rows that cannot be read."""
        return (self.column("flags")[rows] & READABLE) == 0

    def reason(self, row: int) -> str:
        """Why a row cannot be read."""
        return self._all_reasons().get(row, "")

    def close(self) -> None:
        """Write what is left, the tree among it; no more will come."""
        self._wkb.close()
        if self._base and not self.changed:
            self._link(self._base)
            return
        self._opened()
        for column in self._columns.values():
            column.close()
        PackedTree.build(self.column("bounds")).save(self._folder / TREE)
        reasons = self._all_reasons()
        rows = sorted(reasons)
        write_rows(self._folder, rows, [reasons[row] for row in rows])
        self._rewrite()

    def _link(self, base: Geometries) -> None:
        for name in (*(f"geometries.{name}" for name in COLUMNS), "problems.row", "problems.starts", "problems.bytes", TREE):
            link(base.folder / name, self._folder / name)

    def _rewrite(self) -> None:
        """Blobs of corrected rows in the parts that hold them."""
        parts = [(part.number, part.geometries) for part in (self._base.parts if self._base else ())]
        start = 0
        for number, count in [*parts, (self._number, self.rows - self._first)]:
            mine = {row - start: blob for row, blob in self._corrected.items() if start <= row < start + count}
            if mine:
                self._replace(number, mine)
            start += count

    def _replace(self, number: int, blobs: dict[int, bytes]) -> None:
        old = self._base.blobs(number) if self._base and number != self._number else self._wkb.read()
        rows = sorted(blobs)
        extended = pa.concat_arrays([old, pa.array([blobs[row] for row in rows], pa.large_binary())])
        places = np.arange(len(old))
        places[rows] = len(old) + np.arange(len(rows))
        passing = Texts(self._folder, f"wkb-{number}-corrected", binary=True)
        for start in range(0, len(places), 100_000):
            passing.append(extended.take(arrow_of(places[start : start + 100_000])))
        passing.close()
        for end in ("starts", "bytes"):
            (self._folder / f"wkb-{number}-corrected.{end}").replace(self._folder / f"wkb-{number}.{end}")


def write_rows(folder: Path, rows: list[int], reasons: list[str]) -> None:
    """Write which rows cannot be read, ascending, and why."""
    column = Column(folder / "problems.row", np.int64)
    column.append(np.array(rows, dtype=np.int64))
    column.close()
    texts = Texts(folder, "problems")
    texts.append(pa.array(reasons, pa.large_string()))
    texts.close()
