"""Water-mask against a hand-drawn label, Crop-map on a real cube; both by rules that are checked one by one."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pyogrio
import pytest
import shapely

from earthweave.ontology import CRS84, Crs, ParameterError, ProcessingError, ProductError
from earthweave.processing import run_service, service
from earthweave.processing.crops import LandCover, land_cover
from earthweave.processing.crops._cube import Cube
from earthweave.processing.crops._map import _months
from earthweave.processing.flood import INDICES, otsu, water_index
from earthweave.processing.raster import Grid, project, run_blocks
from earthweave.processing.simulate import sentinel2_product

from .conftest import read

CUBE = "data/crops/WorldCereal+worldcereal-classification/tests/worldcerealtests/testresources/worldcereal_preprocessed_inputs.nc"
CHIP = "data/flood/cloudtostreet+Sen1Floods11/sample"


def _iou(found: np.ndarray, label: np.ndarray) -> float:
    known = label >= 0
    return float(((found == 1) & (label == 1) & known).sum() / (((found == 1) | (label == 1)) & known).sum())


@pytest.mark.parametrize(
    ("parameters", "least"),
    [
        ({}, 0.72),
        ({"sieve": 0}, 0.72),
        ({"index": "mndwi"}, 0.70),
        ({"index": "ndwi"}, 0.67),
        ({"index": "awei_nsh"}, 0.50),
        ({"index": "awei_nsh", "threshold": 0.0}, 0.70),
        ({"index": "awei_sh"}, 0.60),
        ({"index": "mndwi", "threshold": 0.0}, 0.60),
    ],
)
def test_water_on_a_labelled_chip(
    parameters: dict[str, Any], least: float, shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Spain, Sen1Floods11; simple baselines there: MNDWI Otsu 0.719, NDWI Otsu 0.692, MNDWI > 0 0.612. One chip is one chip.

    The default was fixed by reasoning, not by a scan of this chip: NDWI, MNDWI and AWEI err at different grounds, so the majority of the
    three, each at Otsu's threshold, should beat each of them. The other rows are there to be read beside it.
    """
    source = shared / CHIP / "S2/Spain_7370579_S2Hand.tif"
    result = run_service(service("water-mask"), {"input": source, "output_path": tmp_path, **parameters})
    iou = _iou(read(result.layers[0].path), read(shared / CHIP / "Labels/Spain_7370579_LabelHand.tif"))
    with capsys.disabled():
        print(f"\nWater-mask {parameters or 'default'}: IoU {iou:.4f} on Spain_7370579, threshold {result.report['figures']['threshold']}")
    assert iou >= least
    info = pyogrio.read_info(result.layers[1].path)
    assert info["fields"].tolist() == ["water", "area_m2"]
    assert info["features"] == result.report["figures"]["polygons"]


