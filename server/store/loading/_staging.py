"""What was read already of a load that was cut off: blocks of finished documents in Arrow files, and a journal that lists them.

::

    folder/journal.jsonl    one line per finished document, written and synced after its part
    folder/part-N.arrow     one row per block: texts, codes, types, five columns of places

A part without a line in the journal is of a document that was not finished; it is written anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ..reports import BadStatement
from ..snapshot import Kind, Quads, Terms, TermType
from ._lines import Rejected
from ._sources import Document

_JOURNAL = "journal.jsonl"
_HEAD = 1 << 20
_TYPE = pa.struct([("kind", pa.int8()), ("datatype", pa.string()), ("language", pa.string())])
_PLACES = ("subject", "predicate", "object", "graph")
_TIME = "time"
"""A list that is empty where no statement has a time."""
_SCHEMA = pa.schema([
    ("text", pa.large_list(pa.large_string())), ("code", pa.large_list(pa.int32())), ("types", pa.large_list(_TYPE)),
    ("wkb", pa.large_list(pa.large_binary())), *((name, pa.large_list(pa.int32())) for name in (*_PLACES, _TIME)),
])


@dataclass(frozen=True)
class _Fingerprint:
    """What a file is known by: path, name, syntax, base, size, time of change, SHA-256 of its first MiB, and whether bad lines stop it."""

    path: str
    name: str
    syntax: str
    base: str
    size: int
    changed: int
    head: str
    strict: bool

    @classmethod
    def of(cls, document: Document, path: Path, *, strict: bool) -> _Fingerprint:
        facts = path.stat()
        with path.open("rb") as stream:
            head = hashlib.sha256(stream.read(_HEAD)).hexdigest()
        return cls(str(path.resolve()), document.name, document.syntax, document.base, facts.st_size, facts.st_mtime_ns, head, strict)


class Staging:
    """The blocks of one load in a folder of its own, so that a load which was cut off need not parse finished files again."""

    def __init__(self, folder: Path, *, resume: bool = False) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._lines: list[dict[str, Any]] = self._read()
        if not resume:
            self.clear()

    def _read(self) -> list[dict[str, Any]]:
        path = self._folder / _JOURNAL
        if not path.exists():
            return []
        # the last line may be half written; every whole one ends with a newline
        whole = path.read_bytes()
        whole = whole[: whole.rfind(b"\n") + 1]
        path.write_bytes(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def clear(self) -> None:
        """Forget everything."""
        for path in [*self._folder.glob("part-*.arrow"), self._folder / _JOURNAL]:
            path.unlink(missing_ok=True)
        self._lines = []

    def finished(self, document: Document, *, strict: bool) -> tuple[Iterator[Quads], Rejected] | None:
        """The blocks of a file that was read to its end and has not changed since, and its bad lines; None for others."""
        if document.path is None:
            return None
        wanted = asdict(_Fingerprint.of(document, document.path, strict=strict))
        for line in self._lines:
            # a power cut may have taken the part
            if line["file"] == wanted and (self._folder / line["part"]).exists():
                bad = Rejected(line["bad"], [BadStatement(**one) for one in line["samples"]])
                return _replayed(self._folder / line["part"]), bad
        return None

    def kept(self, document: Document, blocks: Iterable[Quads], rejected: Rejected, *, strict: bool) -> Iterator[Quads]:
        """The blocks of a file, written down on their way; the file is finished when the last one was taken."""
        if document.path is None:
            yield from blocks
            return
        found = _Fingerprint.of(document, document.path, strict=strict)
        part = self._folder / f"part-{len(self._lines)}.arrow"
        with part.open("wb") as stream, pa.ipc.new_stream(stream, _SCHEMA) as writer:
            for block in blocks:
                writer.write_batch(_row(block))
                yield block
            writer.close()
            stream.flush()
            os.fsync(stream.fileno())
        samples = [asdict(one) for one in rejected.samples]
        self._append({"file": asdict(found), "part": part.name, "bad": rejected.count, "samples": samples})

    def _append(self, line: dict[str, Any]) -> None:
        self._lines.append(line)
        with (self._folder / _JOURNAL).open("ab") as stream:
            stream.write(json.dumps(line).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())


def _row(block: Quads) -> Any:
    types = pa.array([{"kind": int(one.kind), "datatype": one.datatype, "language": one.language} for one in block.terms.types], type=_TYPE)
    wkb = pa.nulls(0, pa.large_binary()) if block.terms.wkb is None else block.terms.wkb
    code, *places = (pa.array(one, pa.int32()) for one in (block.terms.code, block.subject, block.predicate, block.object, block.graph))
    time = pa.array(() if block.time is None else block.time, pa.int32())
    columns = [block.terms.text, code, types, wkb, *places, time]
    lists = [pa.LargeListArray.from_arrays(pa.array([0, len(one)], type=pa.int64()), one) for one in columns]
    return pa.RecordBatch.from_arrays(lists, schema=_SCHEMA)


def _replayed(part: Path) -> Iterator[Quads]:
    with pa.memory_map(str(part)) as mapped, pa.ipc.open_stream(mapped) as reader:
        for batch in reader:
            cells = {name: batch.column(name).flatten() for name in batch.schema.names}
            types = tuple(TermType(Kind(one["kind"]), one["datatype"], one["language"]) for one in cells["types"].to_pylist())
            wkb = cells["wkb"] if len(cells["wkb"]) else None
            terms = Terms(cells["text"], cells["code"].to_numpy().astype(np.int32), types, wkb)
            # a load that an earlier version began has no such column
            time = cells[_TIME].to_numpy() if len(cells.get(_TIME, ())) else None
            subject, predicate, value, graph = (cells[name].to_numpy() for name in _PLACES)
            yield Quads(terms, subject, predicate, value, graph, time)
