"""stSPARQL: functions and aggregates of ``strdf:``, its extensions, and PostGIS' namespace, that are not those of ``geof:`` as well.

What Strabon has in common with GeoSPARQL is a synonym in the room ``spatial``, so that the index serves it; this room has what differs.
"""

from ._aggregates import AGGREGATES_OF_ONE, aggregates
from ._functions import functions

__all__ = ["AGGREGATES_OF_ONE", "aggregates", "functions"]
