"""The list of contents of a snapshot: written last, read first."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from earthweave.ontology import StoreError

from ._files import damaged, sync
from ._terms import Kind, TermType

FORMAT = 1
NAME = "manifest.json"


@dataclass
class PartEntry:
    """A part of the dictionary and of the geometry table that was written in one go: its number and how many rows it adds to each."""

    number: int
    terms: int
    geometries: int


@dataclass
class OrderEntry:
    """Where one order of a segment lies in its file: offsets in bytes, -1 for what is absent.

    Attributes:
        key, value: int64 columns.
        graph: int32 column; -1 if every statement is in ``only_graph`` of the segment.
        starts: direct addressing, one more entry than keys are possible from ``low`` on; int64 if ``wide``, else int32.
        time: int32 column of valid times; -1 if no statement has one, as in every store that was written before there were any.
    """

    key: int
    value: int
    graph: int
    starts: int
    low: int = 0
    span: int = 0
    wide: bool = False
    time: int = -1

    def moved(self, offsets: dict[str, int]) -> OrderEntry:
        """The same columns at other offsets; -1 for those that are absent."""
        graph, starts = offsets.get("graph", -1), offsets.get("starts", -1)
        return OrderEntry(offsets["key"], offsets["value"], graph, starts, self.low, self.span, self.wide, offsets.get("time", -1))

    def columns(self, count: int) -> dict[str, tuple[int, int]]:
        """Offset and size in bytes of each column that there is, for so many statements."""
        sizes = {"key": 8 * count, "value": 8 * count, "graph": 4 * count, "starts": (8 if self.wide else 4) * (self.span + 1),
                 "time": 4 * count}
        return {name: (getattr(self, name), size) for name, size in sizes.items() if getattr(self, name) >= 0}


@dataclass
class SegmentEntry:
    """What there is of one predicate, and where.

    Attributes:
        file: name; several small segments share one.
        graphs: number of statements by graph number.
        ranges: tag of the objects → their number, least and greatest id.
    """

    predicate: int
    file: str
    count: int
    subjects: int
    objects: int
    functional: bool
    repeated: bool
    graphs: dict[int, int]
    so: OrderEntry
    os: OrderEntry
    ranges: dict[int, tuple[int, int, int]] = field(default_factory=dict)


@dataclass
class Manifest:
    """Everything about a snapshot but its columns.

    Attributes:
        types: of terms, by code; the first ones are the same in every store (see ``_parts``).
        systems: IRIs of the CRS of geometry literals, by code.
        graphs: ids of the named graphs; number = place + 1.
        classes: objects of rdf:type → how many subjects have them.
        files: name → size in bytes.
    """

    triples: int = 0
    types: list[TermType] = field(default_factory=list)
    systems: list[str] = field(default_factory=list)
    graphs: list[int] = field(default_factory=list)
    parts: list[PartEntry] = field(default_factory=list)
    segments: list[SegmentEntry] = field(default_factory=list)
    classes: dict[int, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    format: int = FORMAT

    def write(self, folder: Path, *, durable: bool) -> None:
        """Write it under a passing name, then put it in its place at once; if ``durable``, when all other files lie on the disk."""
        passing = folder / f"{NAME}.new"
        passing.write_text(json.dumps(asdict(self), separators=(",", ":"), ensure_ascii=False), "utf-8")
        if durable:
            for path in (*folder.iterdir(), folder):
                sync(path)
        passing.replace(folder / NAME)
        if durable:
            sync(folder)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot; raises `StoreError` if there is none, it is damaged, or its format is unknown."""
    try:
        found: dict[str, Any] = json.loads((folder / NAME).read_text("utf-8"))
        version = found["format"]
    except OSError as error:
        raise StoreError(f"{folder.name} is no snapshot of a store, or one that was never finished", why=f"{NAME}: {error.strerror}",
                         way_out="load the data again") from error
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(NAME, f"it is not the JSON that was written: {error}") from error
    if version != FORMAT:
        raise StoreError(f"{folder.name} has the format {version}, and this version of earthweave reads the format {FORMAT}",
                         why="it was written by another version", way_out="use that version, or load the data again")
    try:
        return _manifest(found)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged(NAME, f"it does not hold what it should: {error}") from error


def _manifest(found: dict[str, Any]) -> Manifest:
    return Manifest(
        triples=int(found["triples"]),
        types=[TermType(Kind(kind), datatype, language) for kind, datatype, language in found["types"]],
        systems=list(found["systems"]), graphs=list(found["graphs"]), parts=[PartEntry(**part) for part in found["parts"]],
        segments=[_segment(entry) for entry in found["segments"]], classes=_numbered(found["classes"]), files=dict(found["files"]),
    )


def _segment(entry: dict[str, Any]) -> SegmentEntry:
    orders = {"so": OrderEntry(**entry["so"]), "os": OrderEntry(**entry["os"])}
    ranges = {key: tuple(value) for key, value in _numbered(entry["ranges"]).items()}
    return SegmentEntry(**{**entry, **orders, "graphs": _numbered(entry["graphs"]), "ranges": ranges})


def _numbered(mapping: dict[str, Any]) -> dict[int, Any]:
    return {int(key): value for key, value in mapping.items()}
