"""The command line."""

from ._geotriples import geotriples
from ._main import (
    co_max,
    crop_map,
    energy_datasets,
    flood_assessment,
    flood_impact,
    flood_mask,
    main,
    osm_layers,
    s1_cd,
    s1_grd_preprocess,
    s1_slc_preprocess,
    s2_cd,
    s2_preprocess,
    water_mask,
)
from ._strabon import strabon

__all__ = [
    "co_max",
    "crop_map",
    "energy_datasets",
    "flood_assessment",
    "flood_impact",
    "flood_mask",
    "geotriples",
    "main",
    "osm_layers",
    "s1_cd",
    "s1_grd_preprocess",
    "s1_slc_preprocess",
    "s2_cd",
    "s2_preprocess",
    "strabon",
    "water_mask",
]