@pytest.mark.parametrize("index", ["vv", "vh"])
def test_radar_water_on_a_labelled_chip(index: str, shared: Path, write, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Backscatter in dB and the same as linear power give one mask; the flood is partly hidden from radar, so the bound is low."""
    source = shared / CHIP / "S1/Spain_7370579_S1Hand.tif"
    power = write("linear.tif", 10 ** (np.stack([read(source, band) for band in (1, 2)]) / 10), bands=("VV", "VH"))
    made = [
        run_service(service("water-mask"), {"input": path, "index": index, "output_path": tmp_path / path.stem}).layers[0].path
        for path in (source, power)
    ]
    masks = [read(path) for path in made]
    iou = _iou(masks[0], read(shared / CHIP / "Labels/Spain_7370579_LabelHand.tif"))
    with capsys.disabled():
        print(f"\nWater-mask {index}: IoU {iou:.4f} on Spain_7370579")
    assert iou >= 0.55
    assert (masks[0] != masks[1]).mean() < 1e-4


def test_water_polygons_have_the_area_of_the_pixels(pair: tuple[Path, Path], tmp_path: Path) -> None:
    result = run_service(service("water-mask"), {"input": pair[1], "resolution": 20, "output_path": tmp_path})
    truth = read(next(pair[1].rglob("*SCL_20m.jp2"))) == 6
    found = read(result.layers[0].path)
    assert (found == 1).sum() * 400e-6 == pytest.approx(result.report["figures"]["water_km2"], rel=2e-3)
    assert ((found == 1) & truth).sum() / ((found == 1) | truth).sum() > 0.85
    assert result.layers[0].simulated and result.layers[1].simulated


def test_awei_by_hand() -> None:
    """Feyisa et al. 2014, equations 2 and 3."""
    blue, green, near, short, shorter = (np.array([value]) for value in (0.05, 0.06, 0.04, 0.02, 0.01))
    assert INDICES["awei_nsh"].make(green, near, short, shorter)[0] == pytest.approx(4 * 0.04 - (0.01 + 0.0275))
    assert INDICES["awei_sh"].make(blue, green, near, short, shorter)[0] == pytest.approx(0.05 + 0.15 - 0.09 - 0.0025)


def test_water_does_not_depend_on_the_area_read_at_a_time(pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    masks = []
    for size in (1024, 97):
        monkeypatch.setattr(run_blocks, "__kwdefaults__", {**(run_blocks.__kwdefaults__ or {}), "size": size})
        result = run_service(service("water-mask"), {"input": pair[1], "resolution": 20, "output_path": tmp_path / str(size)})
        masks.append((read(result.layers[0].path), result.report["figures"]))
    np.testing.assert_array_equal(masks[0][0], masks[1][0])
    assert masks[0][1] == masks[1][1]


@pytest.mark.parametrize(
    ("parameters", "error", "expected"),
    [
        ({"threshold": 0.1}, ParameterError, "threshold needs one index"),
        ({"index": "vv"}, ProductError, "no band VV"),
        ({"stack_bands": "B3,B8"}, ProductError, "B11|bands"),
    ],
)
def test_water_refusals(parameters: dict[str, Any], error: type[Exception], expected: str, write, tmp_path: Path) -> None:
    source = write("x.tif", np.full((2, 20, 20), 700, np.uint16), bands=("B3", "B8"))
    with pytest.raises(error, match=expected) as caught:
        run_service(service("water-mask"), {"input": source, "output_path": tmp_path / "out", **parameters})
    assert caught.value.why and caught.value.way_out  # type: ignore[attr-defined]
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_water_is_sieved_and_cut_to_the_area(write, tmp_path: Path) -> None:
    """A lake, a pond of nine pixels that the sieve dries, and a pond of ten; the upper left half alone, by a triangle in lon lat."""
    pixels = np.full((2, 60, 60), 1000, np.uint16)
    for rows, cols in ((slice(5, 25), slice(20, 50)), (slice(40, 43), slice(40, 43)), (slice(40, 42), slice(5, 10))):
        pixels[0, rows, cols] = 3000
    source = write("stack_20210315.tif", pixels, bands=("B3", "B8"))
    said = {"input": source, "index": "ndwi", "threshold": 0.2}
    whole = run_service(service("water-mask"), {**said, "output_path": tmp_path / "whole"})
    expected = pixels[0] == 3000
    expected[40:43, 40:43] = False
    np.testing.assert_array_equal(read(whole.layers[0].path), expected)
    half = project(shapely.Polygon([(580000, 5099400), (580600, 5100000), (580000, 5100000)]), Crs.parse("EPSG:32632"), CRS84)
    cut = run_service(service("water-mask"), {**said, "aoi": half.wkt, "output_path": tmp_path / "half"})
    found = read(cut.layers[0].path)
    away = np.add.outer(np.arange(60), np.arange(60)) - 59
    np.testing.assert_array_equal(found[away < 0], expected[away < 0])
    assert (found[away > 0] == 255).all()


def test_radar_without_data_is_neither_wet_nor_dry(write, tmp_path: Path) -> None:
    decibel = np.full((1, 40, 40), -8, np.float32)
    decibel[0, :, :10], decibel[0, :, 30:] = -20, -9999
    source = write("s1.tif", decibel, bands=("VV",), nodata=-9999)
    found = read(run_service(service("water-mask"), {"input": source, "index": "vv", "output_path": tmp_path / "o"}).layers[0].path)
    assert [np.unique(part).tolist() for part in (found[:, :10], found[:, 10:30], found[:, 30:])] == [[1], [0], [255]]


def test_radar_that_does_not_show_its_scale_or_is_complex_is_refused(write, tmp_path: Path) -> None:
    """A hole in the middle tells nothing of dB or power; told which, the rest is mapped."""
    power = np.random.default_rng(0).normal(-10, 1, (1, 700, 700)).astype(np.float32)
    power[0, :, :80] -= 12
    power[0, 90:610, 90:610] = np.nan
    for name, pixels, expected in (("hole.tif", power, "in dB"), ("complex.tif", power.astype(np.complex64), "complex")):
        said = {"input": write(name, pixels, bands=("VV",)), "index": "vv", "output_path": tmp_path / "out"}
        with pytest.raises(ProductError, match=expected):
            run_service(service("water-mask"), said)
    found = read(run_service(service("water-mask"), {**said, "input": tmp_path / "hole.tif", "scale": "db"}).layers[0].path)
    assert (found[:, :80] == 1).all() and (found[:, 80:90] == 0).all() and (found[90:610, 90:610] == 255).all()


def test_water_of_a_product_of_several_tiles_and_of_harmonised_numbers(tmp_path: Path) -> None:
    """A tile is picked; numbers that were shifted already are not shifted again, though the metadata still name the offset."""
    plain = sentinel2_product(tmp_path / "plain", baseline="02.14", size=60)
    kept = tmp_path / "kept" / plain.name
    shutil.copytree(plain, kept)
    path = kept / "MTD_MSIL2A.xml"
    rows = "".join(f'<BOA_ADD_OFFSET band_id="{number}">-1000</BOA_ADD_OFFSET>' for number in range(13))
    path.write_text(path.read_text().replace("<Spectral_Information_List>", f"{rows}<Spectral_Information_List>"))
    said = {"resolution": 20, "output_path": tmp_path / "out", "tile": "T56HKH"}
    masks = [
        read(run_service(service("water-mask"), {**said, "input": product, "harmonised": harmonised}).layers[0].path)
        for product, harmonised in ((plain, False), (kept, True), (kept, False))
    ]
    np.testing.assert_array_equal(masks[0], masks[1])
    assert (masks[0] != masks[2]).any()
    with pytest.raises(ParameterError, match="has no tile 32TQR"):
        run_service(service("water-mask"), {**said, "input": plain, "tile": "32TQR"})


def test_water_index_by_hand() -> None:
    green, other = np.array([0.1, 0.1, -0.01, -0.01, np.nan, 0.0]), np.array([0.05, 0.3, 0.02, -0.02, 0.1, 0.0])
    np.testing.assert_allclose(water_index(green, other), [1 / 3, -0.5, -1, np.nan, np.nan, np.nan])


def test_otsu_parts_two_heaps() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(-0.4, 0.05, 7000), rng.normal(0.5, 0.05, 3000), [np.nan] * 10])
    assert -0.25 < otsu(values) < 0.35
    brute = max(np.linspace(-0.99, 0.99, 199), key=lambda t: _between(values[np.isfinite(values)], t))
    assert _between(values[np.isfinite(values)], otsu(values)) == pytest.approx(_between(values[np.isfinite(values)], brute), rel=1e-3)


def _between(values: np.ndarray, limit: float) -> float:
    low, high = values[values <= limit], values[values > limit]
    return 0.0 if not len(low) or not len(high) else float(len(low) * len(high) * (low.mean() - high.mean()) ** 2)


def test_otsu_needs_two_values() -> None:
    with pytest.raises(ProcessingError, match="no threshold"):
        otsu(np.full(10, 0.3))


def test_crop_map_of_the_belgian_cube(shared: Path, tmp_path: Path) -> None:
    """100 × 100 pixels of 10 m are 100 ha; field crops, grass and some bare ground, and no lake."""
    result = run_service(service("crop-map"), {"input": shared / CUBE, "output_path": tmp_path})
    hectares = result.report["figures"]["hectares"]
    assert sum(hectares.values()) == pytest.approx(100, abs=0.1)
    assert hectares["summer_crop"] > 5 and hectares["winter_crop"] > 5 and hectares["permanent_vegetation"] > 5
    assert hectares["open_water"] == 0
    raster, vector = result.layers
    assert str(raster.crs) == "EPSG:32631"
    assert raster.time is not None and raster.time.texts == ("2020-11-01T00:00:00Z", "2021-11-01T00:00:00Z")
    assert 5.3 < raster.bbox.west < raster.bbox.east < 5.4 and 50.6 < raster.bbox.south < 50.7
    meta, _, _, fields = pyogrio.raw.read(vector.path)
    cover, area = (fields[list(meta["fields"]).index(name)] for name in ("landCover", "area_m2"))
    assert cover.dtype == np.int32 and set(cover.tolist()) <= set(LandCover)
    for number in LandCover:
        assert (read(raster.path) == number).sum() * 100 == pytest.approx(area[cover == number].sum(), rel=2e-3)
    assert "not validated" in service("crop-map").abstract


YEAR = np.arange(1, 13)
COURSES = {
    LandCover.WINTER_CROP: [0.3, 0.35, 0.5, 0.7, 0.85, 0.8, 0.35, 0.2, 0.2, 0.25, 0.3, 0.3],
    LandCover.SUMMER_CROP: [0.2, 0.2, 0.2, 0.2, 0.25, 0.5, 0.8, 0.85, 0.7, 0.35, 0.2, 0.2],
    LandCover.PERMANENT_VEGETATION: [0.5, 0.5, 0.6, 0.7, 0.8, 0.8, 0.75, 0.7, 0.7, 0.65, 0.55, 0.5],
    LandCover.SPARSE_VEGETATION: [0.2, 0.2, 0.25, 0.3, 0.4, 0.45, 0.4, 0.35, 0.3, 0.3, 0.2, 0.2],
    LandCover.BARE_OR_BUILT: [0.1] * 12,
    LandCover.OPEN_WATER: [-0.3] * 12,
}


@pytest.mark.parametrize("cover", LandCover)
def test_each_rule_on_its_own_course(cover: LandCover) -> None:
    ndvi = np.array(COURSES[cover])[:, None, None]
    ndwi = np.full_like(ndvi, 0.3 if cover is LandCover.OPEN_WATER else -0.4)
    assert land_cover(ndvi, ndwi, YEAR.tolist())[0, 0] == cover
    gaps = ndvi.copy()
    gaps[[0, 7, 10]] = np.nan
    assert land_cover(gaps, ndwi, YEAR.tolist())[0, 0] == cover


def test_of_two_crop_rules_the_greater_fall_decides() -> None:
    """Greenest in June, with a low spring and a lower or higher summer."""
    for spring, summer, expected in ((0.1, 0.4, LandCover.SUMMER_CROP), (0.4, 0.1, LandCover.WINTER_CROP)):
        course = [0.2, 0.2, spring, spring, spring, 0.8, summer, summer, summer, 0.2, 0.2, 0.2]
        ndvi = np.array(course)[:, None, None]
        assert land_cover(ndvi, np.full_like(ndvi, -0.4), list(range(1, 13)))[0, 0] == expected


@pytest.mark.parametrize(("crs", "first"), [("EPSG:32632", 1), ("EPSG:32732", 7)])
def test_months_of_the_southern_hemisphere_are_half_a_year_later(crs: str, first: int) -> None:
    times = tuple(datetime(2021, month, 1, tzinfo=UTC) for month in range(1, 13))
    cube = Cube(times, Grid(Crs.parse(crs), 500_000, 6_000_000, 10, 10, 5, 5), {}, simulated=False)
    assert _months(cube) == [(first - 1 + month) % 12 + 1 for month in range(12)]


def test_too_many_gaps_are_unknown() -> None:
    ndvi = np.array(COURSES[LandCover.WINTER_CROP])[:, None, None].repeat(3, 1)
    ndvi[:7, 0] = np.nan
    ndvi[6:9, 1] = np.nan
    found = land_cover(ndvi, np.full_like(ndvi, -0.4), YEAR.tolist())
    assert found[:, 0].tolist() == [255, 255, LandCover.WINTER_CROP]


def test_cube_from_south_to_north_is_turned(shared: Path, tmp_path: Path) -> None:
    turned = tmp_path / "turned.nc"
    shutil.copy(shared / CUBE, turned)
    with netCDF4.Dataset(turned, "a") as dataset:
        dataset.set_auto_maskandscale(False)
        dataset["y"][:] = dataset["y"][::-1]
        for name in ("S2-L2A-B03", "S2-L2A-B04", "S2-L2A-B08"):
            dataset[name][:] = dataset[name][:, ::-1]
    results = [run_service(service("crop-map"), {"input": path, "output_path": tmp_path / path.stem}) for path in (turned, shared / CUBE)]
    np.testing.assert_array_equal(*(read(result.layers[0].path) for result in results))


def test_bad_cubes_are_refused(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "text.nc").write_text("no cube")
    with pytest.raises(ProductError, match="text.nc cannot be read as NetCDF"):
        run_service(service("crop-map"), {"input": tmp_path / "text.nc", "output_path": tmp_path / "o"})
    with pytest.raises(ProductError, match="nowhere.nc does not exist"):
        run_service(service("crop-map"), {"input": tmp_path / "nowhere.nc", "output_path": tmp_path / "o"})
    with netCDF4.Dataset(tmp_path / "empty.nc", "w") as dataset:
        dataset.createDimension("t", 1)
    with pytest.raises(ProductError, match="has no variable B03"):
        run_service(service("crop-map"), {"input": tmp_path / "empty.nc", "output_path": tmp_path / "o"})
    short = tmp_path / "short.nc"
    shutil.copy(shared / CUBE, short)
    with netCDF4.Dataset(short, "a") as dataset:
        dataset["t"][:] = dataset["t"][0] + np.arange(12)
    with pytest.raises(ProductError, match="growing season"):
        run_service(service("crop-map"), {"input": short, "output_path": tmp_path / "o"})
