"""Sentinel-2: scenes of any packing (SAFE folder, SAFE zip, GeoTIFF stack), and change detection between two of them.

A change detection reads every image once: `PairStore` keeps the numbers until a sample of them has told how to compare them.
Limits: saturated pixels count as no data; of a product of several tiles (before December 2016) one is read at a time; a stack is read
by its declared bands and, unless told otherwise, without offset.
"""

from ._bands import BANDS, band_name, plain_name
from ._change import S2_CD
from ._cva import ChangeStatistics, amplitude, angle, classes, statistics
from ._parameters import HARMONISED, TILE, BandList
from ._polar import Scale, Vectors
from ._preprocess import S2_PREPROCESS
from ._product import Angles, ProductInfo, stac_properties
from ._scene import BandFile, Scene, open_scene, read_band, scene_of
from ._stack import time_in_name
from ._threshold import Mixture, fit_mixture, otsu_threshold, threshold

__all__ = [
    "BANDS",
    "HARMONISED",
    "S2_CD",
    "S2_PREPROCESS",
    "TILE",
    "Angles",
    "BandFile",
    "BandList",
    "ChangeStatistics",
    "Mixture",
    "ProductInfo",
    "Scale",
    "Scene",
    "Vectors",
    "amplitude",
    "angle",
    "band_name",
    "classes",
    "fit_mixture",
    "open_scene",
    "otsu_threshold",
    "plain_name",
    "read_band",
    "scene_of",
    "stac_properties",
    "statistics",
    "threshold",
    "time_in_name",
]
