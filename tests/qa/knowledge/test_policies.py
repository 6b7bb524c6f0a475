"""Conventions are data, and tell what they take for granted."""

from __future__ import annotations

import pytest

from earthweave.ontology import lexicon
from earthweave.qa.knowledge import POLICIES, by_words, near


@pytest.mark.parametrize(
    ("label", "metres"), [("city", 5000), ("town", 5000), ("village", 1000), ("restaurant", 500), ("lough", 1000), ("unheard of", 1000)]
)
def test_near_depends_on_the_kind(label: str, metres: float) -> None:
    policy = near((label,))
    assert (policy.code, policy.value, policy.unit) == ("near", metres, "m")
    assert f"{metres / 1000:g} km" in policy.text or f"{metres:g} m" in policy.text


def test_assumptions_are_sentences_about_a_word() -> None:
    for policy in (*POLICIES, near(("city",))):
        told = policy.assumption("vague")
        assert told.code == policy.code
        assert told.about == "vague"
        assert told.text.startswith("“vague”") and told.text.endswith(".") and "{" not in told.text


def test_the_lexicon_is_large_and_whole() -> None:
    words = lexicon()
    assert sum(len(one.synonyms) for one in words if one.scheme in ("things", "properties")) > 500
    assert {one.scheme for one in words} == {"things", "properties", "relations", "places"}
    iris = {one.iri for one in words}
    assert all(other in iris for one in words for other in (*one.broader, *one.related))
    assert by_words("things")["lough",][0].label == "lake"
    assert by_words("properties")["inhabitant",][0].label == "population"
