"""Notes on names that several things have."""

from __future__ import annotations

import pytest

from earthweave.qa.answering._ambiguous import ambiguous
from earthweave.qa.answering._chips import chips
from earthweave.qa.knowledge import Called, ClassEntry, Knowledge, index_of
from earthweave.qa.request import Request, Things

E = "http://example.org/"
KINDS = {E + name: ClassEntry(E + name, (name,)) for name in ("volcano", "town")}


def _known(*priors: float) -> Knowledge:
    things = [
        Called(
            f"{E}{at}", (("Etna", 1.0),), (E + ("town" if at else "volcano"),), prior, (at, 1.0, at, 1.0), ("ohio",) if at else ("sicily",)
        )
        for at, prior in enumerate(priors)
    ]
    return Knowledge(index_of(things), KINDS)


def _codes(known: Knowledge, question: str, place: int = 0) -> list[str]:
    named = known.names.find(("etna",))[place].named
    return [one.text for one in ambiguous(Request("find", Things(named=(named,))), known, question)]


def test_the_thing_that_is_taken_is_told_with_how_many_others_there_are() -> None:
    assert _codes(_known(3.0, 2.0, 2.0), "towns near Etna") == [
        "“Etna” is taken as Etna (volcano, in Sicily); 2 other things are called so."
    ]
    assert _codes(_known(3.0, 2.9), "near Etna") == ["“Etna” is taken as Etna (volcano, in Sicily); one other thing is called so."]


@pytest.mark.parametrize("question", ["towns near the volcano Etna", "towns near Etna, Sicily"])
def test_nothing_is_told_of_what_the_question_says(question: str) -> None:
    assert _codes(_known(3.0, 2.9), question) == []


def test_nothing_is_told_of_what_is_likely_or_was_chosen() -> None:
    assert _codes(_known(9.0, 1.0), "near Etna") == []
    assert _codes(_known(3.0), "near Etna") == []
    assert _codes(_known(3.0, 2.9), "near Etna", place=1) == []


def test_alternatives_that_are_said_alike_have_their_positions() -> None:
    known = _known(3.0, 2.0, 2.0)
    named = known.names.find(("etna",))[0].named
    texts = [one.text for chip in chips(Request("find", Things(named=(named,))), known) for one in chip.alternatives]
    assert texts == ["Etna (town, in Ohio, at 1.00, 1.00)", "Etna (town, in Ohio, at 1.00, 2.00)"]


def test_what_lies_inside_is_no_other_thing() -> None:
    boxes = (1.0, 1.0, 3.0, 3.0), (2.0, 2.0, 2.0, 2.0), (9.0, 9.0, 9.0, 9.0)
    things = [Called(f"{E}{at}", (("Etna", 1.0),), (), 1.0 if at else 2.0, box) for at, box in enumerate(boxes)]
    assert _codes(Knowledge(index_of(things)), "near Etna") == []
    assert _codes(Knowledge(index_of([*things, Called(f"{E}8", (("Etna", 1.0),), (), 1.9)])), "near Etna") != []
