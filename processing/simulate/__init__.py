"""Simulated input for demonstrations and tests: a flooded Sentinel-2 pair and administrative units around the place of the flood exercise.

Imported by the demo and by tests alone. It shares no code with the services it feeds. Nothing here was observed: rivers, fields, flood
and boundaries are drawn by chance on the true grid of tile T56HKH, and every file says that it is simulated.

Limits of the scenes: no terrain shadow, no point-spread function, no viewing geometry. A pair has no clouds and only the bands that change
detection and water indices need; single products have all bands, those without a spectrum mixed from others, and clouds all at one height.
The images cover the exercise's polygon, not the whole tile, and end where the tile ends (a strip of up to 0.7 km of the polygon lies east
of it, as with the real product). Units of measurement: reflectance, metres, EPSG:32756.
`question_region` is an invented country with all that questions are asked about, mere shapes and figures.
`known_change` has a point-spread function, haze and misregistration, and says what has changed; `sentinel2_tile` is as large as a tile.
Products of Sentinel-5P have the true swath of an orbit and a smooth field of CO drawn by chance; the Earth is a sphere there.
"""

from ._change import KnownChange, known_change
from ._landscape import AREA_OF_INTEREST
from ._pair import sentinel2_pair
from ._product import sentinel2_product
from ._region import question_region
from ._s5p import CoOrbit, sentinel5p_co
from ._tile import sentinel2_tile
from ._units import UNIT_NAMES, admin_units

__all__ = [
    "AREA_OF_INTEREST",
    "UNIT_NAMES",
    "CoOrbit",
    "KnownChange",
    "admin_units",
    "known_change",
    "question_region",
    "sentinel2_pair",
    "sentinel2_product",
    "sentinel2_tile",
    "sentinel5p_co",
]
