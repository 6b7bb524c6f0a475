"""Literals of stRDF (``strdf:WKT``): WKT, then perhaps a semicolon and the CRS, as an IRI with or without brackets, or as an EPSG number.

Coordinates under EPSG:4326 are longitude first in stRDF, and so they are where no CRS is named; GeoSPARQL has CRS84 for that.
Source: the model stRDF as Strabon implements it (M. Koubarakis, K. Kyzirakos, ESWC 2010).
"""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute

from .. import Crs
from ..arrow import text_array
from ._literals import PREFIX, split_crs

pc: Any = pyarrow.compute  # its kernels are made at import, so that no type checker knows them
_MARK, _NOTHING = text_array((";", ""))
_NUMBER = re.compile(r"(?:https?://(?:www\.)?spatialreference\.org/ref/epsg/)?(\d+)/?")
_WGS84 = re.compile(r"(?:EPSG:|https?://www\.opengis\.net/def/crs/EPSG/[\d.]+/|https?://(?:www\.)?spatialreference\.org/ref/epsg/)?4326/?")


def restated(texts: Any) -> Any:
    """The same literals as ``geo:wktLiteral`` has them, the CRS in front.

    Args:
        texts: pa.LargeStringArray without nulls; what begins with a CRS in angle brackets is taken as GeoSPARQL has it.
    """
    # with a mark at the end every text has two parts
    parts = pc.split_pattern(pc.binary_join_element_wise(texts, _MARK, _NOTHING), pattern=";", max_splits=1)
    tails = pc.list_element(parts, 1).dictionary_encode()
    prefixes = text_array(_prefix(one.rstrip("; \t\r\n").strip("<> \t\r\n")) for one in tails.dictionary.to_pylist())
    found = pc.binary_join_element_wise(prefixes.take(tails.indices), pc.list_element(parts, 0), _NOTHING)
    named = pc.match_substring_regex(texts, r"^\s*<")
    if not pc.any(named).as_py():
        return found
    return pc.replace_with_mask(found, named, text_array(_stripped(one) for one in texts.filter(named).to_pylist()))


def _prefix(name: str) -> str:
    """What GeoSPARQL writes in front for a CRS; nothing for CRS84."""
    if not name or _WGS84.fullmatch(name):
        return ""
    number = _NUMBER.fullmatch(name)
    return f"<EPSG:{number[1]}> " if number else f"<{name}> "


def _stripped(literal: str) -> str:
    """A literal with its CRS in front, EPSG:4326 left out."""
    match = PREFIX.match(literal)
    return literal if match is None else _prefix(match[1]) + literal[match.end() :]


def split_strdf(literal: str) -> tuple[Crs, str]:
    """CRS and WKT of a literal of stRDF (CRS84 if it names none or EPSG:4326); raises `CrsError` for a CRS that PROJ does not know."""
    return split_crs(restated(pa.array([literal], type=pa.large_string()))[0].as_py())
