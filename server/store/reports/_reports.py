"""Reports of loads and exports as values, made in a worker and read by its client."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BadStatement:
    """A line that is no statement and was left out: its number from 1, what is wrong with it, and its beginning."""

    line: int
    reason: str
    sample: str


@dataclass(frozen=True)
class ExportReport:
    """What was written.

    Attributes:
        rows: statements, or features (one row per feature and geometry).
        unreadable: geometry literals that no feature has because they cannot be read.
        left_out: predicates that are no columns of a feature table: several values per feature, or no literals.
        untimed: statements that have a valid time, which the format cannot write.
    """

    rows: int
    unreadable: int = 0
    left_out: tuple[str, ...] = ()
    untimed: int = 0


@dataclass(frozen=True)
class FileReport:
    """What became of one document of a load.

    Attributes:
        name: of the file or stream, without its folder.
        triples: statements read, repeated ones included.
        geometries: geometry literals among them.
        axis_order: how its latitude-first literals are read: ``strict`` or ``lonlat``.
        proof: sample literal that proved ``lonlat``, or None.
        contradiction: sample literal that spoke against it, or None.
        unreadable: number of geometry literals that cannot be read.
        problems: some of them, with the reason.
        bad: number of lines that are no statements and were left out.
        bad_lines: some of them.
        resumed: True if it was not read again, because an earlier load that was cut off had finished it.
    """

    name: str
    triples: int
    geometries: int
    axis_order: str
    proof: str | None = None
    contradiction: str | None = None
    unreadable: int = 0
    problems: tuple[str, ...] = ()
    bad: int = 0
    bad_lines: tuple[BadStatement, ...] = ()
    resumed: bool = False
