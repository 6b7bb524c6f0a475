"""Answers questions from one store, with the names that its current generation holds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from earthweave.ontology import EW, RDFS, ParameterError
from earthweave.qa import Lexicon, Limits, Place, answer
from earthweave.server.store import Store

from ._endpoint import StoreEndpoint

_PLACES = f"""
SELECT ?unit ?label (MIN(?depth) AS ?level) WHERE {{
  ?unit a {EW.AdministrativeUnit.n3()} ; {RDFS.label.n3()} ?label .
  OPTIONAL {{ ?unit {EW.unitLevel.n3()} ?depth }}
}} GROUP BY ?unit ?label
"""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class StoreAsker:
    """Puts questions to a store.

    The place names are read from the store once per generation, so that what was just loaded can be asked about. Threads may
    share one. ``clock`` tells what "yesterday" counts from.
    """

    def __init__(self, store: Store, *, limits: Limits | None = None, clock: Callable[[], datetime] = _utc_now) -> None:
        self._endpoint, self._store = StoreEndpoint(store), store
        self._limits, self._clock = limits or Limits(), clock
        self._lock, self._known = Lock(), (-1, Lexicon())

    def ask(self, question: str) -> dict[str, Any]:
        """Answer or refuse; JSON data as `earthweave.qa.Answer.to_json` makes it. Raises what `Store.query` raises."""
        found = answer(question, self._endpoint, self.lexicon(), now=self._clock(), limits=self._limits)
        return found.to_json()

    def lexicon(self) -> Lexicon:
        """The names of administrative units in the store's current generation."""
        generation = self._store.statistics().generation
        with self._lock:
            if self._known[0] != generation:
                self._known = generation, Lexicon(self._places())
            return self._known[1]

    def _places(self) -> list[Place]:
        found = []
        for unit, label, level in self._endpoint.select(_PLACES, Limits()).rows:
            # blank nodes, and IRIs that no query can hold, cannot be asked about
            if unit and label and unit.kind == "uri":
                with suppress(ParameterError):
                    found.append(Place(label.value, unit.value, int(level.value) if level else None))
        return found
