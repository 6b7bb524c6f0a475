"""Typing errors in words that are no names."""

from __future__ import annotations

import pytest

from earthweave.qa.knowledge import Knowledge, PropertyEntry
from earthweave.qa.language import annotate, read
from tests.qa.grammar.world import TODAY

KNOWLEDGE = Knowledge(properties={"http://example.org/people": PropertyEntry("http://example.org/people", ("population",))})


def readings(text: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    question = read(text)
    found = annotate(question, KNOWLEDGE, TODAY)
    return [(one.kind, one.rule, question.words(one.start, one.end), tuple(note.code for note in one.assumptions)) for one in found]


@pytest.mark.parametrize(
    ("text", "kind", "typed"),
    [
        ("Whre is Bath?", "operator", "Whre"),
        ("What is the popuulation of Bath?", "property", "popuulation"),
        ("What is the largeest lake?", "superlative", "largeest"),
        ("Is Bath nroth of Wells?", "relation", "nroth"),
        ("the numbber of lakes that boarder Bath", "relation", "boarder"),
    ],
)
def test_a_slip_is_taken_for_the_word_and_that_is_told(text: str, kind: str, typed: str) -> None:
    assert any(one[0] == kind and typed in one[2] and one[3] == ("misspelt",) for one in readings(text))


@pytest.mark.parametrize("text", ["How many forts are in Bath?", "parks and crofts", "Where is Nroth?", "gizmos"])
def test_other_words_stay_what_they_are(text: str) -> None:
    assert not any("misspelt" in one[3] for one in readings(text))
