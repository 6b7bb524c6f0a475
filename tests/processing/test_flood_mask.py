"""Flood-mask against the three GDAL programs that it replaces."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from earthweave.ontology import Crs, ParameterError, ProcessingError, ProductError
from earthweave.processing import Result, run_service, service
from earthweave.processing.raster import Grid, polygonise, round_half_up, sieve

Polygons = list[tuple[bytes, int]]


def _mask(source: Path, target: Path, **parameters: Any) -> Result:
    return run_service(service("Flood-mask"), {"input": source, "output_path": target, **parameters})


def _polygons(path: Path) -> Polygons:
    """Normalised rings and levels, sorted: the order of features and the first vertex of a ring differ between releases of GDAL."""
    meta, _, wkb, fields = pyogrio.raw.read(path)
    level = fields[list(meta["fields"]).index("floodLevel")]
    return sorted(zip(shapely.to_wkb(shapely.normalize(shapely.from_wkb(wkb))), level.tolist(), strict=True))


def _gdal(tools: dict[str, str], source: Path, folder: Path) -> Polygons:
    """The exercise's own three commands."""
    sieved, kept, vector = (folder / name for name in ("sieve.tif", "sieve_calc.tif", "gdal.shp"))
    steps = (
        [tools["gdal_sieve.py"], "-q", "-st", "10", source, sieved],
        [tools["gdal_calc.py"], "--quiet", "-A", sieved, "--calc=(A>=4)*A", "--NoDataValue=0", "--outfile", kept],
        [tools["gdal_polygonize.py"], "-q", kept, vector, "flood_mask", "floodLevel"],
    )
    for step in steps:
        subprocess.run([str(part) for part in step], check=True, capture_output=True)
    return _polygons(vector)


def test_equals_gdal_on_the_simulated_pair(change: Result, gdal_tools: dict[str, str], tmp_path: Path) -> None:
    result = _mask(change.layers[0].path, tmp_path / "flood_mask.shp")
    ours = _polygons(result.layers[0].path)
    assert ours == _gdal(gdal_tools, change.layers[0].path, tmp_path)
    assert len(ours) == result.report["figures"]["polygons"] > 50
    assert {level for _, level in ours} >= set(range(4, 15))


def test_equals_gdal_on_real_data(shared: Path, gdal_tools: dict[str, str], tmp_path: Path) -> None:
    folder = shared / "data/s2/ranghetti+sen2r/inst/extdata/out"
    first, second = (folder / f"S2A2A_{day}_022_Barbellino_BOA_10.tif" for day in ("20170703", "20190723"))
    bands = "B1,B2,B3,B4,B5,B6,B7,B8,B8A,B11,B12"
    change = run_service(service("s2-cd"), {"input1": first, "input2": second, "stack_bands": bands, "output_path": tmp_path / "cd"})
    result = _mask(change.layers[0].path, tmp_path / "flood_mask.shp")
    assert _polygons(result.layers[0].path) == _gdal(gdal_tools, change.layers[0].path, tmp_path)
    assert not result.layers[0].simulated


@pytest.mark.parametrize("seed", range(4))
def test_equals_gdal_on_halves_and_holes(seed: int, write, gdal_tools: dict[str, str], tmp_path: Path) -> None:
    """Values exactly between two whole numbers, negative ones, and no data in the middle."""
    rng = np.random.default_rng(seed)
    pixels = np.round(rng.gamma(3, 1.5, (60, 70)).repeat(2, 0).repeat(3, 1) * 2) / 2 - 0.5
    pixels[rng.random(pixels.shape) < 0.02] += 3
    pixels[20:40, 30:60] = np.nan
    source = write("S2_CVA.tif", pixels[None].astype(np.float32), nodata=np.nan)
    result = _mask(source, tmp_path / "flood_mask.shp")
    assert _polygons(result.layers[0].path) == _gdal(gdal_tools, source, tmp_path)


@given(arrays(np.float32, 50, elements=st.floats(-1000, 1000, width=32)))
def test_rounding_is_half_up(values: np.ndarray) -> None:
    whole = round_half_up(values, np.ones(50, bool))
    assert (np.abs(values - whole) <= 0.5).all()
    assert (whole[values * 2 % 2 == 1] > values[values * 2 % 2 == 1]).all()


def test_rounding_by_hand() -> None:
    values = np.array([0.5, 1.5, 2.5, -0.5, -1.5, 3.49, np.nan], np.float32)
    assert round_half_up(values, np.isfinite(values)).tolist() == [1, 2, 3, 0, -1, 3, 0]


@settings(deadline=None, max_examples=40)
@given(arrays(np.int32, (9, 11), elements=st.integers(0, 3)))
def test_polygons_are_the_pixels_again(levels: np.ndarray) -> None:
    """Every patch is valid, patches do not overlap, and each level's area is its number of pixels."""
    grid = Grid(Crs.parse("EPSG:32756"), 300000, 6280000, 20, 20, 11, 9)
    found = polygonise(levels, grid, levels > 0)
    assert shapely.is_valid(found.geometries).all()
    for level in (1, 2, 3):
        assert shapely.area(found.geometries[found.values == level]).sum() == 400 * (levels == level).sum()
    assert shapely.area(shapely.union_all(found.geometries)) == pytest.approx(400 * (levels > 0).sum()) if len(found) else True


