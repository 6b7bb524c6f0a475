"""Records of nested sources, one by one, and where logical sources are looked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from earthweave.ontology import MappingError

Value: TypeAlias = str | int | float | bool | bytes | Decimal | date | datetime | time
"""A value as its source types it: text of XML and CSV, numbers and booleans of JSON and databases; NULL is no value at all."""


class Record(Protocol):
    """One record: what an iterator found, or a row."""

    def values(self, reference: str) -> Sequence[Value]:
        """Values of a reference in the source's formulation, in document order; empty for NULL and for nothing found.

        Raises `MappingError` for a reference that cannot be read, or names nothing that the source could ever hold.
        """
        ...

    def within(self, iterator: str, formulation: str) -> Iterator[Record]:
        """Records inside this one (RML-LV, iterable field); a formulation other than the source's own reads texts as such documents."""
        ...


class Records(Protocol):
    """A nested source.

    Attributes:
        name: for messages.
        total: records, or None if that is not known without reading.
        faults: pieces that could not be read as records, with number and reason; complete at the end of the stream.
    """

    name: str
    total: int | None
    faults: list[tuple[int, str]]

    def check(self, references: Sequence[str]) -> None:
        """Raise `MappingError` for a reference that is not well formed, before any record is read."""
        ...

    def records(self) -> Iterator[Record]:
        """All records, in document order."""
        ...


@dataclass
class Asked:
    """Which references the records of a source were asked for, and which of them any record had.

    Attributes:
        source: its name, for messages.
        asked, found: references.
    """

    source: str
    asked: set[str] = field(default_factory=set)
    found: set[str] = field(default_factory=set)

    def note(self, reference: str, found: bool) -> None:
        """Remember what a record answered."""
        self.asked.add(reference)
        if found:
            self.found.add(reference)

    def require(self) -> None:
        """Raise `MappingError` for references that no record had, not even as null (RML-IO-Registry: missing values are errors)."""
        never = sorted(self.asked - self.found)
        if never:
            raise MappingError(
                f"no record of {self.source} has {', '.join(never)}", way_out="correct the reference, or run without on_error=fail"
            )


@dataclass(frozen=True)
class Place:
    """Where logical sources are looked for.

    Attributes:
        given: file, or Arrow table, that takes the place of every source of the mapping; None: what the mapping says.
        folder: of the mapping document; what relative paths mean unless the mapping says otherwise.
        working: what ``rml:CurrentWorkingDirectory`` means.
        databases: URL or open connection by the name that the mapping gives its database (empty: any).
    """

    given: Path | Any | None = None
    folder: Path | None = None
    working: Path = field(default_factory=Path.cwd)
    databases: Mapping[str, Any] = field(default_factory=dict)
