"""Sentinel-2: scenes of any packing (SAFE folder, SAFE zip, GeoTIFF stack), and change detection between two of them.

Limits: products of the first, non-compact layout (before December 2016) are not read; saturated pixels count as no data; a stack is
read by its declared bands and, unless told otherwise, without offset.
"""

from ._bands import BANDS, band_name, plain_name
from ._change import S2_CD
from ._cva import ChangeStatistics, amplitude, angle, classes, statistics, threshold
from ._parameters import BandList
from ._scene import BandFile, Scene, open_scene, read_band

__all__ = [
    "BANDS",
    "S2_CD",
    "BandFile",
    "BandList",
    "ChangeStatistics",
    "Scene",
    "amplitude",
    "angle",
    "band_name",
    "classes",
    "open_scene",
    "plain_name",
    "read_band",
    "statistics",
    "threshold",
]
