"""Literals of stRDF (``strdf:WKT``): WKT, then perhaps a semicolon and the CRS, as an IRI with or without brackets, or as an EPSG number.

Coordinates under EPSG:4326 are longitude first in stRDF, and so they are where no CRS is named; GeoSPARQL has CRS84 for that.
Source: the model stRDF as Strabon implements it (M. Koubarakis, K. Kyzirakos, ESWC 2010).
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute

from .. import Crs
from ._literals import split_crs

pc: Any = pyarrow.compute  # its kernels are made at import, so that no type checker knows them
_STEPS = (
    (r"(?s)^([^<;]*);\s*<?\s*([^<>;\s]*)\s*>?\s*$", r"<\2> \1"),
    (r"^\s*<(?:https?://(?:www\.)?spatialreference\.org/ref/epsg/)?(\d+)/?>", r"<EPSG:\1>"),
    (r"^\s*<(?:EPSG:|https?://www\.opengis\.net/def/crs/EPSG/[\d.]+/)4326>\s*", ""),
    (r"^<>\s*", ""),
)
"""What to find, and what to put in its place, one after the other."""


def restated(texts: Any) -> Any:
    """The same literals as ``geo:wktLiteral`` has them, the CRS in front.

    Args:
        texts: pa.LargeStringArray; what is written in another way is left as it is.
    """
    for pattern, replacement in _STEPS:
        texts = pc.replace_substring_regex(texts, pattern, replacement)
    return texts


def split_strdf(literal: str) -> tuple[Crs, str]:
    """CRS and WKT of a literal of stRDF (CRS84 if it names none or EPSG:4326); raises `CrsError` for a CRS that PROJ does not know."""
    return split_crs(restated(pa.array([literal], type=pa.large_string()))[0].as_py())
