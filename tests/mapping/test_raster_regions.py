"""Regions of class rasters: equal to GDAL's of the whole raster, whatever the strips; nothing lost, nothing twice."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from rasterio.features import shapes
from rdflib import Graph, Namespace

from earthweave.mapping import MappingRun
from earthweave.mapping.sources import RasterOptions, raster_source
from earthweave.ontology import GEO, CrsError, ParameterError, ProductError
from earthweave.ontology.geometry import area_m2

EW = Namespace("https://w3id.org/earthweave/ontology#")
PLACE = rasterio.Affine(10, 0, 500_000, 0, -10, 5_000_000)


def _write(path: Path, values: Any, *, transform: Any = PLACE, **more: Any) -> Path:
    values = values if values.ndim == 3 else values[None]
    count, height, width = values.shape
    profile = {"count": count, "height": height, "width": width, "dtype": values.dtype.name, "crs": "EPSG:32633"}
    with rasterio.open(path, "w", driver="GTiff", transform=transform, **profile | more) as raster:
        raster.write(values)
    return path


def _rows(path: Path, chosen: RasterOptions | None = None) -> list[dict[str, Any]]:
    source = raster_source(path, chosen)
    rows = [row for batch in source.batches(source.fields, geometry=True) for row in batch.to_pylist()]
    for row in rows:
        row["geometry"] = shapely.from_wkb(row["geometry"])
    return rows


def _whole(values: Any, there: Any, transform: Any) -> dict[tuple[int, bytes], int]:
    """GDAL's polygons of the whole raster: value and WKB, with the number of pixels."""
    found = {}
    for shape, value in shapes(values.astype("int32"), mask=there, connectivity=4, transform=transform):
        polygon = shapely.normalize(shapely.geometry.shape(shape))
        found[int(value), shapely.to_wkb(polygon)] = round(polygon.area / abs(transform.determinant))
    return found


@settings(max_examples=60, deadline=None)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 14), st.integers(1, 14)), elements=st.integers(0, 3)),
    st.integers(1, 40), st.sampled_from(["uint8", "int32", "float64", "float32", "uint32"]),
)
def test_strips_of_any_height_give_the_regions_of_the_whole(
    tmp_path_factory: pytest.TempPathFactory, values: Any, strip: int, kind: str
) -> None:
    path = _write(tmp_path_factory.mktemp("regions") / "f.tif", values.astype(kind), nodata=3)
    rows = _rows(path, RasterOptions(strip_pixels=strip))
    found = {(int(row["value"]), shapely.to_wkb(shapely.normalize(row["geometry"]))): row["pixels"] for row in rows}
    assert found == _whole(values, values != 3, PLACE)
    assert len({row["id"] for row in rows}) == len(rows)
    for row in rows:
        assert values[row["row"], row["column"]] == row["value"]
        assert row["geometry"].is_valid


def test_a_region_across_many_seams_has_no_vertex_too_many(tmp_path: Path) -> None:
    values = np.ones((50, 40), "uint8")
    values[10:40, 10:30] = 2
    rows = {row["value"]: row for row in _rows(_write(tmp_path / "f.tif", values), RasterOptions(strip_pixels=1))}
    sizes = {value: (row["pixels"], shapely.get_num_coordinates(row["geometry"])) for value, row in rows.items()}
    assert sizes == {1: (1400, 10), 2: (600, 5)}
    assert rows[2]["geometry"].equals(shapely.box(500_100, 4_999_600, 500_300, 4_999_900))
    assert [row["id"] for row in rows.values()] == ["2-10-10", "1-0-0"]


