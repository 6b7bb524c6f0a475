"""Gridded fields, GeoTIFF or CF NetCDF, as rows."""

from ._zonal import ZonalLimits, ZonalRows, zonal

__all__ = ["ZonalLimits", "ZonalRows", "zonal"]
