"""The command line."""

from ._geotriples import geotriples
from ._main import (
    crop_map,
    flood_assessment,
    flood_mask,
    main,
    s1_cd,
    s1_grd_preprocess,
    s1_slc_preprocess,
    s2_cd,
    s2_preprocess,
    water_mask,
)
from ._strabon import strabon

__all__ = [
    "crop_map",
    "flood_assessment",
    "flood_mask",
    "geotriples",
    "main",
    "s1_cd",
    "s1_grd_preprocess",
    "s1_slc_preprocess",
    "s2_cd",
    "s2_preprocess",
    "strabon",
    "water_mask",
]
