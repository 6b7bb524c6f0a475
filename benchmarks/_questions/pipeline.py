"""The question layer as a user meets it: knowledge of one store, its endpoint, and what each stage made of a question."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from earthweave.qa import Endpoint, Limits
from earthweave.qa.grammar import Parsed, parse
from earthweave.qa.knowledge import Knowledge, opened
from earthweave.qa.language import Question, Reading, annotate, read
from earthweave.qa.planning import Conventions, Result, plan, run
from earthweave.qa.planning import Plan as Planned
from earthweave.qa.request import Request
from earthweave.server.questions import StoreEndpoint
from earthweave.server.store import Store

TODAY = date(2026, 11, 20)
Filter = Callable[[Question, Iterable[Reading]], list[Reading]]


@dataclass(frozen=True)
class Told:
    """What came of one question.

    Attributes:
        parsed: the best reading, None if there is none.
        planned, result: of it, None if it did not come so far.
        error: what was raised, empty if nothing was.
        seconds: from text to requests.
    """

    parsed: Parsed | None
    planned: Planned | None = None
    result: Result | None = None
    error: str = ""
    seconds: float = 0.0

    def stage(self) -> str:
        """How far it came: the stage that it failed in, or ``answer``."""
        if self.parsed is None:
            return "grammar"
        if self.planned is None or self.planned.refusal:
            code = self.planned.refusal.code if self.planned and self.planned.refusal else ""
            return "linking" if code.startswith("unknown-") else "planning"
        return "execution" if self.result is None else "answer"

    def truth(self) -> bool | None:
        """Yes or no, where that was asked: of a list, whether there is anything on it."""
        if self.result is None or self.parsed is None or self.parsed.request.form != "ask":
            return None
        return self.result.truth if self.result.truth is not None else bool(self.result.rows)

    def note(self) -> str:
        """What came instead of the answer, for the list of failures."""
        if self.parsed is None:
            return self.error or "no reading"
        refusal = self.planned.refusal if self.planned else None
        said = f"{refusal.code}: {refusal.text}" if refusal else self.error
        return f"{said} {short(self.parsed.request)} unknown={list(self.parsed.request.unknown)}"


class Asker:
    """Puts questions to one store."""

    def __init__(
        self, knowledge: Knowledge, endpoint: Endpoint, *, limits: Limits | None = None, conventions: Conventions | None = None
    ) -> None:
        self.knowledge, self.endpoint = knowledge, endpoint
        self.limits, self.conventions = limits or Limits(question_rows=5000), conventions

    def understand(self, text: str, keep: Filter | None = None) -> tuple[Sequence[Parsed], float]:
        """The readings of a question, best first, and the seconds that they took."""
        started = time.perf_counter()
        question = read(text)
        readings = annotate(question, self.knowledge, TODAY)
        found = parse(question, keep(question, readings) if keep else readings, self.knowledge, TODAY)
        return found, time.perf_counter() - started

    def tell(self, text: str, keep: Filter | None = None) -> Told:
        """What comes of a question, stage by stage."""
        try:
            found, seconds = self.understand(text, keep)
        except Exception as error:  # noqa: BLE001 - a crash is a failure of the question, and told
            return Told(None, error=f"{type(error).__name__}: {error}")
        return self.answer(found, seconds)

    def answer(self, found: Sequence[Parsed], seconds: float = 0.0) -> Told:
        """The first reading that can be planned, run; else why the best one cannot."""
        told = Told(found[0] if found else None, seconds=seconds)
        for one in found[:3]:
            try:
                planned = plan(
                    listing(one.request), self.knowledge, self.limits, **({"conventions": self.conventions} if self.conventions else {})
                )
            except Exception as error:  # noqa: BLE001
                told = Told(one, error=f"{type(error).__name__}: {error}", seconds=seconds)
                continue
            if planned.refusal:
                told = told if told.planned else Told(one, planned, seconds=seconds)
                continue
            try:
                return Told(one, planned, run(planned, self.endpoint, self.limits), seconds=seconds)
            except Exception as error:  # noqa: BLE001
                return Told(one, planned, error=f"{type(error).__name__}: {error}"[:300], seconds=seconds)
        return told


def listing(request: Request) -> Request:
    """ "Is there a park near X?" is answered by which ones; whether a named thing is somewhere, by yes or no."""
    return replace(request, form="find") if request.form == "ask" and request.target.classes and not request.target.named else request


def asker(store: Store, file: Path, **more: Any) -> Asker:
    """An asker over a store, with its knowledge kept in a file."""
    endpoint = StoreEndpoint(store)
    return Asker(opened(endpoint, file, str(store.statistics().generation)), endpoint, **more)


def short(tree: Any) -> str:
    """A request in one line: without what is not set."""
    from dataclasses import fields, is_dataclass

    if is_dataclass(tree) and not isinstance(tree, type):
        if type(tree).__name__ == "Named":
            return f"«{tree.name}»"
        if type(tree).__name__ == "Concept":
            return f"{tree.label}:{tree.iri.rsplit('/', 1)[-1]}"
        skipped = {"kind", "assumptions", "unknown"}
        shown = [(one.name, getattr(tree, one.name)) for one in fields(tree) if one.name not in skipped]
        told = ", ".join(f"{name}={short(value)}" for name, value in shown if value not in (None, (), "", False, "1"))
        return f"{type(tree).__name__}({told})"
    if isinstance(tree, tuple):
        return "[" + ", ".join(map(short, tree)) + "]"
    return str(tree)
