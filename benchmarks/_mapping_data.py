"""The simulated layer of the mapping benchmark: polygons with ten attributes, with a fixed seed, in every format that is compared.

Polygons of 8 to 24 corners (EPSG:4326), and integers, texts with quotes, accents and line breaks, doubles, dates, booleans, and a column
of which 30 % is NULL. Numbers have so few decimals that every format gives them back exactly. Everything is **simulated**.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

SEED = 20210323
BLOCK = 100_000
FORMATS = ("gpkg", "shp", "csv", "parquet")
NAMES = ("key", "name", "note", "level", "height", "share", "seen", "done", "maybe", "class")
_DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile"}
BAD = 0.01
"""Part of the rows that is spoiled in the corrupt layer."""


def _polygons(random: Any, rows: int) -> Any:
    import shapely

    corners = random.integers(8, 25, rows)
    owner = np.repeat(np.arange(rows), corners)
    turn = 2 * np.pi * (np.arange(len(owner)) - (np.cumsum(corners) - corners)[owner]) / corners[owner]
    radius = random.uniform(2e-4, 1e-3, len(owner))
    center = random.uniform((150.4, -33.9), (151.0, -33.4), (rows, 2))
    ring = center[owner] + np.column_stack([radius * np.cos(turn), radius * np.sin(turn)])
    return shapely.polygons(shapely.linearrings(ring.round(6), indices=owner))


def _frame(start: int, rows: int) -> Any:
    import geopandas

    random = np.random.default_rng([SEED, start])
    number = np.arange(start, start + rows)
    columns = {
        "key": number + 1, "name": [f'Parcel "{n}" of Saint-Étienne' for n in number], "note": [f"row {n}\nline two" for n in number],
        "level": random.integers(0, 25, rows), "height": random.normal(100, 20, rows).round(6), "share": random.random(rows).round(6),
        "seen": [f"{day}" for day in np.datetime64("2021-03-15") + random.integers(0, 365, rows).astype("timedelta64[D]")],
        "done": random.random(rows) < 0.5, "maybe": [None if chance < 0.3 else "here" for chance in random.random(rows)],
        "class": random.choice(["water", "crop", "built"], rows),
    }
    return geopandas.GeoDataFrame(columns, geometry=_polygons(random, rows), crs=4326)


def blocks(rows: int) -> Iterator[Any]:
    """The layer as frames of at most `BLOCK` rows; a layer begins as every smaller one that ends with a block."""
    for start in range(0, rows, BLOCK):
        yield _frame(start, min(BLOCK, rows - start))


def make(path: Path, rows: int) -> None:
    """Write the layer in the format that the suffix says; ``corrupt.parquet`` is spoiled, ``clean.parquet`` is the same unspoiled."""
    for suffix in (path.suffix, *((".dbf", ".shx", ".prj", ".cpg") if path.suffix == ".shp" else ())):
        path.with_suffix(suffix).unlink(missing_ok=True)
    if path.suffix == ".csv":
        _make_csv(path, rows)
    elif path.suffix == ".parquet":
        _make_parquet(path, rows)
    else:
        _make_layer(path, rows)


def _make_layer(path: Path, rows: int) -> None:
    import pyogrio

    for frame in blocks(rows):
        if path.suffix == ".shp":  # which has neither moments nor booleans
            frame["done"] = frame["done"].astype(np.int32)
        else:
            frame["seen"] = np.array(frame["seen"], dtype="datetime64[ms]")
        pyogrio.write_dataframe(frame, path, layer=path.stem, append=path.exists(), driver=_DRIVERS[path.suffix])


def _make_csv(path: Path, rows: int) -> None:
    for frame in blocks(rows):
        table = frame.drop(columns="geometry").assign(done=np.where(frame["done"], "true", "false"), geometry=frame.geometry.to_wkt())
        table.to_csv(path, index=False, mode="a", header=not path.exists())


def _make_parquet(path: Path, rows: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer: Any = None
    try:
        for frame in blocks(rows):
            table = pa.table(frame.to_arrow())
            if path.stem == "corrupt":
                table = _spoiled(table, frame)
            table = table.replace_schema_metadata({"geo": _GEO})
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


_GEO = '{"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": {"encoding": "WKB", "geometry_types": ["Polygon"]}}}'


def _spoiled(table: Any, frame: Any) -> Any:
    """The same with a hundredth of the geometries cut short, of the dates written otherwise, and of the names in Latin-1."""
    import pyarrow as pa

    random = np.random.default_rng([SEED, int(frame["key"].iloc[0]), 1])
    bad = random.random((3, len(frame))) < BAD
    blobs = [blob[:-9] if spoil else blob for blob, spoil in zip(frame.geometry.to_wkb(), bad[0], strict=True)]
    dates = ["15.3.2021" if spoil else day for day, spoil in zip(frame["seen"], bad[1], strict=True)]
    names = [name.encode("latin-1" if spoil else "utf-8") for name, spoil in zip(frame["name"], bad[2], strict=True)]
    spoiled = {"geometry": pa.array(blobs, pa.binary()), "seen": pa.array(dates), "name": pa.array(names, pa.binary()).view(pa.string())}
    for name, column in spoiled.items():
        table = table.set_column(table.schema.get_field_index(name), name, column)
    return table
