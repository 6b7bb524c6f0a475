"""Water: flood masks from change, and water masks from one scene."""

from ._mask import FLOOD_MASK
from ._water import WATER_MASK, otsu, water_index

__all__ = ["FLOOD_MASK", "WATER_MASK", "otsu", "water_index"]
