"""Air: the highest carbon monoxide column in an area and a period, from Sentinel-5P level 2 products.

::

    products = find_products(folder, time)              by their names; nothing is opened
    products = meeting(products, area)                  those that have a ground pixel near the area
    maximum = co_maximum(products, area, time)          value, precision, place, time, product

Areas are lon lat in degrees (CRS84). One that crosses the antimeridian is written with longitudes beyond 180, or in two parts.
"""

from ._area import Area
from ._broker import AirProduct, find_products, meeting, product_of
from ._maximum import Maximum, co_maximum
from ._service import CO_MAX
from ._swath import Pixels, Swath, open_swath

__all__ = [
    "CO_MAX",
    "AirProduct",
    "Area",
    "Maximum",
    "Pixels",
    "Swath",
    "co_maximum",
    "find_products",
    "meeting",
    "open_swath",
    "product_of",
]
