"""What every verb shares: results on stdout, progress on stderr, the envelope, errors in three lines, exit 0/1/2."""

from __future__ import annotations

import errno
import functools
import json
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, NoReturn

import click

from earthweave.ontology import EarthweaveError, ProcessingError, Progress

_OS_HINT = "is the name right, is it a file where a file is meant, and may you write there?"


@dataclass(frozen=True)
class Outcome:
    """What a verb did.

    Attributes:
        result: JSON value for ``--json``, or a function that makes it when it is wanted.
        text: the same for people; printed on stdout.
        raw: bytes for stdout instead of ``text`` (a result in a format that was asked for).
        notices: warnings, one sentence each; on stderr for people.
        limits: limits that applied.
    """

    result: Any
    text: str = ""
    raw: bytes | None = None
    notices: tuple[str, ...] = ()
    limits: Mapping[str, Any] = field(default_factory=dict)


class Reporter:
    """Progress on stderr: a live bar on a terminal, one line a stage elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._stage = ""

    def __enter__(self) -> Reporter:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
            from rich.progress import Progress as Bar

            columns = (
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(30),
                TextColumn("{task.fields[note]}"),
                TimeElapsedColumn(),
            )
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task("", total=1.0, note="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.stop()

    def __call__(self, progress: Progress) -> None:
        """Show where the work stands."""
        if self._bar is not None:
            self._bar.update(
                self._task,
                description=progress.stage,
                note=progress.note,
                completed=progress.fraction or 0.0,
                total=None if progress.fraction is None else 1.0,
            )
        elif progress.stage != self._stage:
            click.echo(f"  {progress.stage} {progress.note}".rstrip(), err=True)
        self._stage = progress.stage


def envelope(outcome: Outcome, seconds: float) -> str:
    """The JSON that ``--json`` prints: result, limits applied, notices, timing."""
    result = outcome.result() if callable(outcome.result) else outcome.result
    body = {"result": result, "limits": dict(outcome.limits), "notices": list(outcome.notices), "seconds": round(seconds, 3)}
    return json.dumps(body, ensure_ascii=False, indent=1, default=str)


def text_table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a plain table: names, a rule, rows; cells padded, long ones cut at 60 characters."""
    cells = [[_cut(cell) for cell in row] for row in rows]
    widths = [max([len(name), *(len(row[column]) for row in cells)]) for column, name in enumerate(names)]
    head = [list(names), ["-" * width for width in widths]]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in [*head, *cells]]


_COMMANDS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that tell a terminal what to do, or turn the direction of the text behind them."""


def harmless(text: str) -> str:
    """Text of a store for a terminal: whoever made the data must not command it."""
    return _COMMANDS.sub("\ufffd", text)


def _cut(text: str, longest: int = 60) -> str:
    flat = harmless(" ".join(text.split()))
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def show_error(error: EarthweaveError) -> None:
    """What went wrong, why, and the way out, on stderr."""
    labels = (("error", error.what), ("why", error.why), ("try", error.way_out))
    for label, text in labels:
        if text:
            click.echo(f"{click.style(label, bold=True)}: {text}", err=True)


def _print(outcome: Outcome, as_json: bool, seconds: float) -> None:
    if as_json:
        click.echo(envelope(outcome, seconds))
        return
    for notice in outcome.notices:
        click.echo(f"{click.style('notice', bold=True)}: {notice}", err=True)
    if outcome.raw is not None:
        sys.stdout.buffer.write(outcome.raw)
        sys.stdout.buffer.flush()
    elif outcome.text:
        click.echo(outcome.text)
    sys.stdout.flush()


def run(work: Callable[[], Outcome], *, as_json: bool = False) -> None:
    """Do the work, print its outcome, or print the error and leave with its exit code."""
    started = time.perf_counter()
    try:
        outcome = work()
        _print(outcome, as_json, time.perf_counter() - started)
    except OSError as error:
        if error.errno == errno.EPIPE:
            # who read our output has had enough: no error of ours, and Click leaves quietly
            raise
        place = f": {error.filename}" if error.filename else ""
        _fail(ProcessingError(f"{error.strerror or error}{place}", why="the operating system refused", way_out=_OS_HINT), as_json)
    except EarthweaveError as error:
        _fail(error, as_json)


def _fail(error: EarthweaveError, as_json: bool) -> NoReturn:
    if as_json:
        body = {"code": error.code, "what": error.what, "why": error.why, "way_out": error.way_out}
        try:
            click.echo(json.dumps({"error": body}, ensure_ascii=False, indent=1))
        except OSError:
            # standard output is what failed
            show_error(error)
    else:
        show_error(error)
    sys.exit(error.exit_code)


def verb(function: Callable[..., Outcome]) -> Callable[..., None]:
    """Make a Click callback of a function that returns an `Outcome`: adds ``--json``, prints, turns errors into exit codes."""

    @click.option("--json", "as_json", is_flag=True, help="Print an envelope instead: result, limits applied, notices, timing.")
    @functools.wraps(function)
    def callback(*arguments: Any, as_json: bool, **options: Any) -> None:
        if as_json and options.get("format_name"):
            raise click.UsageError("--json prints our envelope and excludes --format; for SPARQL JSON results use --format json")
        run(lambda: function(*arguments, **options), as_json=as_json)

    return callback


store_option = click.option(
    "--store",
    "store_path",
    default="earthweave-store",
    show_default=True,
    envvar="EARTHWEAVE_STORE",
    metavar="DIR",
    help="Folder of the store (or set EARTHWEAVE_STORE).",
)
"""``--store DIR`` for every verb that needs a store."""
