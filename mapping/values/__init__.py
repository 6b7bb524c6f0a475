"""Columns of values: natural lexical forms, IRIs, literals, and geometries with their CRS; Arrow arrays in, Arrow arrays out."""

from ._arrow import pc
from ._geometry import BlobShapes, Placement, Shapes, read_texts, read_wkb, shapes_of_texts, shapes_of_wkb
from ._scalar import (
    OPEN_SCALE,
    Natural,
    blank_label,
    canonical_double,
    encoded,
    escaped,
    fitted,
    language_tag,
    lexical_form,
)
from ._text import (
    ABSOLUTE,
    absolute_iris,
    blank_labels,
    double_text,
    escape_literal,
    escape_text,
    ill_formed,
    in_groups,
    iri_safe,
    is_text,
    lexical,
    marked_iris,
    not_ascii,
    not_iris,
    representable,
    retyped,
    text_bytes,
    uri_safe,
    well_formed,
)

__all__ = [
    "ABSOLUTE", "OPEN_SCALE", "BlobShapes", "Natural", "Placement", "Shapes", "absolute_iris", "blank_label", "blank_labels",
    "canonical_double", "double_text", "encoded", "escape_literal", "escape_text", "escaped", "fitted", "ill_formed", "in_groups",
    "iri_safe", "is_text", "language_tag", "lexical", "lexical_form", "marked_iris", "not_ascii", "not_iris", "pc", "read_texts",
    "read_wkb", "representable", "retyped", "shapes_of_texts", "shapes_of_wkb", "text_bytes", "uri_safe", "well_formed",
]
