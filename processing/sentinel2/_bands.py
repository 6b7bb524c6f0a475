"""Names and order of the bands of the MSI instrument (Sentinel-2 Products Specification Document, S2-PDGS-TAS-DI-PSD)."""

from __future__ import annotations

import re

from earthweave.ontology import ParameterError

BANDS: tuple[str, ...] = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
"""Band names; the position is the ``bandId`` of the product metadata."""
_EXTRA = ("SCL", "AOT", "WVP")
_NAME = re.compile(r"^B?0?(\d{1,2}|8A)$", re.IGNORECASE)


def band_name(text: str) -> str:
    """The file spelling of a band: ``B3``, ``b03`` and ``3`` are ``B03``; raises `ParameterError` for no band at all."""
    stripped = text.strip().upper()
    match = _NAME.match(stripped)
    name = f"B{match[1].zfill(2)}" if match else stripped
    if name not in BANDS and name not in _EXTRA:
        raise ParameterError(
            f"{text!r} is not a Sentinel-2 band",
            why=f"the bands are {', '.join(map(plain_name, BANDS))}, {', '.join(_EXTRA)}",
            way_out="write for example B3,B4,B8",
        )
    return name


def plain_name(name: str) -> str:
    """The spelling of the metadata and of our file names: ``B03`` is ``B3``."""
    return f"B{name[1:].lstrip('0')}" if name in BANDS else name
