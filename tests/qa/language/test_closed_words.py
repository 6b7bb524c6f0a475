"""The closed vocabulary: relations, comparators, superlatives, operators, and the phrases that they are matched by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.qa.knowledge import Knowledge, NoNames
from earthweave.qa.language import (
    Comparator,
    Reading,
    RelationWord,
    Superlative,
    _comparators,
    _operators,
    _relations,
    _superlatives,
    annotate,
    read,
)
from earthweave.qa.language._phrases import Phrases
from earthweave.qa.request import Direction, Relation

TODAY = date(2026, 11, 20)
Annotator = Callable[..., Iterator[Reading]]


def longest(annotator: Annotator, text: str) -> Reading:
    question = read(text)
    return max(annotator(question, None, TODAY), key=lambda one: (one.end - one.start, one.score))


@pytest.mark.parametrize(
    ("text", "relation", "rule"),
    [
        ("in", "within", "preposition"),
        ("inside of", "within", "preposition"),
        ("within the boundaries of", "within", "preposition"),
        ("belongs to", "within", "verb"),
        ("contains", "contains", "verb"),
        ("bordering", "touches", "preposition"),
        ("shares a border with", "touches", "verb"),
        ("on the border of", "touches", "preposition"),
        ("flows through", "crosses", "verb"),
        ("running through", "crosses", "preposition"),
        ("crossed by", "crosses", "passive"),
        ("in the vicinity of", "near", "preposition"),
        ("not too far from", "near", "preposition"),
        ("north - west of", "northwest", "preposition"),
        ("to the south-east of", "southeast", "preposition"),
        ("on the northern side of", "north", "preposition"),
        ("further west than", "west", "preposition"),
        ("on the way to", "towards", "preposition"),
        ("along the banks of", "along", "preposition"),
        ("between", "between", "preposition"),
        ("outside of", "disjoint", "preposition"),
    ],
)
def test_relations(text: str, relation: str, rule: str) -> None:
    reading = longest(_relations.readings, text)
    assert isinstance(reading.value, RelationWord)
    assert (reading.value.relation, reading.rule, reading.end) == (relation, rule, len(read(text).tokens))


def test_every_relation_but_distance_has_words() -> None:
    known = {relation for relation, *_ in (*_relations._PREPOSITIONS, *_relations._VERBS)} | set(get_args(Direction))
    # a distance is an amount with "of" or "from"; that two are equal is said by naming both
    assert set(get_args(Relation)) - known == {"distance", "equals"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("more than", Comparator(">")),
        ("at least", Comparator(">=")),
        ("no more than", Comparator("<=")),
        ("<=", Comparator("<=")),
        ("exceeds", Comparator(">")),
        ("or more", Comparator(">=", after=True)),
        ("between", Comparator("<=", range=True)),
        ("about", Comparator("=", about=True)),
        ("longer than", Comparator(">", hints=("length",))),
        ("closer", Comparator("<", hints=("distance",))),
    ],
)
def test_comparators(text: str, expected: Comparator) -> None:
    assert longest(_comparators.readings, text).value == expected


@pytest.mark.parametrize(
    ("text", "hint", "descending", "positive"),
    [
        ("largest", "area", True, False),
        ("most populous", "population", True, False),
        ("fewest", "count", False, False),
        ("highest number of", "count", True, False),
        ("most recent", "time", True, False),
        ("clearest", "cloud cover", False, False),
        ("nearest", "distance", False, False),
        ("large", "area", True, True),
    ],
)
def test_superlatives(text: str, hint: str, descending: bool, positive: bool) -> None:
    word = longest(_superlatives.readings, text).value
    assert isinstance(word, Superlative)
    assert (word.hints[0], word.descending, word.positive) == (hint, descending, positive)


def test_at_least_is_no_superlative() -> None:
    assert list(_superlatives.readings(read("at least three"), None, TODAY)) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("which", "which"),
        ("how many", "how-many"),
        ("where can I find", "list"),
        ("sorted by", "order-by"),
        ("does not", "not"),
        ("eastern", "part:east"),
        ("the centre of", "part:centre"),
        ("third", "nth:3"),
        ("change detection", "service:change detection"),
    ],
)
def test_operators(text: str, code: str) -> None:
    question = read(text)
    whole = {one.value for one in _operators.readings(question, None, TODAY) if one.end - one.start == len(question.tokens)}
    assert code in whole


def test_phrases_have_choices_and_options() -> None:
    table: Phrases[str] = Phrases([("x", "a? short|long way off"), ("y", "way")])
    found = {(value, start, end) for value, start, end in table.find(read("a long way off"))}
    assert found == {("x", 0, 4), ("x", 1, 4), ("y", 2, 3)}


@given(st.lists(st.sampled_from("a b c".split()), max_size=6), st.lists(st.sampled_from("a b c".split()), min_size=1, max_size=3))
def test_a_phrase_is_found_wherever_it_stands(words: list[str], phrase: list[str]) -> None:
    found = [(start, end) for _, start, end in Phrases([(0, " ".join(phrase))]).find(read(" ".join(words)))]
    size = len(phrase)
    assert found == [(at, at + size) for at in range(len(words) - size + 1) if words[at : at + size] == phrase]


def test_a_store_that_knows_nothing_still_has_the_closed_words() -> None:
    question = read("which of the largest within 5 km of it in 2021")
    kinds: set[Any] = {one.kind for one in annotate(question, Knowledge(NoNames()), TODAY)}
    assert {"operator", "superlative", "relation", "quantity", "time", "filler"} <= kinds
