"""Styles for QGIS: a ``.qml`` of the raster's own name is taken up when it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def write_style(raster: Path, shown: Sequence[int], low: float, high: float) -> Path:
    """Write the style beside ``raster``: three bands (from 1) as red, green and blue, or one in grey, stretched from low to high."""
    path = raster.with_suffix(".qml")
    path.write_text(
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
        '<qgis version="3.28" styleCategories="AllStyleCategories">\n  <pipe>\n'
        f"{_renderer(shown, low, high)}"
        '    <brightnesscontrast brightness="0" contrast="0" gamma="1"/>\n  </pipe>\n  <blendMode>0</blendMode>\n</qgis>\n',
        "utf-8",
    )
    return path


def _renderer(shown: Sequence[int], low: float, high: float) -> str:
    stretch = f"<minValue>{low:g}</minValue><maxValue>{high:g}</maxValue><algorithm>StretchToMinimumMaximum</algorithm>"
    if len(shown) < 3:
        head = f'<rasterrenderer type="singlebandgray" opacity="1" alphaBand="-1" grayBand="{shown[0]}" gradient="BlackToWhite">'
        return f"    {head}\n      <contrastEnhancement>{stretch}</contrastEnhancement>\n    </rasterrenderer>\n"
    red, green, blue = shown[:3]
    head = f'<rasterrenderer type="multibandcolor" opacity="1" alphaBand="-1" redBand="{red}" greenBand="{green}" blueBand="{blue}">'
    rows = "".join(f"      <{name}ContrastEnhancement>{stretch}</{name}ContrastEnhancement>\n" for name in ("red", "green", "blue"))
    return f"    {head}\n{rows}    </rasterrenderer>\n"
