"""Water: flood masks from change, and water masks from one scene."""

from ._indices import INDICES, otsu, water_index
from ._mask import FLOOD_MASK
from ._stream import FIELDS, FloodStream, Mark, Written, whole_levels
from ._water import WATER_MASK

__all__ = [
    "FIELDS",
    "FLOOD_MASK",
    "INDICES",
    "WATER_MASK",
    "FloodStream",
    "Mark",
    "Written",
    "otsu",
    "water_index",
    "whole_levels",
]
