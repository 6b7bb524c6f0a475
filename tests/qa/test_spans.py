"""Tokens keep their characters; the best lattice is the best of all."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.qa._spans import Reading, best
from earthweave.qa._text import read

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
