"""Tokens keep their characters; the pipeline forgets the words of questions."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.qa.knowledge import Knowledge, NoNames
from earthweave.qa.language import annotate, blank, read
from earthweave.qa.language._registry import ANNOTATORS, READINGS, pipeline


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
    blank.cache_clear()
    monkeypatch.setattr("earthweave.qa.language._tokens._MAX_STRINGS", len(blank().vocab.strings) + 1000)
    most, pipelines = 0, set[int]()
    for number in range(100):
        words = [f"w{number}x{place}" for place in range(60)]
        question = read("flooded areas " + " ".join(words))
        assert [token.text for token in question.tokens[2:]] == words
        most = max(most, len(blank().vocab.strings))
        pipelines.add(id(blank()))
    assert most < 1000 + 3000, "a fresh pipeline, the thousand that were allowed, one question"
    assert len(pipelines) > 1


def test_annotators_are_components_that_write_into_one_group_of_spans() -> None:
    question = read("five Sentinel-2 images of lakes larger than 100 km2 in 2021")
    readings = annotate(question, Knowledge(NoNames()), date(2026, 11, 20))
    assert pipeline() is blank()
    assert pipeline().pipe_names == [*ANNOTATORS, "earthweave_settled"]
    assert {"class", "quantity", "comparator", "time", "product", "number"} <= {one.label_ for one in question.doc.spans[READINGS]}
    spans = [(one.label_, one.kb_id_, one.start, one.end) for one in question.doc.spans[READINGS]]
    assert spans == [(one.kind, one.rule, one.start, one.end) for one in readings]


def test_a_second_look_starts_anew() -> None:
    question = read("Which units have a population density above 10?")
    annotate(question, Knowledge(NoNames()), date(2026, 11, 20))
    first = len(question.doc.spans[READINGS])
    assert len(annotate(question, Knowledge(NoNames()), date(2026, 11, 20))) == first
