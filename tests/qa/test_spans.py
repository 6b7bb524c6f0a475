"""Tokens keep their characters; the best lattice is the best of all."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.qa._spans import Reading, best
from earthweave.qa._text import blank, read
from earthweave.qa._words import _matcher, phrases

LENGTH = 6


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    start = draw(st.integers(0, LENGTH - 1))
    return Reading("filler", start, draw(st.integers(start + 1, LENGTH)), score=draw(st.integers(1, 10)) / 10)


def weight(rows: tuple[Reading, ...]) -> float:
    return round(sum(one.weight for one in rows), 9)


@settings(deadline=None)
@given(st.lists(readings(), max_size=7))
def test_k_best_against_all_subsets(rows: list[Reading]) -> None:
    subsets = [chosen for size in range(len(rows) + 1) for chosen in combinations(rows, size)]
    fair = [chosen for chosen in subsets if all(a.end <= b.start or b.end <= a.start for a, b in combinations(chosen, 2))]
    expected = sorted((weight(chosen) for chosen in fair), reverse=True)[:8]
    assert [weight(chosen) for chosen in best(rows, LENGTH)] == expected


@settings(deadline=None)
@given(st.text(max_size=80))
def test_tokens_know_where_they_were_typed(text: str) -> None:
    question = read(text)
    ends = [0, *(token.end for token in question.tokens)]
    assert all(0 <= token.start < token.end <= len(question.typed) for token in question.tokens)
    assert all(end <= token.start or question.typed[token.start : token.end] for end, token in zip(ends, question.tokens, strict=False))


@given(st.text(st.characters(codec="ascii", exclude_characters="`"), max_size=80))
def test_plain_words_are_what_was_typed(text: str) -> None:
    assert all(text[token.start : token.end] == token.text for token in read(text).tokens)


def test_units_dates_and_names_come_apart() -> None:
    words = [token.text for token in read("10km² mid-July 2021–22 on 2021-03-22, Penrith‐East <10% 3,000 O'Brien's").tokens]
    assert words == [
        "10", "km2", "mid", "-", "July", "2021", "-", "22", "on", "2021-03-22", ",", "Penrith", "-", "East", "<", "10", "%", "3,000",
        "O'Brien", "'s",
    ]  # fmt: skip


def test_words_of_questions_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earthweave.qa._text._MAX_STRINGS", len(blank().vocab.strings) + 1000)
    most, pipelines = 0, set[int]()
    for number in range(100):
        words = [f"w{number}x{place}" for place in range(60)]
        question = read("flooded areas " + " ".join(words))
        assert [token.text for token in question.tokens[2:]] == words
        assert ("flooded", 0, 1) in [(one.kind, one.start, one.end) for one in phrases(question)]
        most = max(most, len(blank().vocab.strings))
        pipelines.add(id(blank()))
    assert most < 1000 + 3000, "a fresh pipeline, the thousand that were allowed, one question"
    assert len(pipelines) > 1


def test_the_matcher_learns_no_words() -> None:
    [*phrases(read("flooded areas"))]
    before = len(_matcher()[0].vocab.strings)
    [*phrases(read("qwertzuiop flooded yxcvbnm"))]
    assert len(_matcher()[0].vocab.strings) == before


def test_a_mark_that_combines_with_nothing_is_read() -> None:
    assert [(one.kind, one.start) for one in phrases(read("\u0301 flooded"))][0] == ("flooded", 1)
