"""Columns of Arrow as numpy arrays, and one text as a scalar, made without pandas."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import polars as pl
import pyarrow.compute as pc

from earthweave.ontology.arrow import arrow_of, text_array


def text_scalar(text: str | None) -> Any:
    """One text, or a null, for functions that take a column or the same text for all."""
    return text_array([text])[0]


def numpy_of(values: Any) -> Any:
    """An Arrow array as a numpy array: blobs as objects, with None for null; whole numbers with nulls as float64."""
    return cast(pl.Series, pl.from_arrow(values)).to_numpy()


def filled(values: Any, number: int) -> Any:
    """Numbers of an Arrow array as a numpy array, with a number where they are null."""
    if values.null_count:
        values = pc.call_function("coalesce", [values, arrow_of(np.array([number]))[0].cast(values.type)])
    return numpy_of(values)

