"""What comes of a question: data, a run that is proposed, or a refusal with its reason; and how that is JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..request import Assumption, Named, Request
from ._chips import Alternative, Chip, without
from ._dialogue import Dialogue
from ._offers import Proposal
from ._refusals import Refusal
from ._tree import Edit, edited

Notice = Mapping[str, str]
"""``code`` and ``text``."""


@dataclass(frozen=True)
class Column:
    """A column of the table of an answer.

    Attributes:
        name: for people, with the unit.
        type: of its cells.
        unit: UCUM code of numbers.
    """

    name: str
    type: Literal["iri", "text", "number", "truth"]
    unit: str = "1"


@dataclass(frozen=True)
class Emptiness:
    """Why there is nothing.

    Attributes:
        text: for people.
        blame: what each constraint leaves if it alone is dropped, those that empty the answer: its words, and how many there are then.
        nearest: the nearest requests that have an answer, as edits of this one.
    """

    text: str
    blame: tuple[tuple[str, int], ...] = ()
    nearest: tuple[Alternative, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What came of a question.

    Attributes:
        question: as it was asked; empty if a request was put without words.
        text: the answer, the proposal or the reason of the refusal, in words.
        request: how the question was understood; None if it was refused before.
        paraphrase: of the request, made from it alone.
        refusal: why there is no answer; None if there is one.
        proposal: a run that would bring what the store does not have.
        chips: one for every constraint and every assumption.
        assumptions: what was taken for granted.
        unknown: words that were not understood.
        readings: other ways to understand the question, likeliest first.
        value: of yes/no (bool), count (int), one number (float, in ``unit``).
        unit: UCUM code of the value.
        count: how many things there are, listed or not; None for yes/no.
        columns, rows: what is told of each thing; the first column is its IRI.
        geojson: a FeatureCollection (RFC 7946: CRS84, exterior rings counter-clockwise), None if nothing can be drawn.
        sparql: the query that was run; empty if none.
        emptiness: why there is nothing, if there is nothing.
        simulated: whether anything that the answer rests on is simulated.
        notices: code and sentence, from the store and from here.
        timings: stage → seconds.
    """

    question: str
    text: str
    request: Request | None = None
    paraphrase: str = ""
    refusal: Refusal | None = None
    proposal: Proposal | None = None
    chips: tuple[Chip, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    unknown: tuple[str, ...] = ()
    readings: tuple[Request, ...] = ()
    value: bool | int | float | None = None
    unit: str = "1"
    count: int | None = None
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    geojson: Mapping[str, Any] | None = None
    sparql: str = ""
    emptiness: Emptiness | None = None
    simulated: bool = False
    notices: tuple[Notice, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def status(self) -> Literal["answered", "refused", "proposed"]:
        """Whether the question was answered from the store, refused, or would be answered by a run."""
        if self.refusal:
            return "refused"
        return "proposed" if self.proposal and not self.sparql else "answered"

    def without(self, chip: Chip) -> Request:
        """The request without what a chip says; raises `ParameterError` if there is no request without it."""
        assert self.request is not None, "chips come with a request"
        return without(self.request, chip)

    def changed(self, edit: Edit) -> Request:
        """The request after an edit of one of its chips, or of a reading."""
        assert self.request is not None, "edits come with a request"
        return edited(self.request, edit)

    @property
    def dialogue(self) -> Dialogue | None:
        """What a follow-up question can be about; None if nothing was understood."""
        # labels of blank nodes mean nothing outside of one result
        named = {row[0]: Named(str(row[1]), (row[0],) if ":" in row[0] else ()) for row in self.rows if len(row) > 1}
        return Dialogue(self.request, tuple(named.values())) if self.request else None

    def to_json(self) -> dict[str, Any]:
        """As JSON data, for pages, the API and ``--json``; `answer_schema` describes it."""
        from ._schema import to_json

        return to_json(self)
