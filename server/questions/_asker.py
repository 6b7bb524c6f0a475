"""Answers questions from one store, with what its current generation holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from earthweave.ontology import ParameterError
from earthweave.qa import (
    Answer,
    Box,
    Dialogue,
    Knowledge,
    Launcher,
    Limits,
    Origin,
    Request,
    answer,
    answer_request,
    edit_from_json,
    edited,
    evidence,
    provenance,
    suggestions,
)
from earthweave.server.store import Store

from ._endpoint import StoreEndpoint
from ._knowing import Knowing


def _utc_now() -> datetime:
    return datetime.now(UTC)


class StoreAsker:
    """Puts questions to a store.

    What the store holds is learned once per generation, so that what was just loaded can be asked about. Threads may
    share one. ``clock`` tells what "yesterday" counts from; ``launcher`` takes what only a run can answer, which is proposed, not started.
    All methods raise what `Store.query` raises.
    """

    def __init__(
        self, store: Store, *, limits: Limits | None = None, clock: Callable[[], datetime] = _utc_now, launcher: Launcher | None = None
    ) -> None:
        self._endpoint, self._limits, self._clock, self._launcher = StoreEndpoint(store), limits or Limits(), clock, launcher
        self._knowing = Knowing(store, self._limits)

    def ask(self, question: str, *, dialogue: Any = None, view: Sequence[float] | None = None) -> dict[str, Any]:
        """Answer or refuse; JSON data as `earthweave.qa.answer_schema` describes it.

        Args:
            dialogue: what came under that name with the last answer, if this follows it.
            view: west, south, east and north of what the map shows, degrees.
        """
        return self.answer(question, Dialogue.from_json(dialogue) if dialogue else None, _box(view)).to_json()

    def answer(self, question: str, dialogue: Dialogue | None = None, view: Box | None = None) -> Answer:
        """The same with objects."""
        known = self._knowing.now()
        found = answer(
            question, self._endpoint, known, now=self._clock(), limits=self._limits, launcher=self._launcher, dialogue=dialogue, view=view
        )
        return _told(found, known)

    def ask_request(self, request: Any, edit: Any = ()) -> dict[str, Any]:
        """Answer a request, JSON data as it came with an answer, after an edit of one of its chips; raises `ParameterError` too."""
        known = self._knowing.now()
        asked = edited(Request.from_json(request), edit_from_json(list(edit)) if edit else ())
        return _told(answer_request(asked, self._endpoint, known, limits=self._limits, launcher=self._launcher), known).to_json()

    def provenance(self, iris: Iterable[str], request: Any = None) -> tuple[Origin, ...]:
        """Where things of an answer come from; with its request also what they are related to by it: units to what flooded them."""
        if request is not None:
            iris = evidence(Request.from_json(request), iris, self._endpoint, self._knowing.now(), self._limits)
        return provenance(iris, self._endpoint, self._limits)

    def suggestions(self, text: str) -> tuple[str, ...]:
        """How a question may go on."""
        return suggestions(text, self._knowing.now(), self._launcher.offers() if self._launcher else ())

    def knowledge(self) -> Knowledge:
        """What the store's current generation knows."""
        return self._knowing.now()


def ask(store: Store, question: str) -> Answer:
    """Answer one question from a store, or refuse it: ``ask(store, "Which lakes lie in Bavaria?").text``.

    For more than one question keep a `StoreAsker`: it keeps what it has learned of the store. Raises what `Store.query` raises.
    """
    return StoreAsker(store).answer(question)


def _told(found: Answer, known: Knowledge) -> Answer:
    """With what every reader must know about the knowledge that it rests on."""
    lacking = tuple({"code": "knowledge", "text": text} for text in known.notices)
    return replace(found, notices=(*found.notices, *lacking)) if lacking else found


def _box(view: Sequence[float] | None) -> Box | None:
    if view is None:
        return None
    if len(view) != 4 or not view[0] < view[2] or not view[1] < view[3]:
        raise ParameterError("what the map shows is no box", why=f"{[*view]}", way_out="give west, south, east and north in degrees")
    west, south, east, north = map(float, view)
    return Box(west, south, east, north)
