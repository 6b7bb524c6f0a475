"""Logical targets (RML-IO, ``rml:logicalTarget``): each a file of its own, all of them whole or none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from earthweave.ontology import ForbiddenError, MappingError, ProgressSink, UnsupportedError, silent

from ..plan import Chunk, Plan, Root, Target
from ._distinct import Distinct
from ._file import RdfFile, holds_graphs
from ._form import Form, OutputLimits, named_packing, named_syntax
from ._packing import checked_encoding


class Sink(Protocol):
    """What takes the statements of one output."""

    def write(self, chunk: Chunk) -> object:
        """Take some."""
        ...


def target_forms(plan: Plan, working: Path) -> dict[str, tuple[Path, Form]]:
    """File and form of every logical target, by name.

    ``working`` is what ``rml:CurrentWorkingDirectory`` means, and what targets without a root are relative to.

    Raises `UnsupportedError` for a target that is no file or has a form that is not written, `ForbiddenError` for a file that is
    neither below the working directory nor below the mapping's.
    """
    return {one.name: (_place(one, plan, working), _form(one)) for one in plan.targets}


def _form(one: Target) -> Form:
    return Form(named_syntax(one.serialization or "N-Quads"), named_packing(one.compression), checked_encoding(one.encoding))


def _place(one: Target, plan: Plan, working: Path) -> Path:
    scheme = urlsplit(one.path).scheme
    if one.mode or not one.path or len(scheme) > 1 and scheme != "file":
        raise UnsupportedError(
            f"the target {one.name} of {plan.origin} cannot be written",
            why=f"it is {one.mode or 'no file'}: {one.path}",
            way_out="name a file as the target, then load it where it shall go",
        )
    roots = {Root.MAPPING: Path(plan.folder or working), Root.WORKING: working, Root.GIVEN: Path(one.folder)}
    path = Path(unquote(urlsplit(one.path).path) if scheme == "file" else one.path)
    whole = _file_name(roots[one.root] / path)
    if whole is None or one.path.endswith("/"):
        raise MappingError(f"the target {one.name} of {plan.origin} cannot be written", why=f"{one.path[:80]!r} is no name of a file")
    allowed = [root.resolve() for root in (working, Path(plan.folder or working))]
    if not any(whole.is_relative_to(root) for root in allowed):
        raise ForbiddenError(
            f"the target {one.name} of {plan.origin} would be written to {whole}",
            why="mappings write below the working directory or their own folder only",
            way_out="run it in a folder above that file, or change the target's path",
        )
    return whole


def _file_name(path: Path) -> Path | None:
    """The whole path, or None if no file can have it."""
    try:
        whole = path.resolve()
        return None if whole.is_dir() else whole
    except (OSError, ValueError, RuntimeError):
        return None


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        files: by name of the logical target.
        statements: in all outputs together.
        repeated: statements left out because the same output had them.
    """

    files: Mapping[str, Path]
    statements: int
    repeated: int


def write_targets(
    chunks: Iterable[Chunk],
    plan: Plan,
    working: Path,
    *,
    default: Sink | None = None,
    limits: OutputLimits | None = None,
    progress: ProgressSink = silent,
) -> Written:
    """Write every statement to its logical targets, those without one to ``default``; each statement once per target.

    The files appear together when all are whole; on failure none does. ``default`` may be an `RdfFile`, whose end is the caller's;
    None drops what has no target. Before any statement is taken it raises what `target_forms` does; later what `RdfFile` does.
    """
    forms = target_forms(plan, working)
    chosen, graphs = limits or OutputLimits(), holds_graphs(plan)
    with ExitStack() as stack:
        files: dict[str, RdfFile] = {}
        for name, (path, form) in forms.items():
            files[name] = RdfFile(path, form, chosen, may_hold_graphs=graphs)
            stack.callback(files[name].discard)
        sinks: dict[str, Sink] = {**files} if default is None else {"": default, **files}
        share = max(1, chosen.distinct_memory // max(1, len(sinks)))
        outputs = {name: _Output(sink, Distinct(share, progress)) for name, sink in sinks.items()}
        _spread(chunks, outputs)
        for file in files.values():
            file.prepare()
        for file in files.values():
            file.finish()
    paths = {name: path for name, (path, _) in forms.items()}
    return Written(paths, sum(one.count for one in outputs.values()), sum(one.seen.repeated for one in outputs.values()))


@dataclass
class _Output:
    sink: Sink
    seen: Distinct
    count: int = 0

    def take(self, chunk: Chunk) -> None:
        if (found := self.seen.passed(chunk)) is not None:
            self._write(found)

    def end(self) -> None:
        for chunk in self.seen.rest():
            self._write(chunk)

    def _write(self, chunk: Chunk) -> None:
        self.sink.write(chunk)
        self.count += chunk.count


def _spread(chunks: Iterable[Chunk], outputs: Mapping[str, _Output]) -> None:
    try:
        for chunk in chunks:
            for name in chunk.targets or ("",):
                if name in outputs:
                    outputs[name].take(chunk)
        for one in outputs.values():
            one.end()
    finally:
        for one in outputs.values():
            one.seen.close()
