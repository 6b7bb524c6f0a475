"""Columns of values: natural lexical forms, IRIs, literals, and geometries with their CRS; Arrow arrays in, Arrow arrays out."""

from ._arrow import pc
from ._geometry import Placement, Shapes, read_texts, read_wkb
from ._text import (
    ABSOLUTE,
    absolute_iris,
    blank_labels,
    double_text,
    escape_literal,
    escape_text,
    ill_formed,
    iri_safe,
    is_text,
    lexical,
    not_iris,
    representable,
    retyped,
    text_bytes,
    well_formed,
)

__all__ = [
    "ABSOLUTE", "Placement", "Shapes", "absolute_iris", "blank_labels", "double_text", "escape_literal", "escape_text",
    "ill_formed", "iri_safe", "is_text", "lexical", "not_iris", "pc", "read_texts", "read_wkb", "representable",
    "retyped", "text_bytes", "well_formed",
]
