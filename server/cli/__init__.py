"""The command line."""

from ._compat import geotriples, strabon
from ._main import flood_mask, main, s1_cd, s1_grd_preprocess, s1_slc_preprocess, s2_cd, s2_preprocess

__all__ = ["flood_mask", "geotriples", "main", "s1_cd", "s1_grd_preprocess", "s1_slc_preprocess", "s2_cd", "s2_preprocess", "strabon"]
