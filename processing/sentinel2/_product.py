"""What the metadata of a product say beyond its pixels, and the same in the words of STAC."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean
from typing import Any

import shapely

from ._xml import Document

_SHARES = {
    "nodata_pixel": "NODATA_PIXEL",
    "saturated_defective_pixel": "SATURATED_DEFECTIVE_PIXEL",
    "dark_features": "DARK_FEATURES",
    "cast_shadow": "CAST_SHADOW",
    "cloud_shadow": "CLOUD_SHADOW",
    "vegetation": "VEGETATION",
    "not_vegetated": "NOT_VEGETATED",
    "water": "WATER",
    "unclassified": "UNCLASSIFIED",
    "medium_proba_clouds": "MEDIUM_PROBA_CLOUDS",
    "high_proba_clouds": "HIGH_PROBA_CLOUDS",
    "thin_cirrus": "THIN_CIRRUS",
    "snow_ice": "SNOW_ICE",
    "degraded_msi_data": "DEGRADED_MSI_DATA",
}
"""Shares of a tile in percent: STAC's word → the element without ``_PERCENTAGE``."""


@dataclass(frozen=True)
class Angles:
    """A direction: zenith and azimuth in degrees, azimuth clockwise from north."""

    zenith: float
    azimuth: float


@dataclass(frozen=True)
class ProductInfo:
    """Metadata of a product; None or empty where it does not say.

    Attributes:
        type: e.g. ``S2MSI2A``.
        generated: when it was processed.
        datatake, datatake_type, datastrip, tile_id: identifiers as written.
        direction: of the orbit, ``ASCENDING`` or ``DESCENDING``.
        sun: mean over the tile.
        view: mean direction to the sensor over the tile, by band name.
        footprint: of the pixels with data, CRS84 lon lat, cut at the antimeridian.
        reflectance_conversion: the factor U of the distance to the sun.
        shares: of the tile in percent, keys in STAC's words (``water``, ``thin_cirrus`` …).
        checks: quality inspection → ``PASSED`` or ``FAILED``.
        wavelengths: central wavelength by band name, nm.
    """

    type: str | None = None
    generated: datetime | None = None
    datatake: str | None = None
    datatake_type: str | None = None
    datastrip: str | None = None
    tile_id: str | None = None
    direction: str | None = None
    sun: Angles | None = None
    view: Mapping[str, Angles] = field(default_factory=dict)
    footprint: Any = None
    reflectance_conversion: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    wavelengths: Mapping[str, float] = field(default_factory=dict)


def read_info(main: Document, tile: Document, generated: datetime | None, names: Mapping[str, str]) -> ProductInfo:
    """Collect the metadata; ``names`` are band names by the ``bandId`` of the product."""
    take = next(iter(main.all("Datatake")), None)
    sun = next(iter(tile.all("Mean_Sun_Angle")), None)
    return ProductInfo(
        type=main.text("PRODUCT_TYPE"),
        generated=generated,
        datatake=take.root.get("datatakeIdentifier") if take else None,
        datatake_type=main.text("DATATAKE_TYPE"),
        datastrip=tile.text("DATASTRIP_ID"),
        tile_id=tile.text("TILE_ID"),
        direction=main.text("SENSING_ORBIT_DIRECTION"),
        sun=_angles(sun) if sun else None,
        view={
            names[found.root.get("bandId", "")]: angles
            for found in tile.all("Mean_Viewing_Incidence_Angle")
            if found.root.get("bandId") in names and (angles := _angles(found))
        },
        footprint=_footprint(main),
        reflectance_conversion=main.known("U"),
        shares=_shares(main, tile),
        checks={found.attribute("checkType"): found.value for found in main.all("quality_check")},
        wavelengths={
            names[found.root.get("bandId", "")]: found.number("CENTRAL")
            for found in main.all("Spectral_Information")
            if found.root.get("bandId") in names
        },
    )


