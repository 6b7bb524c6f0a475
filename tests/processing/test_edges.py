"""What services must not do: take a folder for a file, open formats in disguise, tell private paths, trust damaged or nested input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine

from earthweave.ontology import CRS84, Crs, ParameterError, ProcessingError, ProductError
from earthweave.processing import Result, run_service, service
from earthweave.processing.crops._cube import read_cube
from earthweave.processing.frame import Outcome, digest
from earthweave.processing.raster import Grid, inside, project, read_aoi

LEVELS = np.full((1, 20, 20), 7, np.float32)
NESTED = "GEOMETRYCOLLECTION(" * 60_000 + "POINT(0 0)" + ")" * 60_000


def _water(write: Any, target: Path, **more: Any) -> Result:
    pixels = np.full((2, 40, 40), 1000, np.uint16)
    pixels[0, :20] = 3000
    stack = write("stack_20210315.tif", pixels, bands=("B3", "B8"))
    return run_service(service("water-mask"), {"input": stack, "index": "ndwi", "output_path": target, **more})


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_with_a_dot_is_a_folder(write, tmp_path: Path, there: bool) -> None:
    target = tmp_path / "results" / "run.2021"
    if there:
        target.mkdir(parents=True)
    result = _water(write, target)
    assert result.folder == target and result.record == target / "run.json"
    assert [path.name for path in target.parent.iterdir()] == ["run.2021"]


@pytest.mark.parametrize("name", ["results.shp", "plain", "x.tar.gz"])
def test_a_file_that_is_a_folder_or_of_no_known_format_is_refused_at_once(write, tmp_path: Path, name: str) -> None:
    (tmp_path / "results.shp").mkdir()
    with pytest.raises(ParameterError, match="not a file that can be written") as caught:
        run_service(service("flood-mask"), {"input": write("x.tif", LEVELS), "output_path": tmp_path / name})
    assert ".gpkg" in caught.value.way_out
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["results.shp", "x.tif"]


# -- formats in disguise


def _vrt(path: Path, secret: Path) -> Path:
    with rasterio.open(secret) as dataset:
        size = f'rasterXSize="{dataset.width}" rasterYSize="{dataset.height}"'
    path.write_text(
        f"<VRTDataset {size}><SRS>EPSG:32632</SRS><GeoTransform>580000, 10, 0, 5100000, 0, -10</GeoTransform>"
        f'<VRTRasterBand dataType="Float32" band="1"><SimpleSource><SourceFilename>{secret}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )
    return path


@pytest.mark.parametrize("name", ["band.jp2", "band.tif", "band.vrt"])
def test_a_virtual_raster_under_any_name_is_not_opened(write, tmp_path: Path, name: str) -> None:
    disguised = _vrt(tmp_path / name, write("secret.tif", LEVELS))
    with rasterio.open(disguised) as dataset:
        assert dataset.driver == "VRT", "else the test tests nothing"
    with pytest.raises(ProductError, match=f"{name} cannot be read as a raster"):
        run_service(service("flood-mask"), {"input": disguised, "output_path": tmp_path / "o" / "f.shp"})


@pytest.mark.parametrize("name", ["area.geojson", "area.gpkg", "area.shp"])
def test_a_virtual_layer_is_no_area_of_interest(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret.geojson"
    secret.write_text(shapely.to_geojson(shapely.box(9, 45, 10, 46)))
    assert read_aoi(str(secret)).area == 1
    (tmp_path / name).write_text(
        f'<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource>{secret}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    with pytest.raises(ParameterError, match=name):
        read_aoi(str(tmp_path / name))


def test_an_area_nested_too_deep_is_refused() -> None:
    with pytest.raises(ParameterError, match="area of interest") as caught:
        read_aoi(NESTED)
    assert "nested" in caught.value.why
    collection = '{"type":"GeometryCollection","geometries":['
    with pytest.raises(ParameterError, match="area of interest"):
        read_aoi(collection * 60_000 + "]}" * 60_000)


def test_coordinates_of_an_area_are_numbers() -> None:
    for text in ("POLYGON((0 0, nan 1, 2 2, 0 0))", "POLYGON((0 0, inf 1, 2 2, 0 0))"):
        with pytest.raises(ParameterError, match="area of interest") as caught:
            read_aoi(text)
        assert "numbers" in caught.value.why


def test_two_equal_halves_of_a_crossed_area_do_not_cancel() -> None:
    assert read_aoi("POLYGON((0 0, 1 1, 0 1, 1 0, 0 0))").area == 0.5


@pytest.mark.parametrize(
    ("crs", "west", "north"),
    [
        ("EPSG:32632", 580000, 5100000),
        ("EPSG:32601", 400000, 7800000),
        ("EPSG:32760", 600000, 7000000),
        ("EPSG:3857", -20037508, 20000000),
        ("EPSG:3995", 0, 0),
    ],
)
def test_the_whole_world_holds_every_pixel(crs: str, west: float, north: float) -> None:
    """Also at the antimeridian and around a pole; the other side of the Earth, points and lines hold none."""
    grid = Grid(Crs.parse(crs), west, north, 100, 100, 30, 20)
    assert inside(shapely.box(-180, -90, 180, 90), grid).all()
    middle = grid.bbox
    lon, lat = (middle.west + middle.east) / 2, (middle.south + middle.north) / 2
    thin = shapely.GeometryCollection([shapely.Point(lon, lat), shapely.LineString([(lon - 1, lat), (lon + 1, lat)])])
    assert not inside(thin, grid).any()
    away = lon + 150 if lon < 0 else lon - 150
    assert crs == "EPSG:3995" or not inside(shapely.box(away - 20, -40, away + 20, 40), grid).any()


def test_an_edge_of_an_area_keeps_its_course() -> None:
    """The parallel of 46 degrees bends in UTM: its middle lies where PROJ puts it, also if the polygon has heights."""
    flat = shapely.box(6, 45, 12, 46)
    utm = Crs.parse("EPSG:32632")
    truth = project(shapely.Point(7.5, 46), CRS84, utm)
    for box in (flat, shapely.force_3d(flat, 10)):
        assert project(box, CRS84, utm).exterior.distance(truth) < 1


# -- damaged files


@pytest.mark.parametrize(("driver", "name"), [("GTiff", "x.tif"), ("JP2OpenJPEG", "x.jp2")])
def test_a_truncated_raster_is_a_bad_product(tmp_path: Path, driver: str, name: str) -> None:
    pixels = np.random.default_rng(1).integers(1, 10_000, (2, 600, 600)).astype(np.uint16)
    path = tmp_path / name
    profile: dict[str, Any] = {"width": 600, "height": 600, "count": 2, "dtype": "uint16", "crs": "EPSG:32632"}
    tiles = {"blockxsize": 256, "blockysize": 256, "tiled": True}
    lossless: dict[str, Any] = tiles if driver == "GTiff" else {"REVERSIBLE": "YES", "QUALITY": "100"}
    with rasterio.open(path, "w", driver=driver, transform=Affine(10, 0, 580000, 0, -10, 5100000), **profile, **lossless) as dataset:
        dataset.write(pixels)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    calls = {
        "flood-mask": {"input": path, "output_path": tmp_path / "o" / "f.shp"},
        "water-mask": {"input": path, "stack_bands": ["B3", "B8"], "index": "ndwi", "output_path": tmp_path / "o"},
    }
    for name_of, call in calls.items():
        with pytest.raises(ProductError, match=f"{name} cannot be read") as caught:
            run_service(service(name_of), call)
        assert str(tmp_path) not in str(caught.value)


def test_a_time_for_a_product_that_says_its_own_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="cannot be given a time") as caught:
        run_service(
            service("s2-cd"), {"input1": pair[0], "input2": pair[1], "time1": "2020-01-01T00:00:00Z", "output_path": tmp_path / "o"}
        )
    assert "--time1" in caught.value.way_out


# -- areas of interest as files


def test_the_file_of_an_area_is_a_source_and_its_folder_stays_private(write, tmp_path: Path) -> None:
    private = tmp_path / "private" / "area.geojson"
    private.parent.mkdir()
    corner = project(shapely.box(580050, 5099650, 580350, 5099950), Crs.parse("EPSG:32632"), CRS84)
    private.write_text(shapely.to_geojson(corner))
    result = _water(write, tmp_path / "out", aoi=str(private))
    assert result.report["parameters"]["aoi"] == "area.geojson"
    assert {"id": "area.geojson", "digest": digest(private), "simulated": False} in result.report["inputs"]
    assert "private" not in result.record.read_text() + result.item.read_text() + repr(result.layers[0].provenance)
    plain = _water(write, tmp_path / "plain", aoi=corner.wkt)
    assert plain.report["parameters"]["aoi"] == corner.wkt and len(plain.report["inputs"]) == 1


# -- what killed runs leave


def test_the_next_run_sweeps_what_a_killed_one_left_but_not_a_living_one(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from earthweave.processing.frame._staging import staging\n"
        "with staging(Path(sys.argv[1])) as made: (made / 'half.tif').write_text('x'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    seen: list[set[str]] = []

    def run(p: Any, context: Any) -> Outcome:
        seen.append({path.name for path in tmp_path.iterdir()})
        if len(seen) == 1:
            with pytest.raises(ProcessingError):
                run_service(spec, {"input": "x", "output_path": tmp_path / "x.shp"})
            assert context.folder.is_dir()
        raise ProcessingError("enough")

    spec = replace(service("flood-mask"), run=run)
    with pytest.raises(ProcessingError):
        run_service(spec, {"input": "x", "output_path": tmp_path / "x.shp"})
    assert left.name not in seen[0] and len(seen[0]) == 1
    assert len(seen[1]) == 2 and seen[0] < seen[1]
    assert list(tmp_path.iterdir()) == []


# -- cubes


def _cube(path: Path, band: Any, dtype: str = "i2", dimensions: tuple[str, ...] = ("t", "y", "x"), **attributes: Any) -> Path:
    with netCDF4.Dataset(path, "w") as dataset:
        for name, values, units in (("t", [0, 31], "days since 2021-01-01"), ("y", [30, 20, 10], "m"), ("x", [10, 20, 30, 40], "m")):
            dataset.createDimension(name, len(values))
            one = dataset.createVariable(name, "f8", (name,))
            one[:], one.units = values, units
        dataset.createVariable("crs", "S1").crs_wkt = Crs.parse("EPSG:32632").pyproj.to_wkt()
        made = dataset.createVariable("B04", dtype, dimensions, fill_value=attributes.pop("_FillValue", None))
        made.set_auto_maskandscale(False)
        made.setncatts(attributes)
        made[:] = band
    return path


NUMBERS = np.arange(24).reshape(2, 3, 4)


@pytest.mark.parametrize(
    ("dtype", "attributes", "raw", "meant"),
    [
        ("i2", {"_FillValue": np.int16(-999)}, -999, np.nan),
        ("i2", {"_FillValue": np.int16(-999)}, -5, -5),
        ("i2", {"_Unsigned": "true"}, -1, np.nan),
        ("i2", {"_Unsigned": "true"}, -2, 65534),
        ("i2", {"_Unsigned": "true"}, -32767, 32769),
        ("i2", {"_Unsigned": "true", "scale_factor": 0.5}, -2, 32767),
        ("i1", {"_Unsigned": "true"}, -1, 255),
        ("u2", {}, 65535, np.nan),
        ("u2", {"scale_factor": 0.5, "add_offset": -100.0}, 30, -85),
        ("i4", {"missing_value": np.int32(70_000)}, 70_000, np.nan),
        ("f4", {}, 0.25, 0.25),
    ],
)
def test_numbers_of_a_cube_are_what_its_attributes_say(
    tmp_path: Path, dtype: str, attributes: dict[str, Any], raw: float, meant: float
) -> None:
    band = NUMBERS.astype(dtype)
    band[1, 2, 3] = raw
    found = read_cube(_cube(tmp_path / "c.nc", band, dtype, **attributes), ("B04",)).bands["B04"]
    np.testing.assert_array_equal(found[1, 2, 3], np.float32(meant))
    scale, offset = attributes.get("scale_factor", 1), attributes.get("add_offset", 0)
    np.testing.assert_array_equal(found.ravel()[:-1], (NUMBERS * scale + offset).ravel()[:-1].astype(np.float32))


def test_a_cube_of_another_shape_or_kind_is_refused(tmp_path: Path) -> None:
    cases = {
        "turned": _cube(tmp_path / "a.nc", NUMBERS.transpose(1, 2, 0), dimensions=("y", "x", "t")),
        "flat": _cube(tmp_path / "b.nc", NUMBERS[0], dimensions=("y", "x")),
        "text": _cube(tmp_path / "c.nc", np.full((2, 3, 4), b"a"), "S1"),
    }
    for path in cases.values():
        with pytest.raises(ProductError, match="B04 is not a series of images"):
            read_cube(path, ("B04",))


def test_records_are_json_that_a_reader_can_follow(write, tmp_path: Path) -> None:
    """The record and the STAC item of a folder output lie in it, under plain names."""
    result = _water(write, tmp_path / "v1.0")
    assert json.loads(result.record.read_text()) == result.report
    assert {asset["href"] for asset in json.loads(result.item.read_text())["assets"].values()} == {
        f"./{layer.path.name}" for layer in result.layers
    }


def test_a_run_may_stage_below_the_folder_of_another(tmp_path: Path) -> None:
    from earthweave.processing.frame._staging import staging

    with staging(tmp_path) as outer:
        with staging(outer) as inner, staging(tmp_path) as beside:
            assert outer.is_dir()
            assert inner.parent == outer
            assert beside.parent == tmp_path
        assert outer.is_dir()
    assert list(tmp_path.iterdir()) == []