def test_the_land_cover_of_slovenia(shared: Path) -> None:
    """Forest 7,601 and grassland 1,777 pixels of 10 m (eo-learn's description of its patch)."""
    path = shared / "data/derived/s2_slovenia/LULC.tif"
    rows = _rows(path, RasterOptions(strip_pixels=1000))
    with rasterio.open(path) as raster:
        values, transform = raster.read(1), raster.transform
    pixels = {value: sum(row["pixels"] for row in rows if row["value"] == value) for value in (2, 3)}
    assert pixels == {2: 7601, 3: 1777}
    found = {(row["value"], shapely.to_wkb(shapely.normalize(row["geometry"]))): row["pixels"] for row in rows}
    assert found == _whole(values, np.ones(values.shape, bool), transform)
    assert sum(row["area_m2"] for row in rows) == pytest.approx(values.size * 100, rel=1e-3)


def test_only_the_wanted_values_and_only_large_regions(tmp_path: Path) -> None:
    values = np.zeros((6, 6), "uint8")
    values[0, :3], values[2:5, 2:5], values[5, 0] = 1, 1, 2
    path = _write(tmp_path / "f.tif", values)
    assert [(row["id"], row["pixels"]) for row in _rows(path, RasterOptions(values=(1,), strip_pixels=6))] == [("1-0-0", 3), ("1-2-2", 9)]
    # the square lies in three strips, none of which has four of its pixels
    assert [row["id"] for row in _rows(path, RasterOptions(values=(1, 2), min_pixels=4, strip_pixels=6))] == ["1-2-2"]


def test_missing_numbers_bands_and_rotated_grids(tmp_path: Path) -> None:
    values = np.array([[[1.5, np.nan], [1.5, 2.5]], [[7, 7], [7, 7]]], "float32")
    turned = rasterio.Affine(0, 10, 500_000, 10, 0, 5_000_000)
    path = _write(tmp_path / "f.tif", values, transform=turned)
    assert [(row["id"], row["value"]) for row in _rows(path)] == [("1.5-0-0", 1.5), ("2.5-1-1", 2.5)]
    second = _rows(path, RasterOptions(band=2))
    assert [row["geometry"].equals(shapely.box(500_000, 5_000_000, 500_020, 5_000_020)) for row in second] == [True]
    with pytest.raises(ParameterError, match="no band 3"):
        raster_source(path, RasterOptions(band=3))


def test_a_mask_beside_the_values_counts_too(tmp_path: Path) -> None:
    path = _write(tmp_path / "f.tif", np.ones((3, 4), "uint8"))
    with rasterio.open(path, "r+") as raster:
        raster.write_mask(np.array([[1, 1, 0, 1]] * 3, dtype=bool))
    assert [(row["id"], row["pixels"]) for row in _rows(path)] == [("1-0-0", 6), ("1-0-3", 3)]


def test_areas_of_degrees_are_those_of_the_ellipsoid(tmp_path: Path) -> None:
    """Against polygons with many vertices along the parallels, which geodesics follow."""
    values = np.array([[1, 1, 1], [1, 2, 1], [1, 1, 1]], "uint8")
    path = _write(tmp_path / "f.tif", values, transform=rasterio.Affine(1, 0, 10, 0, -1, 61), crs="EPSG:4326")
    for row in _rows(path):
        assert row["area_m2"] == pytest.approx(area_m2(shapely.segmentize(row["geometry"], 0.01)), rel=1e-6)


def test_columns_are_made_only_when_asked_for(tmp_path: Path) -> None:
    source = raster_source(_write(tmp_path / "f.tif", np.eye(3, dtype="uint8")))
    batch = next(source.batches(["pixels", "id"], geometry=False))
    assert batch.schema.names == ["pixels", "id"]
    assert source.empty(["pixels", "id"], geometry=False).schema == batch.schema
    assert source.empty([], geometry=True).schema == pa.schema([("geometry", pa.binary())])
    assert (source.keys, source.geometry, source.crs.code) == (("id",), "geometry", "32633")