def _angles(found: Document) -> Angles | None:
    zenith, azimuth = found.known("ZENITH_ANGLE"), found.known("AZIMUTH_ANGLE")
    return None if zenith is None or azimuth is None else Angles(zenith, azimuth)


def _shares(main: Document, tile: Document) -> dict[str, float]:
    """Shares of the tile; those of the product where the tile does not say (a compact product has one tile)."""
    found = {}
    for word, element in _SHARES.items():
        said = [value for one in (tile, main) if (value := one.known(f"{element}_PERCENTAGE")) is not None]
        if said:
            found[word] = said[0]
    return found


def _footprint(main: Document) -> Any:
    """The footprint that the product declares (latitude before longitude), in one piece or cut at 180°."""
    written = (main.text("EXT_POS_LIST") or "").split()
    try:
        numbers = [float(part) for part in written]
    except ValueError:
        return None
    if len(numbers) < 8 or len(numbers) % 2 or not all(map(math.isfinite, numbers)):
        return None
    lon, lat = numbers[1::2], numbers[::2]
    if max(lon) - min(lon) <= 180:
        return shapely.Polygon(list(zip(lon, lat, strict=True)))
    whole = shapely.Polygon([(x + 360 if x < 0 else x, y) for x, y in zip(lon, lat, strict=True)])
    west, east = (shapely.intersection(whole, shapely.box(start, -90, start + 180, 90)) for start in (0, 180))
    parts = [*shapely.get_parts(west), *shapely.get_parts(shapely.transform(east, lambda points: points - (360, 0)))]
    # one that ends at 180° leaves a line beyond it
    return shapely.MultiPolygon([part for part in parts if part.area > 0])


def stac_properties(
    info: ProductInfo,
    *,
    name: str,
    time: datetime,
    tile: str | None,
    platform: str | None,
    baseline: str | None,
    orbit: int | None,
    cloud_cover: float | None,
) -> dict[str, Any]:
    """The properties of the STAC item of a product; what it does not say is left out.

    Extensions eo 1.1, sat 1.0, view 1.0, grid 1.1, mgrs 1.0 and sentinel-2 1.0; angles in degrees, shares in percent.
    """
    plain = {
        "datetime": time,
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "platform": platform.lower() if platform else None,
        "eo:cloud_cover": cloud_cover,
        "eo:snow_cover": info.shares.get("snow_ice"),
        "sat:relative_orbit": orbit,
        "sat:orbit_state": info.direction.lower() if info.direction else None,
        "s2:product_uri": f"{name}.SAFE",
        "s2:product_type": info.type,
        "s2:processing_baseline": baseline,
        "s2:generation_time": info.generated,
        "s2:datatake_id": info.datatake,
        "s2:datatake_type": info.datatake_type,
        "s2:datastrip_id": info.datastrip,
        "s2:tile_id": info.tile_id,
        "s2:reflectance_conversion_factor": info.reflectance_conversion,
        **{f"s2:{word}_percentage": value for word, value in info.shares.items()},
        **_place(tile),
        **_directions(info),
    }
    return {key: _plain(value) for key, value in plain.items() if value is not None}


def _plain(value: Any) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _place(tile: str | None) -> dict[str, Any]:
    if tile is None:
        return {}
    return {"grid:code": f"MGRS-{tile}", "mgrs:utm_zone": int(tile[:2]), "mgrs:latitude_band": tile[2], "mgrs:grid_square": tile[3:]}


def _directions(info: ProductInfo) -> dict[str, float]:
    found = {"view:sun_azimuth": info.sun.azimuth, "view:sun_elevation": 90 - info.sun.zenith} if info.sun else {}
    if info.view:
        azimuths = [angles.azimuth for angles in info.view.values()]
        # means are taken on one side of north
        turned = [azimuths[0] + (azimuth - azimuths[0] + 180) % 360 - 180 for azimuth in azimuths]
        found["view:azimuth"] = fmean(turned) % 360
        found["view:incidence_angle"] = fmean(angles.zenith for angles in info.view.values())
    return found
