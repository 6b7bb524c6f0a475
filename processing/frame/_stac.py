"""The STAC item of a run (STAC 1.1, https://stacspec.org; projection extension 2.0)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from earthweave.ontology import Interval, Layer

from ._spec import ServiceSpec

_EXTENSIONS = {
    "proj": "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "eo": "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "raster": "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
    "sat": "https://stac-extensions.github.io/sat/v1.0.0/schema.json",
    "view": "https://stac-extensions.github.io/view/v1.0.0/schema.json",
    "grid": "https://stac-extensions.github.io/grid/v1.1.0/schema.json",
    "mgrs": "https://stac-extensions.github.io/mgrs/v1.0.0/schema.json",
    "s2": "https://stac-extensions.github.io/sentinel-2/v1.0.0/schema.json",
}
"""Extensions by the prefix of their fields."""


def stac_item(
    spec: ServiceSpec,
    layers: Sequence[Layer],
    assets: Sequence[tuple[str, Mapping[str, Any]]],
    properties: Mapping[str, Any],
    records: Sequence[tuple[str, str, str]] = (),
) -> dict[str, Any]:
    """Describe the layers of one run as one item; hrefs are relative to it, box and footprint are lon lat.

    ``assets`` are role and further fields of each layer, ``properties`` further ones of the item, ``records`` file name, media type and
    title of the other records of the run, which the item links to.
    """
    import pystac

    first = layers[0]
    west, south, east, north = _union(layers)
    item = pystac.Item(
        id=first.path.stem,
        geometry=footprint(west, south, east, north),
        bbox=[west, south, east, north],
        properties={**properties, **_properties(spec, first)},
        stac_extensions=_extensions([properties, *(fields for _, fields in assets)]),
        **_time(first.time, first.provenance.ended),
    )
    for (role, fields), layer in zip(assets, layers, strict=True):
        place = {"proj:code": str(layer.crs)} if layer.kind in ("raster", "vector") else {}
        extra = {**fields, **place, "earthweave:meaning": dict(layer.meaning), "earthweave:layer": layer.name}
        kind = "metadata" if layer.kind == "document" else "data"
        item.add_asset(
            role, pystac.Asset(f"./{layer.path.name}", layer.title, media_type=layer.media_type, roles=[kind], extra_fields=extra)
        )
    links = [{"rel": "describedby", "href": f"./{name}", "type": media, "title": title} for name, media, title in records]
    return {**item.to_dict(include_self_link=False, transform_hrefs=False), "links": links}


def footprint(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    """A box as a GeoJSON geometry, lon lat degrees; west is greater than east across the antimeridian, where it is two polygons.

    One without width or height is a line or a point, because such a polygon would be none.
    """
    # what only touches the antimeridian lies on one side of it
    east = 180.0 if east == -180 < west else east
    west = -180.0 if west == 180 > east else west
    if (west, south) == (east, north):
        return {"type": "Point", "coordinates": [west, south]}
    if west == east or south == north:
        return {"type": "LineString", "coordinates": [[west, south], [east, north]]}
    if west > east:
        parts = [footprint(west, south, 180.0, north), footprint(-180.0, south, east, north)]
        return {"type": "MultiPolygon", "coordinates": [part["coordinates"] for part in parts]}
    return {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]}


def _extensions(said: Sequence[Mapping[str, Any]]) -> list[str]:
    used = {"proj", *(key.partition(":")[0] for fields in said for key in fields)}
    return [url for prefix, url in _EXTENSIONS.items() if prefix in used]


def _union(layers: Sequence[Layer]) -> tuple[float, float, float, float]:
    """The box around all layers; around the world if some cross the antimeridian, and not all in the same way."""
    boxes = [layer.bbox.bounds for layer in layers]
    if len(set(boxes)) == 1:
        return boxes[0]
    if any(west > east for west, _, east, _ in boxes):
        return -180.0, min(b[1] for b in boxes), 180.0, max(b[3] for b in boxes)
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def _time(time: Interval | None, processed: datetime) -> dict[str, Any]:
    """STAC demands a time: without a known one it is the time of processing, and ``earthweave:time_known`` is false."""
    if time is None:
        return {"datetime": processed}
    if time.start == time.end:
        return {"datetime": time.start}
    return {"datetime": None, "start_datetime": time.start, "end_datetime": time.end}


def _properties(spec: ServiceSpec, layer: Layer) -> dict[str, Any]:
    made = layer.provenance
    return {
        "title": layer.title,
        "created": made.ended.isoformat().replace("+00:00", "Z"),
        "license": "other",
        "earthweave:simulated": made.simulated,
        "earthweave:time_known": layer.time is not None,
        "earthweave:service": spec.id,
        "earthweave:version": spec.version,
        "earthweave:run": made.run,
        "earthweave:used": [source.id for source in made.used],
        "earthweave:attribution": list(made.attribution),
    }
