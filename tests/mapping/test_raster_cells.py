"""Cells of GeoTIFFs as rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from rdflib import Graph

from earthweave.mapping import MappingRun
from earthweave.mapping.sources import RasterOptions, raster_source
from earthweave.ontology import GEO, SOSA, ParameterError, ProductError, SizeLimitError

PLACE = rasterio.Affine(30, 0, 500_000, 0, -20, 5_000_000)


def _write(path: Path, values: Any, *, transform: Any = PLACE, **more: Any) -> Path:
    count, height, width = values.shape
    profile = {"count": count, "height": height, "width": width, "dtype": values.dtype.name, "crs": "EPSG:32633"}
    with rasterio.open(path, "w", driver="GTiff", transform=transform, **profile) as raster:
        for name, value in more.items():
            setattr(raster, name, value)
        raster.write(values)
    return path


def _rows(path: Path, **chosen: Any) -> list[dict[str, Any]]:
    source = raster_source(path, RasterOptions(reading="cells", **chosen))
    return [row for batch in source.batches(source.fields, geometry=True) for row in batch.to_pylist()]


def test_cells_of_all_bands_or_of_one(tmp_path: Path) -> None:
    values = np.arange(12, dtype="int16").reshape(2, 2, 3)
    path = _write(tmp_path / "f.tif", values, nodata=4)
    rows = _rows(path)
    assert {(row["band"], row["row"], row["column"]): row["value"] for row in rows} == {
        (band + 1, row, column): number for (band, row, column), number in np.ndenumerate(values) if number != 4
    }
    assert all(isinstance(row["value"], int) for row in rows)
    assert [row["id"] for row in _rows(path, band=2)] == [f"{row}-{column}-2" for row in range(2) for column in range(3)]
    boxes = [shapely.from_wkb(row["geometry"]) for row in _rows(path, band=2)]
    assert boxes[-1].equals(shapely.box(500_060, 4_999_960, 500_090, 4_999_980))
    assert shapely.union_all(boxes).equals(shapely.box(500_000, 4_999_960, 500_090, 5_000_000))


def test_scaled_values_wanted_values_and_windows(tmp_path: Path) -> None:
    path = _write(tmp_path / "f.tif", np.arange(6, dtype="uint8").reshape(1, 2, 3), scales=(0.5,), offsets=(1.0,))
    assert [row["value"] for row in _rows(path, values=(1.5, 3.5))] == [1.5, 3.5]
    assert [row["value"] for row in _rows(path, bbox=(500_000, 4_999_960, 500_059, 4_999_980))] == [2.5, 3.0]
    assert _rows(path, bbox=(0, 0, 1, 1)) == []


def test_too_many_cells_are_refused_and_counted(tmp_path: Path) -> None:
    path = _write(tmp_path / "f.tif", np.zeros((3, 20, 30), "uint8"))
    with pytest.raises(SizeLimitError, match=r"20 × 30 cells in 3 steps are 1,800 rows, more than max_cells=1,799") as told:
        raster_source(path, RasterOptions(reading="cells", max_cells=1_799))
    assert "reading=regions" in told.value.way_out
    assert raster_source(path, RasterOptions(reading="cells", max_cells=1_800)).total == 1_800


def test_grids_that_have_no_rows_and_columns_of_the_map_are_refused(tmp_path: Path) -> None:
    path = _write(tmp_path / "f.tif", np.zeros((1, 2, 2), "uint8"), transform=rasterio.Affine(9, 5, 500_000, 5, -9, 5_000_000))
    with pytest.raises(ProductError, match="rotated"):
        raster_source(path, RasterOptions(reading="cells"))
    with pytest.raises(ParameterError, match="no band 2"):
        raster_source(path, RasterOptions(reading="cells", band=2))


def test_rule_cells(mapped: Callable[..., tuple[Graph, MappingRun]], shared: Path) -> None:
    path = shared / "data/derived/airquality/cams_pm25_0p75_20191231_15_18.nc"
    source = raster_source(path, RasterOptions(reading="cells", bbox=(9, 44, 12, 46)))
    graph, run = mapped("cells", source, layer="http://e.org/l", name="cams", property="http://e.org/pm")
    cells = set(graph.objects(None, SOSA.hasFeatureOfInterest))
    assert (run.report.rows, run.report.skipped, 2 * len(cells)) == (source.total, 0, source.total)
    assert len(set(graph.subjects(SOSA.hasSimpleResult))) == source.total
    assert {str(one)[:13] for one in graph.objects(None, SOSA.resultTime)} == {"2019-12-31T15", "2019-12-31T18"}
    shapes = [shapely.from_wkt(str(text)) for text in graph.objects(None, GEO.asWKT)]
    assert all(one.is_valid for one in shapes)
    assert sum(one.area for one in shapes) == pytest.approx(len(cells) * 0.75**2)
