"""Flood-mask against the three GDAL programs that it replaces."""

from __future__ import annotations

import subprocess
import tracemalloc
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from earthweave.ontology import Crs, Interval, ParameterError, ProcessingError, ProductError
from earthweave.processing import Result, run_service, service
from earthweave.processing.flood import FIELDS, FloodStream, Mark, whole_levels
from earthweave.processing.flood._permanent import permanent_water
from earthweave.processing.raster import NOTHING, Block, Grid, Outliner, Sieve, polygonise, sieve

Polygons = list[tuple[bytes, int]]


def _mask(source: Path, target: Path, **parameters: Any) -> Result:
    return run_service(service("Flood-mask"), {"input": source, "output_path": target, **parameters})


def _polygons(path: Path) -> Polygons:
    """Normalised rings and levels, sorted: the order of features and the first vertex of a ring differ between releases of GDAL."""
    meta, _, wkb, fields = pyogrio.raw.read(path)
    level = fields[list(meta["fields"]).index("floodLevel")]
    return sorted(zip(shapely.to_wkb(shapely.normalize(shapely.from_wkb(wkb))), level.tolist(), strict=True))


def _gdal(tools: dict[str, str], source: Path, folder: Path, size: int = 10, corners: bool = False) -> Polygons:
    """The exercise's own three commands."""
    sieved, kept, vector = (folder / name for name in ("sieve.tif", "sieve_calc.tif", "gdal.shp"))
    way = ["-8"] * corners
    steps = (
        [tools["gdal_sieve.py"], "-q", "-st", size, *way, source, sieved],
        [tools["gdal_calc.py"], "--quiet", "-A", sieved, "--calc=(A>=4)*A", "--NoDataValue=0", "--outfile", kept],
        [tools["gdal_polygonize.py"], "-q", *way, kept, vector, "flood_mask", "floodLevel"],
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


@pytest.mark.parametrize(
    ("kind", "nodata", "size", "corners"),
    [
        ("float32", np.nan, 10, False),
        ("float32", None, 30, True),
        ("float64", -9999.0, 5, False),
        ("float32", 6.0, 10, False),
        ("int16", 5, 10, True),
        ("uint8", 255, 2, False),
    ],
)
def test_equals_gdal_on_halves_and_holes(
    kind: str, nodata: float | None, size: int, corners: bool, write, gdal_tools: dict[str, str], tmp_path: Path
) -> None:
    """Values exactly between two whole numbers, negative ones, no data in the middle, valid NaN, levels that equal no data."""
    rng = np.random.default_rng(size)
    pixels = np.round(rng.gamma(3, 1.5, (60, 70)).repeat(2, 0).repeat(3, 1) * 2) / 2 - 1.5
    pixels[rng.random(pixels.shape) < 0.02] += 3
    if kind.startswith("float"):
        pixels[20:40, 30:60] = np.nan if nodata is None else nodata
    else:
        pixels = np.clip(pixels, 0, 250)
        pixels[20:40, 30:60] = nodata
    source = write("S2_CVA.tif", pixels[None].astype(kind), nodata=nodata)
    result = _mask(source, tmp_path / "flood_mask.shp", sieve=size, connectivity=8 if corners else 4)
    assert _polygons(result.layers[0].path) == _gdal(gdal_tools, source, tmp_path, size, corners)


@st.composite
def _rasters(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Levels from plain areas to noise in which every pixel differs, and which of them are valid."""
    height, width = draw(st.integers(1, 40)), draw(st.integers(20, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    levels = rng.integers(0, draw(st.sampled_from([1, 2, 3, 6, 5000])) + 1, (height, width)).astype(np.int32)
    if draw(st.booleans()):
        levels = np.sort(levels, draw(st.integers(0, 1)))
    grow = draw(st.integers(1, 3))
    levels = levels.repeat(grow, 0).repeat(grow, 1)
    return levels, rng.random(levels.shape) < draw(st.sampled_from([1.0, 0.9, 0.5]))


@settings(deadline=None, max_examples=150)
@given(_rasters(), st.integers(0, 14), st.booleans(), st.integers(1, 40), st.integers(1, 50))
def test_strips_are_sieved_as_gdal_sieves_the_whole(
    raster: tuple[np.ndarray, np.ndarray], size: int, corners: bool, strip: int, step: int
) -> None:
    levels, valid = raster
    with TemporaryDirectory() as folder:
        streamed = Sieve(levels.shape, size, Path(folder) / "levels", corners=corners, strip=strip)
        rows = np.where(valid, levels, NOTHING).astype(np.int32)
        for row in range(0, len(rows), step):
            streamed.put(rows[row : row + step])
        found = np.concatenate([part for _, part in streamed.strips()])
    np.testing.assert_array_equal(found, np.where(valid, sieve(levels, size, valid, 8 if corners else 4), NOTHING))


def test_chains_of_small_patches_are_followed_across_strips(tmp_path: Path) -> None:
    """Patches of one pixel that grow downwards or upwards, each of which joins the next, end in a large one many strips away."""
    for turned in (False, True):
        levels = np.arange(400, dtype=np.int32).reshape(200, 2) + 10
        levels[-20:] = 3
        levels = levels[::-1].copy() if turned else levels
        streamed = Sieve(levels.shape, 5, tmp_path / "levels", strip=10)
        streamed.put(levels)
        found = np.concatenate([part for _, part in streamed.strips()])
        np.testing.assert_array_equal(found, sieve(levels, 5, np.ones(levels.shape, bool)))


@settings(deadline=None, max_examples=40)
@given(_rasters(), st.booleans(), st.integers(1, 40), st.integers(1, 40))
def test_strips_are_outlined_as_gdal_outlines_the_whole(
    raster: tuple[np.ndarray, np.ndarray], corners: bool, strip: int, other: int
) -> None:
    """The same polygons, in an order and a form that do not depend on the strips; what goes along is added up."""
    levels, valid = raster
    height, width = levels.shape
    grid = Grid(Crs.parse("EPSG:32756"), 300000.1, 6280000.3, 20.7, 20.3, width, height)
    whole = polygonise(levels, grid, valid, 8 if corners else 4)
    expected = sorted(zip(shapely.to_wkb(shapely.normalize(whole.geometries)), whole.values.tolist(), strict=True))
    found = []
    for rows in (strip, other):
        outliner = Outliner(grid, corners=corners, sums=1)
        parts = [
            outliner.take(np.where(valid, levels, NOTHING).astype(np.int32)[row : row + rows], levels[row : row + rows])
            for row in range(0, height, rows)
        ]
        found.append([(wkb, value) for part in parts for wkb, value in zip(shapely.to_wkb(part.geometries), part.values, strict=True)])
        for part in parts:
            np.testing.assert_allclose(shapely.area(part.geometries), part.pixels * grid.xres * grid.yres)
            np.testing.assert_array_equal(part.sums[0], part.values * part.pixels.astype(float))
    assert found[0] == found[1]
    assert sorted(found[0]) == expected


def test_file_does_not_depend_on_blocks_and_strips(tmp_path: Path) -> None:
    """Levels in blocks of any size, strips of any height: byte for byte the same GeoJSON."""
    rng = np.random.default_rng(7)
    levels = (rng.normal(0, 1, (200, 160)) + 5 * np.sin(np.mgrid[:200, :160] / 30).sum(0)).astype(np.float32)
    share = rng.random(levels.shape)
    grid = Grid(Crs.parse("EPSG:32756"), 300000, 6280000, 20, 20, 160, 200)
    texts = []
    for block_size, strip in ((64, 40), (1024, 256), (41, 300)):
        with FloodStream(grid, tmp_path, sieve=6, threshold=2, strip=strip) as flood:
            for block in grid.blocks(block_size):
                flood.put(block, levels[block.slices], confidence=share[block.slices])
            written = flood.write(tmp_path / "x.geojson", Mark(Interval.parse("2021-03-15", "2021-03-25")))
        texts.append((tmp_path / "x.geojson").read_bytes())
        assert list(tmp_path.iterdir()) == [tmp_path / "x.geojson"]
    assert texts[0] == texts[1] == texts[2]
    assert written.figures["polygons"] > 10


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    """Four times the rows of noise; arrays are what counts, and numpy tells tracemalloc of them. How much two threads hold at once is
    chance, so the peak may rise by less than twice; the first run compiles, and is not counted."""
    peaks = []
    for height in (256, 1024, 4096):
        grid = Grid(Crs.parse("EPSG:32756"), 300000, 6280000, 20, 20, 24, height)
        rng = np.random.default_rng(height)
        tracemalloc.start()
        with FloodStream(grid, tmp_path, threshold=7) as flood:
            for row in range(0, height, 128):
                flood.put(Block(row, 0, 128, 24), rng.integers(0, 8, (128, 24), np.int32))
            assert sum(len(patches) for patches in flood.patches()) > 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 2 * peaks[1]


@given(arrays(np.float32, 50, elements=st.floats(-1000, 1000, width=32)))
def test_levels_are_the_nearest_whole_numbers(values: np.ndarray) -> None:
    whole = whole_levels(values)
    assert (np.abs(values.astype(float) - whole) <= 0.5001).all()
    np.testing.assert_array_equal(whole_levels(-values), -whole)


def test_levels_by_hand() -> None:
    """As GDAL converts them: halves away from 0; NaN is no data, but where it counts as valid the lowest in float32 and 0 in float64."""
    values = [0.5, 1.5, 2.5, -0.5, -1.5, 3.49, 3e9, -np.inf, np.nan]
    expected = [1, 2, 3, -1, -2, 3, 2**31 - 1, 1 - 2**31]
    for kind, unknown in ((np.float32, 1 - 2**31), (np.float64, 0)):
        array = np.array(values, kind)
        assert whole_levels(array).tolist() == [*expected, NOTHING]
        assert whole_levels(array, np.ones(9, bool)).tolist() == [*expected, unknown]


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
    assert sieve(levels, 64, valid) is levels


def test_areas_are_geodesic() -> None:
    """A square kilometre of UTM at the central meridian, where the scale is 0.9996, is 1 / 0.9996² km² on the ground."""
    grid = Grid(Crs.parse("EPSG:32756"), 499500, 6281000, 20, 20, 50, 50)
    assert polygonise(np.ones((50, 50), np.int32), grid, np.ones((50, 50), bool)).areas[0] == pytest.approx(1e6 / 0.9996**2, rel=1e-6)


@pytest.mark.parametrize(("suffix", "crs"), [(".shp", "EPSG:32756"), (".gpkg", "EPSG:32756"), (".geojson", "OGC:CRS84")])
def test_formats(suffix: str, crs: str, change: Result, tmp_path: Path) -> None:
    result = _mask(change.layers[0].path, tmp_path / f"flood_mask{suffix}", field="level_1", layer="floods")
    moment = "datetime64[ms]" if suffix == ".geojson" else "object"
    fields, kinds = ["level_1", *FIELDS], ["int32", "float64", moment, moment, "float64", "int32"]
    layer = result.layers[0]
    info = pyogrio.read_info(layer.path)
    assert str(layer.crs) == crs
    assert (info["fields"].tolist(), info["dtypes"].tolist(), info["geometry_type"]) == (fields, kinds, "Polygon")
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


def _table(path: Path) -> dict[str, list[Any]]:
    meta, _, _, columns = pyogrio.raw.read(path, datetime_as_string=True)
    return {name: column.tolist() for name, column in zip(meta["fields"], columns, strict=True)}


@pytest.mark.parametrize("suffix", [".shp", ".gpkg", ".geojson"])
def test_fields(suffix: str, write, tmp_path: Path) -> None:
    pixels = np.zeros((1, 40, 40), np.float32)
    pixels[0, 5:15, 5:15], pixels[0, 20:30, 20:25] = 6, 9
    source = write("S2_CVA_20210315T000241Z_20210325T000241Z_B3B4B8_20.tif", pixels)
    with rasterio.open(source, "r+") as dataset:
        dataset.update_tags(EARTHWEAVE_LEVELCONFIDENCE="0.999", EARTHWEAVE_SIMULATED="true")
    table = _table(_mask(source, tmp_path / f"flood_mask{suffix}").layers[0].path)
    assert table["floodLevel"] == [6, 9]
    # 580 km east of the zone's false easting: the scale is close to 0.9996 · (1 + 80²/2/6380²)
    np.testing.assert_allclose(table["area_m2"], [10000 / 0.99968**2, 5000 / 0.99968**2], rtol=1e-4)
    for name, text in (("start_time", "2021-03-15T00:02:41Z"), ("end_time", "2021-03-25T00:02:41Z")):
        assert [one.replace(".000Z", "Z") for one in table[name]] == [text] * 2
    assert table["confidence"] == [0.999] * 2 and table["simulated"] == [1] * 2
    assert all(len(name) <= 10 for name in table)


def test_confidence_is_the_mean_of_a_band_that_says_so(write, tmp_path: Path) -> None:
    pixels = np.zeros((2, 40, 40), np.float32)
    pixels[0, 5:15, 5:15], pixels[0, 20:30, 20:30] = 6, 9
    pixels[1, 5:15, 5:10], pixels[1, 5:15, 10:15], pixels[1, 20:30, 20:30] = 0.5, 0.9, np.nan
    source = write("x.tif", pixels, bands=("amplitude", "probability of change"))
    for parameters in ({}, {"confidence_band": 2}):
        share = _table(_mask(source, tmp_path / "f.gpkg", **parameters).layers[0].path)["confidence"]
        assert share[0] == 0.7 and np.isnan(share[1])
    assert np.isnan(_table(_mask(write("y.tif", pixels[:1]), tmp_path / "g.gpkg").layers[0].path)["confidence"]).all()
    percent = np.where(np.isnan(pixels), 40, pixels * [[[1]], [[100]]]).round().astype(np.int16)
    share = _table(_mask(write("z.tif", percent, bands=("amplitude", "confidence")), tmp_path / "h.gpkg").layers[0].path)["confidence"]
    assert share == [0.7, 0.4]


def _permanent(write, tmp_path: Path, kind: str) -> Path:
    """A lake in columns 0 … 9, as a raster of other pixels or as polygons in lon lat."""
    if kind == "raster":
        lake = np.zeros((1, 40, 40), np.uint8)
        lake[0, :, :10] = 1
        return write("lake.tif", lake)
    outline = shapely.box(580000, 5099600, 580100, 5100000)
    path = tmp_path / "lake.gpkg"
    pyogrio.raw.write(
        path,
        geometry=np.array([shapely.to_wkb(outline)]),
        field_data=[],
        fields=np.array([], object),
        geometry_type="Polygon",
        crs="EPSG:32632",
    )
    return path


@pytest.mark.parametrize("kind", ["raster", "vector"])
def test_permanent_water_is_taken_out(kind: str, write, tmp_path: Path) -> None:
    pixels = np.zeros((1, 40, 40), np.float32)
    pixels[0, 2:12, 4:24], pixels[0, 20:30, 0:12] = 6, 7
    source, lake = write("x.tif", pixels), _permanent(write, tmp_path, kind)
    cut = _mask(source, tmp_path / "cut.gpkg", permanent_water=lake)
    geometries = shapely.from_wkb(pyogrio.raw.read(cut.layers[0].path)[2])
    assert sorted(shapely.area(geometries)) == [10 * 2 * 100, 10 * 14 * 100]
    assert {source["id"] for source in cut.report["inputs"]} == {"x", "lake"}
    kept = _mask(source, tmp_path / "kept.gpkg", permanent_water=lake, permanent_overlap=0.5)
    assert shapely.area(shapely.from_wkb(pyogrio.raw.read(kept.layers[0].path)[2])).tolist() == [10 * 20 * 100]
    for share in (0.1, 0.3):
        # three tenths of the larger one are water
        with pytest.raises(ProcessingError, match="outside permanent water"):
            _mask(source, tmp_path / "none.gpkg", permanent_water=lake, permanent_overlap=share)


def test_permanent_water_without_data_is_dry(write, tmp_path: Path) -> None:
    lake = np.full((1, 40, 40), 200, np.uint8)
    lake[0, :, 20:] = 255
    source = write("x.tif", np.full((1, 40, 40), 7, np.float32))
    result = _mask(source, tmp_path / "f.gpkg", permanent_water=write("lake.tif", lake, nodata=255), permanent_from=50)
    assert shapely.from_wkb(pyogrio.raw.read(result.layers[0].path)[2])[0].bounds == (580200, 5099600, 580400, 5100000)


def test_permanent_water_in_another_projection_is_the_nearest_pixel(write, tmp_path: Path) -> None:
    """Every pixel by its own centre, reckoned one by one; polygons of the whole world cover them all."""
    lakes = np.random.default_rng(1).integers(0, 2, (300, 400)).astype(np.uint8)
    path = tmp_path / "lakes.tif"
    place = {"crs": "EPSG:4326", "transform": Affine(0.0001, 0, 10.035, 0, -0.0001, 46.05)}
    with rasterio.open(path, "w", driver="GTiff", width=400, height=300, count=1, dtype="uint8", **place) as dataset:
        dataset.write(lakes, 1)
    grid = Grid(Crs.parse("EPSG:32632"), 580300, 5099700, 10, 10, 200, 220)
    x, y = np.meshgrid(grid.west + 10 * (np.arange(200) + 0.5), grid.north - 10 * (np.arange(220) + 0.5))
    lon, lat = pyproj.Transformer.from_crs(32632, 4326, always_xy=True).transform(x, y)
    expected = lakes[np.floor((46.05 - lat) / 0.0001).astype(int), np.floor((lon - 10.035) / 0.0001).astype(int)] == 1
    world = tmp_path / "world.geojson"
    world.write_text(shapely.to_geojson(shapely.box(-180, -90, 180, 90)))
    for water, truth in ((path, expected), (world, np.ones_like(expected))):
        with permanent_water(water, grid, 1) as wet:
            found = np.concatenate([wet(Block(row, 0, 44, 200)) for row in range(0, 220, 44)])
        np.testing.assert_array_equal(found, truth)


def test_names_and_tags_that_say_nonsense(write, tmp_path: Path) -> None:
    """Digits that are no dates, and a confidence that is no number, are not heeded; damaged records of ours are told."""
    pixels = np.full((1, 20, 20), 7, np.float32)
    for name in ("S2_20211315T000241_20210325T000241.tif", "S2_20210325T000241_20210315T000241.tif"):
        assert _mask(write(name, pixels), tmp_path / "a.gpkg").layers[0].time is None
    tagged = write("tagged.tif", pixels)
    for tag, value in (("LEVELCONFIDENCE", "high"), ("TIME_START", "2021-03-15T00:00:00Z"), ("SOURCES", "{")):
        with rasterio.open(tagged, "r+") as dataset:
            dataset.update_tags(**{f"EARTHWEAVE_{tag}": value})
        if tag == "LEVELCONFIDENCE":
            assert np.isnan(_table(_mask(tagged, tmp_path / "b.gpkg").layers[0].path)["confidence"]).all()
            continue
        with pytest.raises(ProductError, match=r"tagged\.tif has tags EARTHWEAVE_… that cannot be read"):
            _mask(tagged, tmp_path / "c.gpkg")


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
        ({"field": "confidence"}, ParameterError, "field = confidence is taken"),
        ({"field": "flood_level"}, ParameterError, "does not fit into a shapefile"),
        ({"permanent_overlap": 0.5}, ParameterError, "needs permanent water"),
        ({"permanent_water": "x.tif", "permanent_from": 7}, ProcessingError, "outside permanent water"),
        ({"permanent_water": "lake.tif"}, ProductError, "lake.tif does not exist"),
        ({"confidence_band": 3}, ParameterError, "confidence_band = 3 does not exist"),
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


def test_the_level_means_what_its_band_says(change: Result, write, tmp_path: Path) -> None:
    ratio = write("ratio.tif", np.full((1, 20, 20), 7, np.float32), bands=("log ratio of backscatter, dB",))
    said = [_mask(source, tmp_path / "f.gpkg").layers[0].meaning["floodLevel"] for source in (change.layers[0].path, ratio)]
    assert said == [
        "amplitude of change, robust standard deviations, rounded; not a water depth",
        "log ratio of backscatter, dB, rounded; not a water depth",
    ]


def test_complex_rasters_are_refused(write, tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="complex"):
        _mask(write("c.tif", np.ones((1, 4, 4), np.complex64)), tmp_path / "c.shp")


def test_virtual_and_broken_rasters_are_refused(write, tmp_path: Path) -> None:
    whole = write("whole.tif", np.random.default_rng(0).normal(5, 1, (1, 400, 400)).astype(np.float32))
    (tmp_path / "cut.tif").write_bytes(whole.read_bytes()[:200_000])
    (tmp_path / "virtual.tif").write_text(
        f'<VRTDataset rasterXSize="9" rasterYSize="9"><VRTRasterBand dataType="Float32" band="1"><SimpleSource><SourceFilename>{whole}'
        "</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    for name in ("cut.tif", "virtual.tif"):
        with pytest.raises(ProductError, match=f"{name} cannot be read"):
            _mask(tmp_path / name, tmp_path / "out" / "f.shp")
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
