"""Lines through points, as PostGIS' ST_MakeLine makes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely


def joined_line(shapes: Any) -> Any:
    """One line through the vertices of points and lines in their order, areas left out; fewer than two vertices give an empty line."""
    linear = shapes[shapely.get_dimensions(shapes) < 2]
    points = shapely.get_coordinates(linear, include_z=bool(shapely.has_z(linear).all()) and len(linear) > 0)
    return shapely.linestrings(points) if len(points) > 1 else shapely.LineString()


def line_of_two(left: Any, right: Any) -> Any:
    """The same for each row of two columns; object array."""
    found = np.empty(len(left), dtype=object)
    found[:] = [joined_line(np.array(pair, dtype=object)) for pair in zip(left, right, strict=True)]
    return found
