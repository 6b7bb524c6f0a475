"""GDAL kept from the network: a GeoJSON may name its reference system by a web address, and GDAL would fetch it."""

from __future__ import annotations

import os

_NOWHERE = "127.0.0.1:9"


def keep_gdal_offline() -> None:
    """Let no GDAL of this process and its children reach the network; what the caller has set stays.

    All copies of GDAL in a process read the same variable, so that it holds for rasterio, pyogrio and fiona alike; every request goes to a
    port where nobody listens (https://gdal.org/user/configoptions.html, GDAL_HTTP_PROXY).
    """
    os.environ.setdefault("GDAL_HTTP_PROXY", _NOWHERE)
