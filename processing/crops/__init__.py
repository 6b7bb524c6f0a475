"""Crops and vegetation from time series."""

from ._map import CROP_MAP
from ._phenology import LandCover, land_cover

__all__ = ["CROP_MAP", "LandCover", "land_cover"]
