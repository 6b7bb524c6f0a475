"""The STAC item of a run (STAC 1.1, https://stacspec.org; projection extension 2.0)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from earthweave.ontology import Interval, Layer

from ._spec import ServiceSpec

_PROJECTION = "https://stac-extensions.github.io/projection/v2.0.0/schema.json"


def stac_item(spec: ServiceSpec, layers: Sequence[Layer], roles: Sequence[str]) -> dict[str, Any]:
    """Describe the layers of one run as one item; hrefs are relative to it, box and footprint are lon lat."""
    import pystac

    first = layers[0]
    west, south, east, north = _union(layers)
    item = pystac.Item(
        id=first.path.stem,
        geometry={"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]},
        bbox=[west, south, east, north],
        properties=_properties(spec, first),
        stac_extensions=[_PROJECTION],
        **_time(first.time, first.provenance.ended),
    )
    for role, layer in zip(roles, layers, strict=True):
        extra = {"proj:code": str(layer.crs), "earthweave:meaning": dict(layer.meaning), "earthweave:layer": layer.name}
        item.add_asset(
            role, pystac.Asset(f"./{layer.path.name}", layer.title, media_type=layer.media_type, roles=["data"], extra_fields=extra)
        )
    return dict(item.to_dict(include_self_link=False, transform_hrefs=False))


def _union(layers: Sequence[Layer]) -> tuple[float, float, float, float]:
    boxes = [layer.bbox.bounds for layer in layers]
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