def test_sieve_joins_small_patches_and_leaves_what_is_masked() -> None:
    levels = np.full((8, 8), 5, np.int32)
    levels[2, 2] = levels[5, 5] = 9
    valid = np.ones((8, 8), bool)
    valid[5, 5] = False
    merged = sieve(levels, 2, valid)
    assert merged[2, 2] == 5 and merged[5, 5] == 9
    assert sieve(levels, 1, valid) is levels


def test_areas_are_geodesic() -> None:
    """A square kilometre of UTM at the central meridian, where the scale is 0.9996, is 1 / 0.9996² km² on the ground."""
    grid = Grid(Crs.parse("EPSG:32756"), 499500, 6281000, 20, 20, 50, 50)
    assert polygonise(np.ones((50, 50), np.int32), grid, np.ones((50, 50), bool)).areas[0] == pytest.approx(1e6 / 0.9996**2, rel=1e-6)


@pytest.mark.parametrize(("suffix", "crs"), [(".shp", "EPSG:32756"), (".gpkg", "EPSG:32756"), (".geojson", "OGC:CRS84")])
def test_formats(suffix: str, crs: str, change: Result, tmp_path: Path) -> None:
    result = _mask(change.layers[0].path, tmp_path / f"flood_mask{suffix}", field="level_1", layer="floods")
    layer = result.layers[0]
    info = pyogrio.read_info(layer.path)
    assert str(layer.crs) == crs
    assert (info["fields"].tolist(), info["dtypes"].tolist(), info["geometry_type"]) == (["level_1"], ["int32"], "Polygon")
    assert info["features"] == result.report["figures"]["polygons"]
    if suffix != ".shp":
        assert info["layer_name"] == "floods"
    if suffix == ".geojson":
        west, south, east, north = layer.bbox.bounds
        bounds = info["total_bounds"]
        assert west - 1e-3 <= bounds[0] <= bounds[2] <= east + 1e-3 and south - 1e-3 <= bounds[1] <= bounds[3] <= north + 1e-3


def test_records_lie_beside_the_file_and_time_comes_along(change: Result, tmp_path: Path) -> None:
    result = _mask(change.layers[0].path, tmp_path / "flood_mask.shp")
    assert (result.item.name, result.record.name) == ("flood_mask.item.json", "flood_mask.run.json")
    layer = result.layers[0]
    assert layer.time == change.layers[0].time
    assert layer.simulated and result.report["simulated"] and "simulated" in layer.title
    assert result.report["figures"]["rests_on"] == [source.id for source in change.layers[0].provenance.used]
    assert {path.suffix for path in tmp_path.glob("flood_mask.[!ir]*")} >= {".shp", ".shx", ".dbf", ".prj"}


def test_time_from_the_name_or_the_call(write, tmp_path: Path) -> None:
    pixels = np.full((1, 20, 20), 7, np.float32)
    named = _mask(write("S2_CVA_20210315T000241Z_20210325T000241Z_B3B4B8_20.tif", pixels), tmp_path / "a.gpkg").layers[0].time
    assert named is not None and named.texts == ("2021-03-15T00:02:41Z", "2021-03-25T00:02:41Z")
    said = _mask(write("x.tif", pixels), tmp_path / "b.gpkg", start="2020-01-01", end="2020-02-01T12:00:00+02:00").layers[0].time
    assert said is not None and said.texts == ("2020-01-01T00:00:00Z", "2020-02-01T10:00:00Z")
    assert _mask(write("y.tif", pixels), tmp_path / "c.gpkg").layers[0].time is None


def test_corner_neighbours_join_only_if_asked(write, tmp_path: Path) -> None:
    pixels = np.zeros((1, 10, 10), np.float32)
    pixels[0, 2:5, 2:5] = pixels[0, 5:8, 5:8] = 6
    counts = [
        _mask(write("x.tif", pixels), tmp_path / f"{way}.gpkg", sieve=0, connectivity=way).report["figures"]["polygons"] for way in (4, 8)
    ]
    assert counts == [2, 1]


@pytest.mark.parametrize(
    ("parameters", "error", "expected"),
    [
        ({"threshold": 90}, ProcessingError, "reaches level 90"),
        ({"band": 2}, ParameterError, "band = 2 does not exist"),
        ({"start": "2021-02-01", "end": "2021-01-01"}, ParameterError, "end is before start"),
        ({"output_path": "flood.kml"}, ParameterError, "not a file that can be written"),
        ({"input": "nowhere.tif"}, ProductError, "nowhere.tif does not exist"),
    ],
)
def test_refusals(
    parameters: dict[str, Any], error: type[Exception], expected: str, write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = write("x.tif", np.full((1, 20, 20), 7, np.float32))
    with pytest.raises(error, match=expected) as caught:
        run_service(service("flood-mask"), {"input": source, "output_path": tmp_path / "flood.shp", **parameters})
    assert caught.value.why and caught.value.way_out  # type: ignore[attr-defined]
    assert [path.name for path in tmp_path.iterdir()] == ["x.tif"]


def test_complex_rasters_are_refused(write, tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="complex"):
        _mask(write("c.tif", np.ones((1, 4, 4), np.complex64)), tmp_path / "c.shp")
