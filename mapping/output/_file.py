"""A file that appears when it is whole: statements go into a neighbour, which takes the file's name at the end."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from earthweave.ontology import InputError

from ..plan import Chunk, Plan
from ._documents import Gathered, without_graphs
from ._form import LINES, Form, OutputLimits
from ._packing import checked_encoding, encoded, member_name, packed


class RdfFile:
    """Statements on their way into a file; a context manager: left without error the file appears, else nothing does.

    Lines are written as they come. Other syntaxes are gathered up to ``OutputLimits.document_memory``. ``may_hold_graphs`` false says that
    no statement is in a named graph, so that N-Triples need no check.

    Raises `InputError` if there is no such folder, `MappingError` for statements in named graphs in a syntax without them,
    `SizeLimitError`, `UnsupportedError` for an encoding that RDF is not written in.
    """

    def __init__(self, path: Path, form: Form, bounds: OutputLimits | None = None, *, may_hold_graphs: bool = True) -> None:
        if not path.parent.is_dir():
            raise InputError(
                f"{path} cannot be written", why=f"{path.parent} is no folder", way_out="make the folder first, or name another"
            )
        checked_encoding(form.encoding)
        self.path, self.form = path, form
        self.count = 0
        self._part = path.with_name(path.name + ".part")
        self._out = _own(self._part)
        self._prepared = self._settled = False
        self._sheet = encoded(packed(self._out, form.packing, member_name(path)), form.encoding)
        limit = (bounds or OutputLimits()).document_memory
        self._gathered = None if form.syntax in LINES else Gathered(path.name, form.syntax, limit)
        self._checked = form.syntax == "ntriples" and may_hold_graphs

    def __enter__(self) -> RdfFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is not None:
            self.discard()
        else:
            self.finish()

    def write(self, chunk: Chunk) -> None:
        """Take statements."""
        self.count += chunk.count
        if self._gathered is not None:
            self._gathered.take(chunk.data)
        else:
            self._sheet.write(without_graphs(chunk.data, self.path.name) if self._checked else chunk.data)

    def prepare(self) -> None:
        """Write everything down, still under the neighbour's name."""
        if self._prepared:
            return
        if self._gathered is not None:
            self._sheet.write(self._gathered.document())
        self._sheet.close()
        self._out.flush()
        self._prepared = True

    def finish(self) -> None:
        """Let the file appear."""
        try:
            self.prepare()
            self._part.replace(self.path)
            self._settled = True
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave nothing behind; harmless after `finish`."""
        if self._out.closed:
            return
        # while the lock is held, so that it is not another run's
        if not self._settled:
            self._part.unlink(missing_ok=True)
        # on a full disk what is left in a packer or buffer cannot be written, and need not
        with suppress(OSError, ValueError):
            # a packer that is dropped unclosed would write later, when nothing is there any more
            if not self._prepared:
                self._sheet.close()
        with suppress(OSError):
            self._out.close()


def _own(part: Path) -> BinaryIO:
    """The neighbour, empty, for this run alone; raises `InputError` while another run writes it."""
    while True:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        out = os.fdopen(descriptor, "wb", buffering=1 << 20)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # whoever held it may just have given the file its name, or dropped it
            same = part.exists() and os.path.samestat(os.fstat(descriptor), part.stat())
        except BlockingIOError as error:
            out.close()
            raise InputError(f"{part} is being written", why="another run has the same output", way_out="wait for its end") from error
        if same:
            out.truncate(0)
            return out
        out.close()


def holds_graphs(plan: Plan) -> bool:
    """True if a statement of the plan may be in a named graph."""
    return any(one.graphs or any(each.graphs for each in one.statements) for one in plan.triples_maps)


def write_rdf(path: Path, chunks: Iterable[Chunk], form: Form, bounds: OutputLimits | None = None, *, may_hold_graphs: bool = True) -> int:
    """Write statements into one file, whatever their targets; returns its size in bytes. Raises as `RdfFile` does."""
    with RdfFile(path, form, bounds, may_hold_graphs=may_hold_graphs) as file:
        for chunk in chunks:
            file.write(chunk)
    return path.stat().st_size
