"""From a question to an answer: the story of the room, told once.

::

    text ─▶ read ─▶ annotate ─▶ parse ─▶ Request ─▶ plan ─▶ run ─▶ Answer: data, with why it is empty if it is
              ╰──────── Refusal ◀────────╯   ╰──▶ Proposal of a run, after which the same Request is answered
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from earthweave.ontology import LimitError

from .._ports import Endpoint, Launcher, Limits
from ..knowledge import Knowledge, kinds_of
from ..planning import Plan, Result, plan, run
from ..planning import Refusal as Unplanned
from ..request import Assumption, Box, Named, Request
from ._ambiguous import ambiguous
from ._answer import Answer
from ._chips import chips
from ._dialogue import Dialogue
from ._emptiness import explained
from ._linking import linked
from ._nearest import nearest
from ._offers import Proposal, mapped_already, propose, templated, unknown_place
from ._refusals import HINT, Refusal
from ._sense import sensible
from ._showing import listing, shown
from ._simulated import simulated
from ._telling import notice, told
from ._timing import Clock
from ._understanding import understand
from ._words import paraphrase

_SHOWN = 3
"""Other readings that are told."""
_BY_A_RUN = frozenset({"no-data-layer", "unknown-class", "unknown-property", "needs-a-run"})
"""Refusals of what a run may bring."""
_STEPS = frozenset({"no-rows", "filter", "no-match", "unknown-term"})
"""Notices of the store on which step of a query left nothing."""


def answer(
    text: str,
    endpoint: Endpoint,
    knowledge: Knowledge,
    *,
    now: date | datetime,
    limits: Limits = Limits(),  # noqa: B008
    launcher: Launcher | None = None,
    dialogue: Dialogue | None = None,
    view: Box | None = None,
) -> Answer:
    """Understand a question, put it to the endpoint, and tell the answer; what the store does not have may be proposed to ``launcher``.

    Refusals, and limits that the endpoint reached, are answers too; other errors of the endpoint are raised.

    Args:
        knowledge: of the store behind the endpoint.
        now: what "yesterday" counts from.
        dialogue: what was said before: the text may be a follow-up.
        view: what the map shows, for "the area I am looking at".
    """
    clock = Clock()
    today = now.date() if isinstance(now, datetime) else now
    found = understand(text, knowledge, today, dialogue=dialogue, view=view, clock=clock)
    teller = _Teller(endpoint, knowledge, limits, launcher, clock, text)
    if found.refusal:
        called = templated(text, launcher.offers(), knowledge, today) if launcher and found.refusal.code == "not-understood" else None
        return teller.first((called,)) if called else _refused(found.refusal, clock, text)
    told = teller.first(found.requests)
    if told.refusal and found.doubt and told.refusal.code in _BY_A_RUN:
        return replace(told, refusal=found.doubt, text=found.doubt.text)
    return told


def answer_request(
    request: Request,
    endpoint: Endpoint,
    knowledge: Knowledge,
    *,
    limits: Limits = Limits(),  # noqa: B008
    launcher: Launcher | None = None,
) -> Answer:
    """Answer a request without words: one whose chips were edited, or that waited for a run. Raises as `answer`.

    What the request calls by a name that the store did not have is looked up again.
    """
    known = linked(request, knowledge)
    if known != request:
        known = sensible(known, knowledge)
    return _Teller(endpoint, knowledge, limits, launcher, Clock(), "").first((known,))


def _refused(why: Refusal, clock: Clock, question: str, **more: Any) -> Answer:
    ways = (notice("way-out", why.hint),) if why.hint != HINT else ()
    return Answer(question, why.text, refusal=why, notices=ways, timings=clock.seconds, **more)


@dataclass
class _Teller:
    endpoint: Endpoint
    knowledge: Knowledge
    limits: Limits
    launcher: Launcher | None
    clock: Clock
    question: str
    others: tuple[Request, ...] = field(default=())

    def first(self, requests: Sequence[Request]) -> Answer:
        """The likeliest request that can be answered; why the first cannot, if none can."""
        refusals: list[tuple[Request, Unplanned]] = []
        for request in requests:
            if len(" ".join(request.unknown)) > len(" ".join(requests[0].unknown)):
                # what only a reading that leaves out more could answer is not answered
                continue
            planned = self.planned(listing(request))
            if planned.refusal is None:
                self.others = tuple(one for one in requests if one is not request)[:_SHOWN]
                return self.answered(request, planned)
            refusals.append((request, planned.refusal))
        request, why = refusals[0]
        return self.unplanned(request, why)

    def planned(self, request: Request) -> Plan:
        """With columns for people if the store can tell them, else without."""
        with self.clock.stage("plan"):
            wide = plan(shown(request, self.knowledge), self.knowledge, self.limits)
            return wide if wide.refusal is None else plan(request, self.knowledge, self.limits)

    def about(self, request: Request, assumptions: Sequence[Assumption] = ()) -> dict[str, Any]:
        """What every answer to a request tells of it."""
        noted = tuple(dict.fromkeys((*request.assumptions, *assumptions, *ambiguous(request, self.knowledge, self.question))))
        return {
            "request": request, "paraphrase": paraphrase(request), "assumptions": noted, "unknown": request.unknown,
            "chips": chips(request, self.knowledge, noted), "readings": self.others, "timings": self.clock.seconds,
        }  # fmt: skip

    # no query
    def unplanned(self, request: Request, why: Unplanned) -> Answer:
        refusal = self.refusal(request, why)
        offered = self.proposed(request) if refusal.code in _BY_A_RUN else None
        if isinstance(offered, Proposal):
            return Answer(self.question, offered.text, proposal=offered, **self.about(request, offered.assumptions))
        about = self.about(request)
        about.pop("timings")
        return _refused(offered or refusal, self.clock, self.question, **about)

    def refusal(self, request: Request, why: Unplanned) -> Refusal:
        if why.code == "unknown-place":
            return unknown_place(Named(why.about), self.knowledge)
        if why.code == "unknown-class" and kinds_of(why.about):
            return Refusal("no-data-layer", f"The store has no data about “{why.about}”.", about=(why.about,))
        return Refusal(why.code, why.text, about=(why.about,) if why.about else ())

    def proposed(self, request: Request) -> Proposal | Refusal | None:
        if self.launcher is None or request.unknown:
            # a word that was left out could change what is asked for: no run is proposed on a guess
            return None
        with self.clock.stage("offer"):
            return propose(request, self.launcher, self.knowledge, self.endpoint, self.limits)

    # a query
    def answered(self, request: Request, planned: Plan) -> Answer:
        try:
            with self.clock.stage("run"):
                result = run(planned, self.endpoint, self.limits)
            return self.told(request, planned, result)
        except LimitError as error:
            hint = error.way_out or "Name a place or a time, so that less has to be compared."
            why = Refusal("limit", f"The answer would cost too much: {error.what}.", hint)
            about = self.about(request, planned.assumptions)
            about.pop("timings")
            return _refused(why, self.clock, self.question, sparql=planned.text, **about)

    def told(self, request: Request, planned: Plan, result: Result) -> Answer:
        found = bool(result.total) if result.truth is None else result.truth
        fields = told(planned.request, result, request)
        with self.clock.stage("simulated"):
            marked = simulated(request, found, self.knowledge, self.endpoint, self.limits)
        notices = (*result.notices, *fields.pop("notices", ()), *_unknown(request))
        made = Answer(
            self.question, **fields, **self.about(request, planned.assumptions), sparql=result.text, simulated=marked, notices=notices
        )
        return made if found else self.empty(made, request)

    def empty(self, made: Answer, request: Request) -> Answer:
        """Why there is nothing, and whether a run would change that."""
        with self.clock.stage("explain"):
            why, elsewhere = explained(request, self.knowledge, self.endpoint, self.limits)
        # what the engine says of empty steps is said again, in the words of the question
        kept = tuple(one for one in made.notices if not why.text or one["code"] not in _STEPS)
        made = replace(made, emptiness=why, notices=kept)
        offered = self.proposed(request)
        if isinstance(offered, Proposal) and not mapped_already(request, offered, self.knowledge, self.endpoint, self.limits):
            return replace(made, proposal=offered, notices=(*made.notices, notice("proposal", offered.text)))
        if elsewhere:
            return replace(made, refusal=elsewhere, text=elsewhere.text)
        return self.closest(request) or replace(made, notices=(*made.notices, notice("empty", why.text)) if why.text else made.notices)

    def closest(self, request: Request) -> Answer | None:
        """What is nearest, where nothing is near."""
        instead = nearest(request, self.knowledge)
        planned = self.planned(instead) if instead else None
        if instead is None or planned is None or planned.refusal:
            return None
        result = run(planned, self.endpoint, self.limits)
        return self.told(instead, planned, result) if result.total else None


def _unknown(request: Request) -> tuple[dict[str, str], ...]:
    words = ", ".join(request.unknown)
    return ({"code": "unknown-words", "text": f"Not understood, and left out: {words}."},) if words else ()
