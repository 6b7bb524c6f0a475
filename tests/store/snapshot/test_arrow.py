"""Columns made for Arrow without pandas are what pyarrow would have made."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology.arrow import arrow_of, text_array
from earthweave.server.store.snapshot import filled, numpy_of, text_scalar

texts = st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=("Cs",)), max_size=6)), max_size=30)
numbers = st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62)), max_size=30)


@given(texts)
def test_texts(values: list[str | None]) -> None:
    found = text_array(values)
    found.validate(full=True)
    assert found.equals(pa.array(values, pa.large_string()))
    assert [text_scalar(one).as_py() for one in values] == values


@given(numbers, st.sampled_from([np.int64, np.float64, np.bool_]))
def test_numbers_and_truths(values: list[int | None], kind: Any) -> None:
    array = np.array([one or 0 for one in values]).astype(kind)
    valid = np.array([one is not None for one in values], dtype=bool)
    for mask in (None, valid):
        found = arrow_of(array, mask)
        found.validate(full=True)
        assert found.equals(pa.array(array, mask=None if mask is None else ~mask))
    assert numpy_of(arrow_of(array)).tolist() == array.tolist()


@given(numbers)
def test_nulls_are_filled(values: list[int | None]) -> None:
    found = filled(pa.array(values, pa.int64()), -1)
    assert found.dtype == np.int64
    assert found.tolist() == [-1 if one is None else one for one in values]


@given(st.lists(st.one_of(st.none(), st.binary(max_size=5)), max_size=20), st.integers(0, 5))
def test_blobs_come_back(values: list[bytes | None], start: int) -> None:
    assert numpy_of(pa.array(values, pa.large_binary())[start:]).tolist() == values[start:]


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        text_array(["a", "\ud800"])
