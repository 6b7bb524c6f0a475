"""Names in small letters that no index has: what the trained tagger adds to the rules, and that it can be made again."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._questions.marks import Maker, scored, trained
from earthweave.qa.knowledge import Knowledge, NoNames
from earthweave.qa.language import _marks, annotate, read


def unknown(text: str) -> list[str]:
    question = read(text)
    found = annotate(question, Knowledge(NoNames()), date(2026, 11, 20))
    return [question.words(one.start, one.end) for one in sorted(found, key=lambda one: one.start) if one.rule == "unknown"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("where is zorvania located ?", ["zorvania"]),
        ("how large is quexby ?", ["quexby"]),
        ("do brandle and quexby share a border?", ["brandle", "quexby"]),
        ("what is quexby's population?", ["quexby"]),
        ("show sentinel-2 images of zorvania in march 2021", ["zorvania"]),
        ("which lakes are larger than 10 km2?", []),
        ("build a time series of cloud cover", []),
    ],
)
def test_names_in_small_letters_are_marked(text: str, names: list[str]) -> None:
    assert unknown(text) == names


def test_capitals_are_left_to_the_rules() -> None:
    assert unknown("Do brandle and Quexby share a border?") == ["Quexby"]


def test_the_shipped_model_finds_names_of_questions_made_by_another_seed() -> None:
    assert scored(_marks.model(), seed=99, questions=200) > 0.95


def test_training_is_repeatable_and_learns() -> None:
    once, again = (trained(questions=150, rounds=2) for _ in range(2))
    assert (once.weights, once.following) == (again.weights, again.following)
    assert scored(once, seed=99, questions=50) > 0.8


def test_no_weight_is_of_a_name() -> None:
    maker, marks = Maker(3), _marks.model()
    names = {word for words, tags in (maker.question() for _ in range(300)) for word, tag in zip(words, tags, strict=True) if tag == "B"}
    known = {word for feature in marks.weights for word in feature.split()[1:]}
    assert {word for word in names if len(word) > 3} & known <= marks.vocabulary


@given(st.lists(st.text(max_size=6), max_size=12))
def test_whatever_the_words_runs_lie_one_after_the_other(words: list[str]) -> None:
    ends = [0, *(place for run in _marks.model().names(words) for place in run), len(words)]
    assert ends == sorted(ends)
