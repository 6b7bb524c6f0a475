"""What a load finds out about the geometry literals of one document while they stream by, in bounded memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import pyoxigraph as ox

from earthweave.ontology import GEO
from earthweave.ontology.geometry import AxisOrder, AxisProof, GeometryColumn, prove_axis, read_wkt

from ._shapes import FOREIGN, latitude_first, lexical_hash, names_crs, shorten
from ._types import FileReport

_WKT = str(GEO.wktLiteral)
_BATCH = 2048
_BATCH_CHARACTERS = 4 * 1024 * 1024
_SAMPLES = 5


class _Unreadable:
    """Count and samples of literals that cannot be read in one order."""

    def __init__(self) -> None:
        self.count = 0
        self.samples: list[str] = []

    def add(self, literals: list[str], column: GeometryColumn) -> None:
        self.count += len(column.problems)
        for problem in column.problems[: _SAMPLES - len(self.samples)]:
            self.samples.append(f"{problem.reason}: {shorten(literals[problem.index])}")


class Census:
    """Counts statements and geometry literals, looks for the proof of their axis order, and checks that each can be read.

    Both readings are tried, because the verdict falls only at the end; hashes of literals that have two are kept (8 bytes each).
    A proof speaks for latitude-first degrees alone: eastings and northings beside them are as their authority says, unless the
    caller demands ``LONLAT``, which then holds for every literal that names a CRS.
    """

    def __init__(self, order: AxisOrder) -> None:
        self._order = order
        self._proof = AxisProof(AxisOrder.STRICT)
        self._waiting: list[str] = []
        self._characters = 0
        self._hashes = array("Q")
        self._strict, self._lonlat, self._foreign = _Unreadable(), _Unreadable(), _Unreadable()
        self.triples = 0
        self.geometries = 0

    def see(self, term: Any) -> None:
        """Take the object of one statement."""
        self.triples += 1
        if not isinstance(term, ox.Literal):
            return
        kind = term.datatype.value
        if kind == _WKT:
            self.geometries += 1
            self._waiting.append(term.value)
            self._characters += len(term.value)
            if len(self._waiting) >= _BATCH or self._characters >= _BATCH_CHARACTERS:
                self._work_off()
        elif kind in FOREIGN:
            self.geometries += 1
            self._foreign.count += 1
            if len(self._foreign.samples) < _SAMPLES:
                self._foreign.samples.append(f"{FOREIGN[kind]} literals are not read yet: {shorten(term.value)}")

    def _work_off(self) -> None:
        literals, self._waiting, self._characters = self._waiting, [], 0
        twofold = names_crs if self._order is AxisOrder.LONLAT else latitude_first
        open_to_doubt = [one for one in literals if twofold(one)]
        plain = [one for one in literals if not twofold(one)]
        if plain:
            column = read_wkt(plain)
            self._strict.add(plain, column)
            self._lonlat.add(plain, column)
        if open_to_doubt:
            self._proof += prove_axis(open_to_doubt)
            self._strict.add(open_to_doubt, read_wkt(open_to_doubt, AxisOrder.STRICT))
            self._lonlat.add(open_to_doubt, read_wkt(open_to_doubt, AxisOrder.LONLAT))
            self._hashes.extend(lexical_hash(one) for one in open_to_doubt)

    @property
    def verdict(self) -> AxisOrder:
        """How this document is read."""
        return self._proof.order if self._order is AxisOrder.AUTO else self._order

    def report(self, name: str) -> FileReport:
        """The report at the end of the document."""
        self._work_off()
        lonlat = self.verdict is AxisOrder.LONLAT
        unreadable = self._lonlat if lonlat else self._strict
        return FileReport(
            name, self.triples, self.geometries, self.verdict.value, self._proof.sample, self._proof.contradiction,
            unreadable.count + self._foreign.count, tuple([*unreadable.samples, *self._foreign.samples][:_SAMPLES]),
        )

    def adopt(self, other: Census) -> None:
        """Take over the hashes of a finished document if it is read longitude first."""
        if other.verdict is AxisOrder.LONLAT:
            self._hashes.extend(other._hashes)

    def hashes(self) -> Iterator[int]:
        """Hashes of all literals to be read longitude first that were adopted."""
        return iter(self._hashes)
