"""S2-preprocess against GDAL: its SENTINEL2 driver for the numbers, its warper for the resampling, its drivers for the results."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from scipy.ndimage import distance_transform_edt

from earthweave.ontology import Crs, EarthweaveError, ParameterError, ProcessingError, ProductError
from earthweave.processing import Result, run_service, service
from earthweave.processing.raster import Grid
from earthweave.processing.sentinel2 import _preprocess, band_name, open_scene
from earthweave.processing.simulate import sentinel2_product

Array = np.ndarray[Any, Any]
KINDS = [
    ("L1C", "04.00", True),
    ("L1C", "02.09", True),
    ("L1C", "02.01", False),
    ("L2A", "05.09", True),
    ("L2A", "02.12", True),
    ("L2A", "02.01", False),
]
needs_gdal = pytest.mark.skipif(shutil.which("gdalwarp") is None, reason="GDAL's programs are not installed")


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: "-".join(map(str, kind)))
def kind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A product of each level, baseline and layout; with its level and baseline."""
    level, baseline, compact = request.param
    folder = tmp_path_factory.mktemp("kinds")
    return sentinel2_product(folder, level=level, baseline=baseline, compact=compact, size=60), level, baseline


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An L2A product with clouds."""
    return sentinel2_product(tmp_path_factory.mktemp("scene"), clouds=0.12, size=150)


def _run(product: Path, folder: Path, **parameters: Any) -> Result:
    return run_service(service("S2-preprocess"), {"input": product, "output_path": folder, **parameters})


def _read(result: Result) -> tuple[Array, Array]:
    with rasterio.open(result.layers[0].path) as dataset:
        return dataset.read(), dataset.dataset_mask() > 0


def _driver(product: Path, resolution: int) -> dict[str, Array]:
    """Bands at one resolution as GDAL's SENTINEL2 driver reads them."""
    main = next(path for path in product.glob("*.xml"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(main) as dataset:
            name = next(name for name in dataset.subdatasets if f":{resolution}m:" in name)
        with rasterio.open(name) as dataset:
            return {dataset.tags(number)["BANDNAME"]: dataset.read(number) for number in dataset.indexes}


@pytest.mark.parametrize("resolution", [10, 20, 60])
def test_numbers_are_those_of_gdals_sentinel2_driver(kind: tuple[Path, str, str], resolution: int, tmp_path: Path) -> None:
    """All bands that exist at the resolution, every level, baseline and layout: minus the offset since 04.00, and 0 is no data."""
    product, level, baseline = kind
    theirs = {band_name(name): pixels for name, pixels in _driver(product, resolution).items() if name.startswith("B")}
    ours = _run(product, tmp_path, bands=",".join(theirs), resolution=resolution, scale="number")
    pixels, valid = _read(ours)
    assert len(theirs) == {("L1C", 10): 4, ("L1C", 20): 6, ("L1C", 60): 3}.get((level, resolution), len(theirs)) and len(theirs) >= 2
    shift = 1000 if baseline >= "04.00" else 0
    for name, mine in zip(theirs, pixels, strict=True):
        np.testing.assert_array_equal(valid, theirs[name] > 0)
        np.testing.assert_array_equal(mine[valid], theirs[name][valid].astype(np.int32) - shift)
        assert (mine[~valid] == -32768).all()


def _gdalwarp(method: str, size: list[str], image: Path, warped: Path) -> None:
    """Without the image's overviews and without approximations."""
    plain = ["-q", "-ovr", "NONE", "-et", "0", "-srcnodata", "0", "-dstnodata", "0"]
    subprocess.run(["gdalwarp", *plain, "-r", method, *size, str(image), str(warped)], check=True)


@needs_gdal
@pytest.mark.parametrize(
    ("band", "resolution", "way", "method"),
    [
        ("B02", 20, "auto", "average"),
        ("B02", 60, "auto", "average"),
        ("B05", 10, "auto", "bilinear"),
        ("B09", 10, "auto", "bilinear"),
        ("B09", 20, "auto", "bilinear"),
        ("B05", 60, "nearest", "near"),
        ("B02", 20, "nearest", "near"),
        ("B05", 10, "nearest", "near"),
        ("B02", 15, "bilinear", "bilinear"),
        ("B05", 30, "cubic", "cubic"),
        ("B02", 25, "auto", "average"),
    ],
)
def test_resampling_is_that_of_gdalwarp(band: str, resolution: int, way: str, method: str, tmp_path: Path, level1: Path) -> None:
    """Bit for bit where pixels nest, but for halves between 60 and 10 m, which GDAL's weights of sixths miss; elsewhere within one."""
    image = next(level1.rglob(f"*_{band}.jp2"))
    with rasterio.open(image) as dataset:
        box = dataset.bounds
    warped = tmp_path / "warped.tif"
    size = ["-tr", str(resolution), str(resolution), "-te", *map(str, (box.left, box.bottom, box.right, box.top))]
    _gdalwarp(method, size, image, warped)
    with rasterio.open(warped) as dataset:
        theirs = dataset.read(1).astype(np.int32)
    pixels, valid = _read(_run(level1, tmp_path / "ours", bands=band, resolution=resolution, resampling=way))
    shape = min(theirs.shape[0], valid.shape[0]), min(theirs.shape[1], valid.shape[1])
    theirs, mine, valid = theirs[: shape[0], : shape[1]], pixels[0, : shape[0], : shape[1]].astype(np.int32), valid[: shape[0], : shape[1]]
    np.testing.assert_array_equal(valid, theirs > 0)
    off = np.abs(mine + 1000 - theirs)[valid]
    assert off.max() <= (0 if resolution in (10, 20, 60) and (band, resolution) != ("B09", 10) else 1)
    assert (off > 0).mean() < 0.02


@pytest.fixture(scope="module")
def level1(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An L1C product with all bands."""
    return sentinel2_product(tmp_path_factory.mktemp("level1"), level="L1C", clouds=0.12, size=150)


@needs_gdal
def test_another_projection_is_that_of_gdalwarp(level1: Path, tmp_path: Path) -> None:
    """Both are told how many pixels of the result go into one of the scene; left alone, GDAL estimates that from the window it is at."""
    result = _run(level1, tmp_path / "ours", bands="B8A", resolution=30, projection="EPSG:3857")
    with rasterio.open(result.layers[0].path) as dataset:
        box, crs, width, height = dataset.bounds, dataset.crs, dataset.width, dataset.height
    assert crs.to_epsg() == 3857 and box.left % 30 == 0 and box.top % 30 == 0
    warped, image = tmp_path / "warped.tif", next(level1.rglob("*_B8A.jp2"))
    scale = 20 / Grid(Crs.parse("EPSG:3857"), box.left, box.top, 30, 30, width, height).pixel_in(Crs.parse("EPSG:32756"))
    size = ["-t_srs", "EPSG:3857", "-tr", "30", "30", "-te", *map(str, (box.left, box.bottom, box.right, box.top))]
    told = ["-wo", f"XSCALE={scale}", "-wo", f"YSCALE={scale}"]
    _gdalwarp("bilinear", [*size, *told], image, warped)
    with rasterio.open(warped) as dataset:
        theirs = dataset.read(1).astype(np.int32)
    pixels, valid = _read(result)
    assert valid.mean() > 0.7 and (valid == (theirs > 0)).mean() > 0.9999
    both = valid & (theirs > 0)
    assert np.abs(pixels[0].astype(np.int32) + 1000 - theirs)[both].max() <= 1


def test_folder_zip_and_reflectance_agree(scene: Path, tmp_path: Path) -> None:
    archive = tmp_path / "packed.zip"
    with zipfile.ZipFile(archive, "w") as target:
        for path in sorted(scene.rglob("*")):
            if path.is_file():
                target.write(path, path.relative_to(scene.parent))
    folder, packed = (_run(path, tmp_path / path.stem, bands="B4,B8A,SCL", resolution=20) for path in (scene, archive))
    (first, valid), (second, same) = _read(folder), _read(packed)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(valid, same)
    reflectance, known = _read(_run(scene, tmp_path / "float", bands="B4,B8A", resolution=20, scale="reflectance"))
    np.testing.assert_array_equal(known, valid)
    np.testing.assert_allclose(reflectance[:, valid] * 10000, first[:2, valid], atol=2e-3)
    assert np.isnan(reflectance[:, ~known]).all()


def test_classes_hide_what_they_say_and_widen_by_metres(scene: Path, tmp_path: Path) -> None:
    """The scene classes by truth table, on their own grid and interpolated to nothing: nearest pixels only."""
    with rasterio.open(next(scene.rglob("*SCL_20m.jp2"))) as dataset:
        classes = dataset.read(1)
    away = np.asarray(distance_transform_edt(~np.isin(classes, (3, 9))))
    assert 0.05 < (away == 0).mean() < 0.5
    for metres in (0, 20, 65):
        _, valid = _read(
            _run(scene, tmp_path / str(metres), bands="B8A", resolution=20, cloud_mask="scl", cloud_classes="3,9", cloud_dilate=metres)
        )
        np.testing.assert_array_equal(valid, (away > metres / 20) & (classes > 0))
    _, fine = _read(_run(scene, tmp_path / "fine", bands="B8", cloud_mask="scl"))
    hidden = np.isin(classes, (1, 3, 8, 9, 10)) | (classes == 0)
    np.testing.assert_array_equal(fine, ~hidden.repeat(2, 0).repeat(2, 1))


def test_built_in_clouds_find_simulated_ones(level1: Path, scene: Path, tmp_path: Path) -> None:
    """Clouds and shadows of the simulated truth: one L1C with its cirrus band, one L2A without."""
    with rasterio.open(next(scene.rglob("*SCL_60m.jp2"))) as dataset:
        classes = dataset.read(1)
    for product in (level1, scene):
        _, valid = _read(_run(product, tmp_path / product.stem, bands="B8A", resolution=60, cloud_mask="builtin"))
        seen = classes > 0
        hit, truth = ~valid & seen, np.isin(classes, (3, 9)) & seen
        f1 = 2 * (hit & truth).sum() / (hit.sum() + truth.sum())
        assert f1 > 0.85, f1
        assert (hit & (classes == 9)).sum() > 0.9 * (classes == 9).sum()


def test_mask_files_raster_and_vector(scene: Path, tmp_path: Path) -> None:
    whole = open_scene(scene).grid
    grid = {"crs": "EPSG:32756", "transform": whole.transform, "width": whole.width, "height": whole.height}
    mask = np.zeros((whole.height, whole.width), np.uint8)
    mask[40:120, 60:200] = 1
    with rasterio.open(tmp_path / "mask.tif", "w", driver="GTiff", count=1, dtype="uint8", **grid) as dataset:
        dataset.write(mask, 1)
    box = whole.part(type(next(whole.blocks()))(40, 60, 80, 140)).bounds
    corners = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]], [box[0], box[1]]]
    from pyogrio.raw import write as write_vector
    from shapely import Polygon, to_wkb

    write_vector(
        tmp_path / "mask.gpkg", geometry=np.array([to_wkb(Polygon(corners))], object), field_data=[], fields=np.array([], object),
        crs="EPSG:32756", geometry_type="Polygon", driver="GPKG",
    )  # fmt: skip
    _, everything = _read(_run(scene, tmp_path / "none", bands="B8"))
    for name in ("mask.tif", "mask.gpkg"):
        _, clear = _read(_run(scene, tmp_path / f"c{name}", bands="B8", cloud_mask=tmp_path / name))
        np.testing.assert_array_equal(clear, everything & (mask == 0))
        _, kept = _read(_run(scene, tmp_path / f"k{name}", bands="B8", land_sea_mask=str(tmp_path / name)))
        np.testing.assert_array_equal(kept, everything & (mask == 1))


def test_land_and_sea_divide_the_scene(scene: Path, tmp_path: Path) -> None:
    """River water of less than a square kilometre is land, so all of this scene is."""
    _, everything = _read(_run(scene, tmp_path / "all", bands="B8A", resolution=20))
    _, land = _read(_run(scene, tmp_path / "land", bands="B8A", resolution=20, land_sea_mask="land"))
    with rasterio.open(next(scene.rglob("*SCL_20m.jp2"))) as dataset:
        water = dataset.read(1) == 6
    assert land.sum() >= (everything & ~water).sum()
    try:
        _, sea = _read(_run(scene, tmp_path / "sea", bands="B8A", resolution=20, land_sea_mask="sea"))
    except ProcessingError:
        sea = np.zeros_like(land)
    np.testing.assert_array_equal(land ^ sea, everything)


def test_area_of_interest_cuts_and_hides(scene: Path, tmp_path: Path) -> None:
    west, south, east, north = open_scene(scene).grid.bbox.bounds
    middle, height = (west + east) / 2, (south + north) / 2
    triangle = f"POLYGON(({middle} {height}, {east} {height}, {east} {south}, {middle} {height}))"
    result = _run(scene, tmp_path, bands="B4", aoi=triangle)
    _, valid = _read(result)
    assert 0.4 < valid.mean() < 0.6 and result.report["figures"]["pixels"]["area"] > 0
    with rasterio.open(result.layers[0].path) as dataset:
        whole = open_scene(scene).grid
        assert (dataset.bounds.left - whole.west) % 10 == 0 and (whole.north - dataset.bounds.top) % 10 == 0
    with pytest.raises(ProductError, match="outside the scene"):
        _run(scene, tmp_path / "out", aoi="POLYGON((10 50, 11 50, 11 51, 10 50))")


@pytest.mark.parametrize("form", ["GTiff", "COG", "NetCDF"])
def test_formats_hold_the_same_and_open_in_gdal(form: str, scene: Path, tmp_path: Path) -> None:
    result = _run(scene, tmp_path, bands="B4,B3,B2,SCL", resolution=20, output_format=form, cloud_mask="scl")
    plain, valid = _read(_run(scene, tmp_path / "plain", bands="B4,B3,B2,SCL", resolution=20, cloud_mask="scl"))
    path = result.layers[0].path
    names = [f"netcdf:{path}:{name}" for name in ("B4", "B3", "B2", "SCL")] if form == "NetCDF" else [str(path)]
    pixels = []
    for name in names:
        with rasterio.open(name) as dataset:
            assert dataset.crs.to_epsg() == 32756 and dataset.nodata == -32768
            assert tuple(dataset.bounds) == pytest.approx(open_scene(scene).grid.bounds)
            assert dataset.scales[0] == pytest.approx(1 if name.endswith(":SCL") else 1e-4)
            np.testing.assert_array_equal(dataset.dataset_mask() > 0, valid)
            pixels.append(dataset.read())
            if form == "COG":
                assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            if form != "NetCDF":
                assert [colour.name for colour in dataset.colorinterp[:3]] == ["red", "green", "blue"]
                assert {flag.name for flags in dataset.mask_flag_enums for flag in flags} == {"nodata"}
                assert path.with_suffix(".qml").exists()
    np.testing.assert_array_equal(np.concatenate(pixels), plain)


def test_netcdf_follows_the_climate_and_forecast_conventions(scene: Path, tmp_path: Path) -> None:
    import netCDF4

    result = _run(scene, tmp_path, bands="B4,SCL", resolution=60, output_format="NetCDF")
    with netCDF4.Dataset(result.layers[0].path) as file:
        band, classes, mapping = file["B4"], file["SCL"], file["spatial_ref"]
        assert file.Conventions == "CF-1.11" and band.dimensions == ("y", "x") and band.grid_mapping == "spatial_ref"
        assert mapping.grid_mapping_name == "transverse_mercator" and "32756" in mapping.crs_wkt
        assert (file["x"].standard_name, file["x"].units, file["y"].axis) == ("projection_x_coordinate", "m", "Y")
        assert band.standard_name == "surface_bidirectional_reflectance" and band.scale_factor == pytest.approx(1e-4)
        assert len(classes.flag_values) == len(classes.flag_meanings.split()) == 12
        assert netCDF4.num2date(file["time"][...], file["time"].units).isoformat() == "2021-03-15T00:02:41"
        assert file["x"][0] == open_scene(scene).grid.west + 30 and file["y"][0] == open_scene(scene).grid.north - 30
        assert 0 < float(np.ma.median(band[:])) < 0.6


def test_item_describes_bands_grid_and_scene(scene: Path, tmp_path: Path) -> None:
    result = _run(scene, tmp_path, bands="B4,B8A", resolution=20)
    item = json.loads(result.item.read_text())
    asset = item["assets"]["bands"]
    assert [(band["name"], band["common_name"]) for band in asset["eo:bands"]] == [("B04", "red"), ("B8A", "nir08")]
    assert asset["eo:bands"][0]["center_wavelength"] == pytest.approx(0.6646)
    assert asset["proj:code"] == "EPSG:32756" and asset["proj:shape"] == [150, 150] and asset["proj:transform"][0] == 20
    assert asset["raster:bands"][0] == {"data_type": "int16", "nodata": -32768, "scale": 1e-4, "offset": 0, "unit": "1"}
    said = item["properties"]
    assert said["s2:processing_baseline"] == "04.00" and said["grid:code"] == "MGRS-56HKH" and said["view:sun_elevation"] == 51.5
    assert said["eo:cloud_cover"] == pytest.approx(12, abs=0.1) and said["earthweave:simulated"] is True
    assert {"eo", "raster", "sat", "view", "grid", "projection"} <= {url.split("/")[3] for url in item["stac_extensions"]}
    assert result.layers[0].path.name == "S2_L2A_20210315T000241Z_B4B8A_20.tif"


def test_result_does_not_depend_on_the_blocks(scene: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small blocks, whose memory is used again and again; those at the right and lower edge are smaller still."""
    wanted = {"bands": "B4,B5,B9,SCL", "cloud_mask": "scl", "cloud_dilate": 40}
    whole = _read(_run(scene, tmp_path / "whole", **wanted))
    monkeypatch.setattr(_preprocess, "BLOCK", 64)
    for one, other in zip(whole, _read(_run(scene, tmp_path / "small", **wanted)), strict=True):
        np.testing.assert_array_equal(one, other)
    assert 0.3 < whole[1].mean() < 0.95


def test_result_is_a_stack_that_other_services_read(scene: Path, tmp_path: Path) -> None:
    """What was masked stays masked, and reflectance 0 is no hole."""
    result = _run(scene, tmp_path, bands="B4,B8A,SCL", resolution=20, cloud_mask="scl")
    again = _run(result.layers[0].path, tmp_path / "again", bands="B4,B8A,SCL", resolution=20)
    for one, other in zip(_read(result), _read(again), strict=True):
        np.testing.assert_array_equal(one, other)


def test_harmonised_archives_are_not_shifted_twice(scene: Path, tmp_path: Path) -> None:
    shifted, valid = _read(_run(scene, tmp_path / "a", bands="B8"))
    plain, _ = _read(_run(scene, tmp_path / "b", bands="B8", harmonised=True))
    np.testing.assert_array_equal(plain[0][valid], shifted[0][valid] + 1000)


def test_both_option_styles_run(scene: Path, tmp_path: Path) -> None:
    west, south, east, north = open_scene(scene).grid.bbox.bounds
    wkt = f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"
    command = Path(sys.executable).with_name("S2-preprocess")
    short = ["-i", str(scene), "-r", "20", "-p", wkt, "-b", "B3,B4", "-outdir", str(tmp_path / "short")]
    long = ["--input", str(scene), "--resolution", "20", "--AoI", wkt, "--bands", "B3,B4", "--output_path", str(tmp_path / "long"),
            "--landseamask", "none", "--cloudmask", "none", "--output_format", "GTiff"]  # fmt: skip
    for arguments in (short, long):
        subprocess.run([command, *arguments], check=True, capture_output=True)
    names = [sorted(path.name for path in (tmp_path / style).iterdir()) for style in ("short", "long")]
    assert names[0] == names[1] and "S2_L2A_20210315T000241Z_B3B4_20.tif" in names[0]


def _broken(product: Path, folder: Path) -> Path:
    copy = folder / product.name
    shutil.copytree(product, copy)
    return copy


def _cut(product: Path) -> None:
    path = next(product.rglob("*B04_10m.jp2"))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _gone(product: Path) -> None:
    next(product.rglob("*B04_10m.jp2")).unlink()


def _other_place(product: Path) -> None:
    next(product.rglob("*B04_10m.jp2")).write_bytes(next(product.rglob("*B04_20m.jp2")).read_bytes())


def _not_an_image(product: Path) -> None:
    next(product.rglob("*B04_10m.jp2")).write_text("<VRTDataset rasterXSize='1' rasterYSize='1'/>")


@pytest.mark.parametrize(
    ("harm", "expected"),
    [(_cut, "B04_10m.jp2 cannot be read"), (_gone, "B04_10m.jp2"), (_other_place, "does not lie where"), (_not_an_image, "cannot be read")],
)
def test_broken_images_leave_nothing_half_written(harm: Any, expected: str, scene: Path, tmp_path: Path) -> None:
    product, results = _broken(scene, tmp_path), tmp_path / "results"
    harm(product)
    with pytest.raises(ProductError, match=expected) as caught:
        _run(product, results, bands="B4")
    assert caught.value.why and caught.value.way_out
    assert not list(results.iterdir())
    assert _run(scene, results, bands="B4").layers


def test_a_virtual_raster_named_tif_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("x")
    fake = tmp_path / "scene.tif"
    fake.write_text(
        f"<VRTDataset rasterXSize='2' rasterYSize='2'><VRTRasterBand dataType='Byte' band='1'><SimpleSource><SourceFilename>{secret}"
        "</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    for parameters in ({"input": fake, "stack_bands": "B4"},):
        with pytest.raises(ProductError, match="cannot be read as a raster"):
            run_service(service("S2-preprocess"), {"output_path": tmp_path / "out", **parameters})


def test_a_virtual_mask_is_refused(scene: Path, tmp_path: Path) -> None:
    fake = tmp_path / "mask.tif"
    fake.write_text("<VRTDataset rasterXSize='2' rasterYSize='2'/>")
    with pytest.raises(ProductError, match="mask.tif"):
        _run(scene, tmp_path / "out", bands="B4", cloud_mask=fake)


@pytest.mark.parametrize("name", ["bomb.jp2", "bomb.xml"])
def test_zip_bombs_are_refused(name: str, scene: Path, tmp_path: Path) -> None:
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as target:
        target.write(next(scene.glob("MTD_*.xml")), f"{scene.name}/MTD_MSIL2A.xml")
        target.writestr(f"{scene.name}/{name}", bytes(30_000_000))
    with pytest.raises(ProductError, match="would unpack to far more"):
        _run(archive, tmp_path / "out")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"bands": "B77"}, "is not a Sentinel-2 band"),
        ({"bands": "B10"}, "has no band B10"),
        ({"resolution": 0}, "resolution = 0"),
        ({"resolution": 1e-4}, "too fine"),
        ({"projection": "EPSG:nowhere"}, "projection"),
        ({"cloud_mask": "everything"}, "does not exist"),
        ({"cloud_classes": "3,12"}, "cloud_classes"),
        ({"cloud_dilate": -1}, "cloud_dilate"),
        ({"tile": "32TQR"}, "has no tile 32TQR"),
        ({"time": "2021-03-15"}, "cannot be given a time"),
    ],
)
def test_wrong_parameters_are_explained(parameters: dict[str, Any], expected: str, scene: Path, tmp_path: Path) -> None:
    with pytest.raises(EarthweaveError, match=expected) as caught:
        _run(scene, tmp_path, **parameters)
    assert caught.value.why and caught.value.way_out


