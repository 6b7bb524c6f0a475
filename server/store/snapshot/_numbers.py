"""Numeric values of literals: of inline ids, and of the lexical forms that lie in the dictionary.

W3C XML Schema 1.1 Part 2 (2012), §3.3.3 – §3.3.5 and §3.4.13 – §3.4.25. A form that is not in the lexical space, or a value that its
datatype excludes, is no number (NaN).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import polars as pl

from earthweave.ontology import XSD
from earthweave.ontology.arrow import arrow_of

from ._ids import BIAS, DECIMAL_BIAS, Tag, payloads
from ._terms import TermType

_WHOLE = r"^[+-]?[0-9]+$"
_DECIMAL = r"^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$"
_DOUBLE = r"^(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF)$"

_INF = float("inf")
_INTEGERS: dict[str, tuple[float, float]] = {
    "integer": (-_INF, _INF), "nonPositiveInteger": (-_INF, 0), "negativeInteger": (-_INF, -1), "nonNegativeInteger": (0, _INF),
    "positiveInteger": (1, _INF), "long": (-(2**63), 2**63 - 1), "int": (-(2**31), 2**31 - 1), "short": (-(2**15), 2**15 - 1),
    "byte": (-128, 127), "unsignedLong": (0, 2**64 - 1), "unsignedInt": (0, 2**32 - 1), "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 255),
}
_RANGES = {str(XSD[name]): limits for name, limits in _INTEGERS.items()}
NUMERIC = frozenset({*_RANGES, str(XSD.decimal), str(XSD.double), str(XSD.float)})
"""Datatypes that have numeric values."""


def dictionary_numbers(text: Any, code: Any, types: Sequence[TermType]) -> Any:
    """Value of each term of a column, NaN where it is no number; float64. An xsd:float is rounded to single precision."""
    found = np.full(len(code), np.nan)
    for place, kind in enumerate(types):
        if kind.datatype in NUMERIC:
            rows = np.flatnonzero(code == place)
            if len(rows):
                found[rows] = _values(cast(pl.Series, pl.from_arrow(text.take(arrow_of(rows)))), kind.datatype)
    return found


def _values(text: pl.Series, datatype: str) -> Any:
    pattern = _WHOLE if datatype in _RANGES else _DECIMAL if datatype == str(XSD.decimal) else _DOUBLE
    formed = text.str.contains(pattern).to_numpy()
    value = text.str.replace("INF", "inf", literal=True).str.strip_prefix("+").cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    if datatype == str(XSD.float):
        with np.errstate(over="ignore"):
            value = value.astype(np.float32).astype(np.float64)
    low, high = _RANGES.get(datatype, (-_INF, _INF))
    return np.where(formed & (value >= low) & (value <= high), value, np.nan)


def inline_numbers(tag: Tag, ids: Any) -> Any:
    """Values of ids that all have one inline tag, NaN for tags without numbers."""
    if tag is Tag.INTEGER:
        return (payloads(ids) - BIAS).astype(np.float64)
    if tag is Tag.DECIMAL:
        payload = payloads(ids)
        return ((payload >> 4) - DECIMAL_BIAS) / (10.0 ** (payload & 15))
    return np.full(len(ids), np.nan)
