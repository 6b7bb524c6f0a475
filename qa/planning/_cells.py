"""Cells as JSON values. Stores hold what others wrote: a literal may belie its datatype, and JSON has no NaN."""

from __future__ import annotations

from math import isfinite

from earthweave.ontology import XSD

from .._ports import Cell

_WHOLE = frozenset(
    str(XSD[name])
    for name in (
        "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "negativeInteger", "nonPositiveInteger",
        "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte",
    )
)  # fmt: skip
_REAL = frozenset(str(XSD[name]) for name in ("decimal", "double", "float"))
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def number(cell: Cell | None) -> int | float | None:
    """The finite number that a literal of a numeric datatype states; None for everything else, ``"abc"^^xsd:double`` and NaN too."""
    if cell is None or cell.kind != "literal" or cell.datatype not in _WHOLE | _REAL:
        return None
    if "_" in cell.value or not cell.value.isascii():
        # Python reads 1_000 and Arabic digits, XML Schema does not
        return None
    try:
        value = int(cell.value) if cell.datatype in _WHOLE else float(cell.value)
        return value if isfinite(value) else None
    except (ValueError, OverflowError):
        return None


def truth(cell: Cell | None) -> bool | None:
    """The truth value that an ``xsd:boolean`` states; None for everything else."""
    return _TRUTH.get(cell.value) if cell is not None and cell.datatype == str(XSD.boolean) else None
