"""Found products as STAC items: what the mapping rules read, and what a user may keep and load again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import shapely

from ._model import Found

_EXTENSIONS = {
    "eo": "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "sat": "https://stac-extensions.github.io/sat/v1.0.0/schema.json",
    "grid": "https://stac-extensions.github.io/grid/v1.1.0/schema.json",
    "file": "https://stac-extensions.github.io/file/v2.1.0/schema.json",
    "processing": "https://stac-extensions.github.io/processing/v1.1.0/schema.json",
    "product": "https://stac-extensions.github.io/product/v0.1.0/schema.json",
}
_ROLES = {"thumbnail": "thumbnail", "quicklook": "thumbnail", "metadata": "metadata"}
_INSTRUMENTS = {"sentinel-1": "c-sar", "sentinel-2": "msi", "sentinel-5": "tropomi"}
"""The instrument of a mission that has one."""
_NOT_ASSETS = ("self", "license", "via")


def items(products: Iterable[Found]) -> dict[str, Any]:
    """A collection of STAC items (STAC 1.1, https://stacspec.org); geometries are lon lat in CRS84."""
    return {"type": "FeatureCollection", "features": [item(one) for one in products]}


def item(product: Found) -> dict[str, Any]:
    """A product as STAC item: what every catalogue says, in STAC's words, with the catalogue that says so."""
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "stac_extensions": list(_EXTENSIONS.values()),
        "id": product.id,
        **({"collection": product.collection} if product.collection else {}),
        "geometry": json.loads(shapely.to_geojson(product.footprint)),
        "bbox": [float(value) for value in shapely.bounds(product.footprint)],
        "properties": _properties(product),
        "links": [{"rel": "self", "href": href, "type": kind} for rel, href, kind in product.links if rel == "self"],
        "assets": {f"{product.catalogue}.{link[0]}": _asset(product, *link) for link in product.links if link[0] not in _NOT_ASSETS},
    }


def _properties(product: Found) -> dict[str, Any]:
    start, end = product.time.texts
    instant = {"datetime": start} if start == end else {"datetime": None, "start_datetime": start, "end_datetime": end}
    instrument = _INSTRUMENTS.get((product.platform or "")[:10])
    plain = {
        "title": product.title,
        "platform": product.platform,
        "instruments": [instrument] if instrument else None,
        "product:type": product.product_type,
        "processing:level": product.level,
        "eo:cloud_cover": product.cloud_cover,
        "grid:code": f"MGRS-{product.tile}" if product.tile else None,
        "sat:relative_orbit": product.relative_orbit,
        "earthweave:catalogue": product.catalogue,
        "earthweave:key": product.key or None,
        "earthweave:simulated": product.simulated,
    }
    return {**instant, **{name: value for name, value in plain.items() if value is not None}}


def _asset(product: Found, rel: str, href: str, media_type: str) -> dict[str, Any]:
    size = {"file:size": product.size} if rel == "data" and product.size else {}
    kind = {"type": media_type} if media_type else {}
    return {
        "href": href,
        "title": f"{rel} in {product.catalogue}",
        "roles": [_ROLES.get(rel, "data")],
        "earthweave:rel": rel,
        **kind,
        **size,
    }
