"""Sentinel-2: scenes of any packing (SAFE folder, SAFE zip, GeoTIFF stack), and change detection between two of them."""

from ._bands import BANDS, band_name, plain_name
from ._change import S2_CD
from ._cva import ChangeStatistics, angle, classes, statistics, threshold
from ._parameters import BandList
from ._scene import BandFile, Scene, open_scene, read_band

__all__ = [
    "BANDS",
    "S2_CD",
    "BandFile",
    "BandList",
    "ChangeStatistics",
    "Scene",
    "angle",
    "band_name",
    "classes",
    "open_scene",
    "plain_name",
    "read_band",
    "statistics",
    "threshold",
]
