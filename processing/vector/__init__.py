"""Vector services: layers of human features from OpenStreetMap, and data sets of power plants, cleaned and flagged."""

from ._energy import ENERGY_DATASETS
from ._osm import OSM_LAYERS
from ._table import OsmLayer, read_table

__all__ = ["ENERGY_DATASETS", "OSM_LAYERS", "OsmLayer", "read_table"]