def test_a_large_raster_is_never_held_whole(tmp_path: Path) -> None:
    """Half a gigabyte of numbers, nearly all of them absent from the file."""
    path = tmp_path / "f.tif"
    profile = {"driver": "GTiff", "width": 16_000, "height": 16_000, "count": 1, "dtype": "uint16", "nodata": 0, "crs": "EPSG:32633"}
    with rasterio.open(path, "w", transform=PLACE, tiled=True, SPARSE_OK="TRUE", compress="deflate", **profile) as raster:
        raster.write(np.full((700, 40), 5, "uint16"), 1, window=((100, 800), (300, 340)))
    tracemalloc.start()
    try:
        rows = _rows(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [(row["id"], row["pixels"]) for row in rows] == [("5-100-300", 28_000)]
    assert peak < 100e6


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "bad.tif").write_text("no")
    with pytest.raises(ProductError, match=r"bad\.tif"):
        raster_source(tmp_path / "bad.tif")
    with pytest.raises(CrsError, match="does not say its CRS"):
        raster_source(_write(tmp_path / "nowhere.tif", np.eye(3, dtype="uint8"), crs=None))
    with pytest.raises(ProductError, match="complex"):
        raster_source(_write(tmp_path / "complex.tif", np.eye(3, dtype="complex64")))
    path = _write(tmp_path / "cut.tif", np.random.default_rng(1).integers(1, 9_999, (400, 400)).astype("uint16"))
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(ProductError, match="to its end"):
        _rows(path)


def test_a_netcdf_file_needs_a_word(shared: Path) -> None:
    with pytest.raises(ParameterError, match="how is a NetCDF file to become rows") as told:
        raster_source(shared / "data/derived/airquality/cams_pm25_0p75_20191231_15_18.nc")
    assert "ewm:zones" in told.value.way_out


@pytest.mark.parametrize(
    ("formulation", "parameters", "expected"),
    [
        ("RasterRegions", [("minPixels", "10"), ("values", "1"), ("values", "2 3")],
         RasterOptions(reading="regions", min_pixels=10, values=(1, 2, 3))),
        ("RasterCells", [("bbox", "1, 2, 3, 4"), ("maxCells", "7"), ("label", "?")],
         RasterOptions(reading="cells", bbox=(1, 2, 3, 4), max_cells=7)),
        ("Zonal", [("zones", "z.gpkg"), ("zoneKey", "code"), ("statistics", "p95,exceedance_share"), ("threshold", "2.5")],
         RasterOptions(reading="zonal", zones="z.gpkg", zone_key="code", statistics=("p95", "exceedance_share"), threshold=2.5)),
        ("", [], RasterOptions()),
    ],
)  # fmt: skip
def test_a_mapping_says_the_same_as_python(formulation: str, parameters: list[tuple[str, str]], expected: RasterOptions) -> None:
    assert RasterOptions.of(formulation, parameters) == expected


@pytest.mark.parametrize(
    "wrong", [{"reading": "all"}, {"bbox": (1.0,)}, {"statistics": ()}, {"statistics": ("mode",)}, {"statistics": ("exceedance_area",)}]
)
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        RasterOptions(**wrong)
    with pytest.raises(ParameterError, match="min_pixels"):
        RasterOptions.of("", [("minPixels", "many")])


def test_rule_regions(mapped: Callable[..., tuple[Graph, MappingRun]], shared: Path) -> None:
    path = shared / "data/flood/cloudtostreet+Sen1Floods11/sample/Labels/Spain_7370579_LabelHand.tif"
    said = {"layer": "http://e.org/l", "name": "spain", "start": "2018-01-01T00:00:00Z", "end": "2018-01-01T00:00:00Z"}
    graph, run = mapped("regions", raster_source(path, RasterOptions(values=(1,), min_pixels=10)), **said)
    assert (run.report.rows, run.report.skipped) == (161, 0)
    assert {str(value) for value in graph.objects(None, EW.classValue)} == {"1"}
    footprints = [shapely.from_wkt(str(text)) for text in graph.objects(None, GEO.asWKT)]
    assert len(footprints) == 161
    assert all(one.is_valid for one in footprints)
    areas = [float(str(value)) for value in graph.objects(None, GEO.hasMetricArea)]
    assert sum(areas) == pytest.approx(sum(area_m2(one) for one in footprints), rel=1e-5)
