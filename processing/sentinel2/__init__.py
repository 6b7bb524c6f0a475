"""Sentinel-2: scenes of any packing (SAFE folder, SAFE zip, GeoTIFF stack), and change detection between two of them.

Limits: saturated pixels count as no data; of a product of several tiles (before December 2016) one is read at a time; a stack is read
by its declared bands and, unless told otherwise, without offset.
"""

from ._bands import BANDS, band_name, plain_name
from ._change import S2_CD
from ._cva import ChangeStatistics, amplitude, angle, classes, statistics, threshold
from ._parameters import BandList
from ._preprocess import S2_PREPROCESS
from ._product import Angles, ProductInfo, stac_properties
from ._scene import BandFile, Scene, open_scene, read_band

__all__ = [
    "BANDS",
    "S2_CD",
    "S2_PREPROCESS",
    "Angles",
    "BandFile",
    "BandList",
    "ChangeStatistics",
    "ProductInfo",
    "Scene",
    "amplitude",
    "angle",
    "band_name",
    "classes",
    "open_scene",
    "plain_name",
    "read_band",
    "stac_properties",
    "statistics",
    "threshold",
]
