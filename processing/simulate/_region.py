"""A small simulated region to ask questions about: units, floods, power units, volcanoes, towns and Sentinel-2 products of one spring.

Names, borders and figures are made up; the files have the fields of the real ones that they stand for, so that the same rules map them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from ._safe import simulator

_WEST, _SOUTH, _STEP = 14.0, 45.0, 0.4
"""Corner of the region, and the side of a unit; degrees."""
_UNITS = ("Arvenia", "Belmarsh", "Corrant", "Dunholt", "Estrava", "Fenwold")
_TOWNS = {"Arven": (0.5, 0.5), "Belmar": (1.45, 0.4), "Corrans": (2.6, 0.5), "Dunholt Bridge": (0.3, 1.5), "Estrel": (1.5, 1.6)}
"""Name → place, in sides of a unit from the corner."""
_VOLCANOES = {"Mount Sarn": (2.2, 1.7, 2140, "Stratovolcano"), "Old Kettle": (0.8, 1.2, 890, "Caldera")}
_POWER = (
    ("Belmar Mill", 12, "Hydro Run-of-river and poundage", 1.30, 0.21), ("Estrel South", 420, "Fossil Gas", 1.55, 1.2),
    ("Corrans Dam", 160, "Hydro Water Reservoir", 2.75, 0.7), ("Arven Park", 35, "Wind Onshore", 0.4, 0.8),
)  # fmt: skip


def question_region(folder: Path, *, seed: int = 7) -> Mapping[str, Path]:
    """Write the *simulated* region; returns rules → file: ``nuts``, ``ems-flood``, ``power``, ``volcano``, ``places``, ``stac``.

    Coordinates are degrees, longitude first (CRS84), areas of floods some hectares to some square kilometres. The rules take the variable
    ``simulated``; the products say it themselves.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    (folder / "SIMULATED.txt").write_text(f"Nothing here was observed: drawn by {simulator()}.\n", "utf-8")
    return {
        "nuts": _features(folder / "units.geojson", _units()),
        "ems-flood": _features(folder / "floods.geojson", _floods(rng)),
        "power": _table(
            folder / "power.csv", ("eic_p", "eic_g", "name_p", "name_g", "capacity_g", "type_g", "lon", "lat", "NUTS2"), _power()
        ),
        "volcano": _table(folder / "volcanoes.csv", ("Number", "Volcano Name", "Latitude", "Longitude", "Elev", "Type"), _volcanoes()),
        "places": _table(folder / "places.csv", ("lat", "lon", "name", "cc"), _towns()),
        "stac": _products(folder / "items.json", rng),
    }


def _point(right: float, up: float) -> tuple[float, float]:
    return round(_WEST + right * _STEP, 5), round(_SOUTH + up * _STEP, 5)


def _box(column: int, row: int) -> Any:
    return shapely.box(*_point(column, row), *_point(column + 1, row + 1))


def _units() -> list[tuple[Any, dict[str, Any]]]:
    """Six squares of level 3, and the country that they make up."""
    boxes = [_box(at % 3, at // 3) for at in range(len(_UNITS))]
    rows = [(box, _unit(f"XS00{at + 1}", 3, name)) for at, (box, name) in enumerate(zip(boxes, _UNITS, strict=True))]
    return [(shapely.union_all(boxes), _unit("XS", 0, "Simland")), *rows]


def _unit(code: str, level: int, name: str) -> dict[str, Any]:
    return {"NUTS_ID": code, "LEVL_CODE": level, "CNTR_CODE": "XS", "NAME_LATN": name}


def _floods(rng: np.random.Generator) -> list[tuple[Any, dict[str, Any]]]:
    """Pools along a river through Belmarsh and its neighbours, each with a crooked shore."""
    rows = []
    for number in range(60):
        right = rng.uniform(0.7, 2.2)
        middle = _point(right, 0.3 + 0.15 * np.sin(3 * right) + rng.normal(0, 0.02))
        turn = np.linspace(0, 2 * np.pi, 17)[:-1]
        radius = rng.uniform(0.001, 0.008) * rng.uniform(0.7, 1.3, 16)
        shore = np.stack([middle[0] + 1.4 * radius * np.cos(turn), middle[1] + radius * np.sin(turn)], 1)
        said = {"gid": number + 1, "aoi": "BELMARSH", "product": "DEL", "version": "v1", "event_type": "5-Flood"}
        rows.append((shapely.MultiPolygon([shapely.Polygon(np.round(shore, 6))]), said))
    return rows


def _power() -> list[Sequence[Any]]:
    return [
        (f"SIM-P{at}", f"SIM-G{at}", name, name, capacity, kind, *_point(right, up), "XS00")
        for at, (name, capacity, kind, right, up) in enumerate(_POWER)
    ]


def _volcanoes() -> list[Sequence[Any]]:
    return [
        (f"SIM-{at}", name, *reversed(_point(right, up)), height, kind)
        for at, (name, (right, up, height, kind)) in enumerate(_VOLCANOES.items())
    ]


def _towns() -> list[Sequence[Any]]:
    return [(*reversed(_point(*where)), name, "XS") for name, where in _TOWNS.items()]


def _products(path: Path, rng: np.random.Generator) -> Path:
    """Two tiles every five days from March to May 2021, as STAC items."""
    first = datetime(2021, 3, 1, 10, 10, tzinfo=UTC)
    items = [_item(first + timedelta(days=5 * pass_), tile, float(rng.beta(0.6, 0.8))) for pass_ in range(18) for tile in (0, 1)]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}, indent=1), "utf-8")
    return path


def _item(time: datetime, tile: int, cloud: float) -> dict[str, Any]:
    footprint = shapely.box(*_point(1.4 * tile - 0.1, -0.1), *_point(1.4 * tile + 1.7, 2.1))
    name = f"S2A_MSIL2A_{time:%Y%m%dT%H%M%S}_N0300_R022_T99SI{'AB'[tile]}_SIMULATED"
    said = {
        "datetime": time.isoformat().replace("+00:00", "Z"), "platform": "sentinel-2a", "instruments": ["msi"], "title": name,
        "constellation": "sentinel-2", "eo:cloud_cover": round(100 * cloud, 2), "processing:level": "L2A",
        "product:type": "S2MSI2A", "earthweave:simulated": True,
    }  # fmt: skip
    shape = shapely.geometry.mapping(footprint)
    return {
        "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": "simulated", "bbox": [*footprint.bounds],
        "geometry": {"type": shape["type"], "coordinates": shape["coordinates"]}, "properties": said, "links": [], "assets": {},
    }  # fmt: skip


def _features(path: Path, rows: Sequence[tuple[Any, dict[str, Any]]]) -> Path:
    features = [{"type": "Feature", "properties": said, "geometry": json.loads(shapely.to_geojson(shape))} for shape, said in rows]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def _table(path: Path, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([names, *rows])
    return path
