"""Keys of many names at once against those of one name after the other."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earthweave.qa.knowledge._forms import forms, variants

WORDS = st.sampled_from(["The", "Lake", "of", "City", "Saint", "Mt", "Ness", "River", "São", "Mary's", "Cork", "7", "-", "(North)", ","])


@given(st.lists(st.lists(WORDS, max_size=16).map(" ".join) | st.text(st.characters(codec="utf-8"), max_size=12), max_size=12))
@example(["Fort Mt Sam", "The Hague", "Lake", "A", " ", "a  b", "x" * 401, "Loch Ness"])
@settings(max_examples=120)
def test_keys_in_bulk_are_those_one_by_one(names: list[str]) -> None:
    starts, texts, shares = forms(pa.array(names, pa.large_string()))
    for at, name in enumerate(names):
        told: dict[str, float] = {}
        for words, share in variants(name):
            told.setdefault(" ".join(words), share)
        told.pop("", None)
        rows = slice(int(starts[at]), int(starts[at + 1]))
        assert dict(zip(texts[rows].to_pylist(), shares[rows].tolist(), strict=True)) == pytest.approx(told)