def test_level_1c_has_no_classes(level1: Path, tmp_path: Path) -> None:
    for parameters in ({"cloud_mask": "scl"}, {"land_sea_mask": "sea"}):
        with pytest.raises(ParameterError, match="needs scene classes"):
            _run(level1, tmp_path, bands="B4", **parameters)


def test_a_product_of_several_tiles_asks_which(tmp_path: Path) -> None:
    """The first layout holds several tiles."""
    product = sentinel2_product(tmp_path, level="L1C", baseline="02.01", compact=False, size=60)
    other = next((product / "GRANULE").iterdir())
    shutil.copytree(other, other.with_name(other.name.replace("T56HKH", "T56HLH")))
    with pytest.raises(ParameterError, match="has 2 granules") as caught:
        _run(product, tmp_path / "out", bands="B4")
    assert "56HLH" in str(caught.value.why)
    assert _run(product, tmp_path / "out", bands="B4", tile="T56HKH").report["figures"]["bands"] == ["B4"]


def test_the_estimate_grows_with_the_work(scene: Path, tmp_path: Path) -> None:
    spec = service("S2-preprocess")
    assert spec.estimate is not None
    few, many = (
        spec.estimate(spec.parameters.model_validate({"input": scene, "output_path": tmp_path, "bands": bands}))
        for bands in ("B4", "B4,B3,B2,B8")
    )
    assert 0 < few.seconds < many.seconds and 0 < few.memory_mib < many.memory_mib < 1500
