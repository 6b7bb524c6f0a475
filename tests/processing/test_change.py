"""S2-CD from end to end: real pair, simulated pair, options, and what must not change the result."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pystac
import pytest
import rasterio
import shapely
from affine import Affine
from pystac.validation.stac_validator import JsonSchemaSTACValidator

from earthweave.ontology import ParameterError, ProcessingError, ProductError, Progress
from earthweave.processing import Result, run_service, service
from earthweave.processing.raster import Block, Shared
from earthweave.processing.sentinel2 import _change, _rule
from earthweave.processing.sentinel2._job import Job, prepare
from earthweave.processing.simulate import known_change

from .conftest import read

BARBELLINO = "B1,B2,B3,B4,B5,B6,B7,B8,B8A,B11,B12"


def _run(**parameters: Any) -> Result:
    return run_service(service("s2-cd"), parameters)


@pytest.fixture
def barbellino(shared: Path) -> dict[str, Any]:
    folder = shared / "data/s2/ranghetti+sen2r/inst/extdata/out"
    first, second = (folder / f"S2A2A_{day}_022_Barbellino_BOA_10.tif" for day in ("20170703", "20190723"))
    return {"input1": first, "input2": second, "stack_bands": BARBELLINO}


def test_real_pair(barbellino: dict[str, Any], tmp_path: Path) -> None:
    """Lake Barbellino 2017 and 2019: amplitude, angle and class are recomputed here, plainly, from the pixels and the reported fit."""
    result = _run(**barbellino, output_path=tmp_path)
    cva, labels = (layer.path for layer in result.layers)
    assert cva.name == "S2_CVA_20170703T000000Z_20190723T000000Z_B3B4B8_10.tif"
    assert labels.name == "S2-CD_20170703T000000Z_20190723T000000Z_B3B4B8_10.tif"
    fit = result.report["figures"]["normalisation"]
    first, second = (np.stack([read(barbellino[key], band) for band in (3, 4, 8)]) / 10000 for key in ("input1", "input2"))
    gain, bias, median, sigma = (np.array(fit[key])[:, None, None] for key in ("gain", "bias", "median", "sigma"))
    difference = (second - bias) / gain - first
    white = (difference - median) / sigma
    length = np.sqrt((white**2).sum(0))
    direction = np.degrees(np.arccos(white.sum(0) / np.sqrt(3) / length))
    np.testing.assert_allclose(read(cva), length, rtol=2e-4, atol=2e-3)
    np.testing.assert_allclose(read(cva, 2), direction, atol=0.05)
    limit = result.report["figures"]["threshold"]
    clear = np.abs(length - limit) > 0.01
    assert limit == pytest.approx(4.0331)
    assert ((read(labels) > 0) == (length > limit))[clear].all()
    assert 0.02 < (length > limit).mean() < 0.5
    assert not result.layers[0].simulated
    for row in result.report["figures"]["legend"]:
        here = read(labels) == row["class"]
        low, high = row["degrees"] or (0, 180)
        assert (low, high) == ((22.5 * (row["class"] - 1), 22.5 * row["class"]) if row["class"] else (0, 180))
        assert row["pixels"] == here.sum()
        if here.any():
            np.testing.assert_allclose(row["mean_change"], difference[:, here].mean(1), atol=2e-5)
            assert low - 0.05 <= direction[here].min() <= direction[here].max() <= high + 0.05


def test_real_pair_reversed_dates_are_refused(barbellino: dict[str, Any], tmp_path: Path) -> None:
    swapped = {**barbellino, "input1": barbellino["input2"], "input2": barbellino["input1"]}
    with pytest.raises(ParameterError, match="older than the first"):
        _run(**swapped, output_path=tmp_path)


def test_products_of_the_exercise(change: Result) -> None:
    cva, labels = (layer.path for layer in change.layers)
    assert cva.name == "S2_CVA_20210315T000241Z_20210325T000241Z_B3B4B8_20.tif"
    with rasterio.open(cva) as dataset:
        assert (dataset.count, dataset.dtypes[0], dataset.crs.to_string(), dataset.res) == (2, "float32", "EPSG:32756", (20.0, 20.0))
        assert all(edge % 20 == 0 for edge in dataset.bounds)
        assert dataset.tags()["EARTHWEAVE_SIMULATED"] == "true"
    with rasterio.open(labels) as dataset:
        assert (dataset.count, dataset.dtypes[0], dataset.nodata) == (1, "uint8", 255)


def test_records(change: Result) -> None:
    item = pystac.Item.from_file(str(change.item))
    assert JsonSchemaSTACValidator().validate_core(item.to_dict(), pystac.STACObjectType.ITEM, "1.1.0")
    assert item.properties["earthweave:simulated"] is True
    assert set(item.assets) == {"cva", "classes"}
    assert all((change.folder / asset.href).is_file() for asset in item.assets.values())
    assert item.properties["start_datetime"] == "2021-03-15T00:02:41.024000Z"
    record = json.loads(change.record.read_text())
    assert record == change.report
    assert all(source["digest"].startswith("sha256:") and source["simulated"] for source in record["inputs"])
    assert record["parameters"]["input1"].endswith(".SAFE") and "/" not in record["parameters"]["input1"]
    assert str(change.folder) not in change.record.read_text() + change.item.read_text()
    assert record["attribution"] == ["Simulated data; contains no Copernicus Sentinel data."]
    assert change.layers[0].provenance.parameters == record["parameters"]
    assert change.layers[0].simulated and "(simulated)" in change.layers[0].title
    assert sorted(path.name for path in change.folder.iterdir()) == sorted(
        [*(name for layer in change.layers for name in (layer.path.name, layer.path.with_suffix(".qml").name)), "item.json", "run.json"]
    )


def test_flood_is_found_where_it_was_simulated(change: Result, pair: tuple[Path, Path]) -> None:
    """Truth: water in the second scene's classes that was none in the first. Ours: amplitude 4 and more."""
    before, after = (read(next(path.rglob("*SCL_20m.jp2"))) == 6 for path in pair)
    truth, found = after & ~before, read(change.layers[0].path) >= 4
    hits = (truth & found).sum()
    assert truth.sum() > 1000
    assert 2 * hits / (truth.sum() + found.sum()) > 0.8
    assert hits / truth.sum() > 0.97


def test_result_does_not_depend_on_blocks(pair: tuple[Path, Path], change: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_change, "_BLOCK", 77)
    again = _run(input1=pair[0], input2=pair[1], resolution=20, output_path=tmp_path)
    for one, other in zip(again.layers, change.layers, strict=True):
        with rasterio.open(one.path) as a, rasterio.open(other.path) as b:
            np.testing.assert_array_equal(a.read(), b.read())
    assert again.report["figures"] == change.report["figures"]


def test_moved_result_does_not_depend_on_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interpolation looks around each block; two bytes a pixel or four, the numbers are the same."""
    case = known_change(tmp_path / "pair", shift=(0.4, -0.3), haze=0.02, size=180, seed=4)
    said = {"input1": case.before, "input2": case.after, "bands": "B3,B4,B8A", "resolution": 20}
    whole = _run(**said, output_path=tmp_path / "whole")
    monkeypatch.setattr(_change, "_BLOCK", 37)
    again = _run(**said, output_path=tmp_path / "again")
    monkeypatch.setattr(Job, "whole", False)
    wide = _run(**said, output_path=tmp_path / "wide")
    assert np.hypot(*whole.report["figures"]["shift"]) > 0.3
    for other in (again, wide):
        for layer, expected in zip(other.layers, whole.layers, strict=True):
            with rasterio.open(layer.path) as a, rasterio.open(expected.path) as b:
                np.testing.assert_array_equal(a.read(), b.read())
        assert other.report["figures"] == whole.report["figures"]


def test_each_image_is_read_once(pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_pixels: list[int] = []
    take = Shared._take

    def counted(self: Shared, index: int, block: Block) -> Any:
        read_pixels.append(block.width * block.height)
        return take(self, index, block)

    monkeypatch.setattr(Shared, "_take", counted)
    _run(input1=pair[0], input2=pair[1], resolution=10, cloud_mask="none", output_path=tmp_path)
    assert sum(read_pixels) == 6 * 600 * 600


def test_area_of_interest_cuts_and_masks(pair: tuple[Path, Path], change: Result, tmp_path: Path) -> None:
    """The pixels inside a triangle are those of the aligned grid; outside is no data; a GeoJSON file gives the same as WKT."""
    bbox = change.layers[0].bbox
    west, east = bbox.west + 0.3 * (bbox.east - bbox.west), bbox.east
    ring = [(west, bbox.south), (east, bbox.south), (east, bbox.north), (west, bbox.south)]
    text = "POLYGON((" + ", ".join(f"{x} {y}" for x, y in ring) + "))"
    area = tmp_path / "area.geojson"
    area.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}))
    results = [
        _run(input1=pair[0], input2=pair[1], resolution=20, aoi=aoi, output_path=tmp_path / str(number))
        for number, aoi in enumerate((text, str(area)))
    ]
    with rasterio.open(results[0].layers[0].path) as cut, rasterio.open(change.layers[0].path) as whole:
        assert (cut.transform.c - whole.transform.c) % 20 == 0 and (whole.transform.f - cut.transform.f) % 20 == 0
        share = np.isfinite(cut.read(1)).mean()
    assert 0.4 < share < 0.6
    np.testing.assert_array_equal(*(read(result.layers[1].path) for result in results))


@pytest.mark.parametrize(
    "area",
    [
        "POLYGON((-180 -90, 180 -90, 180 90, -180 90, -180 -90))",
        "POLYGON((0 -90, 180 -90, 180 0, 0 0, 0 -90))",
        "MULTIPOLYGON(((150 -35, 152 -35, 152 -33, 150 -33, 150 -35)), ((-60 40, -50 40, -50 50, -60 40)))",
    ],
    ids=["world", "quarter", "two places"],
)
def test_an_area_may_be_as_large_as_the_world(area: str, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Where the projection of the scene has no coordinates, or wrong ones, the area is not the scene's."""
    results = [
        _run(input1=pair[0], input2=pair[1], resolution=60, aoi=aoi, output_path=tmp_path / str(aoi is None)) for aoi in (area, None)
    ]
    assert results[0].report["figures"] == results[1].report["figures"]


def test_a_small_part_of_a_scene_is_looked_at_more_closely(
    pair: tuple[Path, Path], change: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 400 pixels of the sample fewer than ten are in the area; of sixteen times as many enough to tell noise by."""
    monkeypatch.setattr(_rule, "_SAMPLE", 400)
    west, south, east, north = change.layers[0].bbox.bounds
    step = (east - west) / 12, (north - south) / 12
    corners = shapely.union_all(
        [shapely.box(west, south, west + step[0], south + step[1]), shapely.box(east - step[0], north - step[1], east, north)]
    )
    result = _run(input1=pair[0], input2=pair[1], resolution=20, aoi=corners.wkt, output_path=tmp_path)
    figures = result.report["figures"]
    assert figures["grid"]["width"] == 300 and 500 < figures["valid_pixels"] < 2_500
    assert all(0.0005 < sigma < 0.1 for sigma in figures["normalisation"]["sigma"])


def test_harmonised_numbers_are_not_shifted(pair: tuple[Path, Path], tmp_path: Path) -> None:
    spec = service("s2-cd")
    for harmonised, offset in ((False, -1000), (True, 0)):
        given = spec.parameters(input1=pair[0], input2=pair[1], output_path=tmp_path, harmonised=harmonised)
        assert [scale.offset.tolist() for scale in prepare(given).scales] == [[offset] * 3] * 2  # type: ignore[arg-type]


def test_other_projection(pair: tuple[Path, Path], change: Result, tmp_path: Path) -> None:
    result = _run(input1=pair[0], input2=pair[1], resolution=0.0002, projection="EPSG:4326", output_path=tmp_path)
    assert str(result.layers[0].crs) == "EPSG:4326"
    changed = [r.report["figures"]["changed_pixels"] / r.report["figures"]["valid_pixels"] for r in (result, change)]
    assert changed[0] == pytest.approx(changed[1], rel=0.1)


def test_cloud_optimised(pair: tuple[Path, Path], change: Result, tmp_path: Path) -> None:
    result = _run(input1=pair[0], input2=pair[1], resolution=20, output_format="COG", output_path=tmp_path)
    with rasterio.open(result.layers[0].path) as dataset:
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    np.testing.assert_array_equal(read(result.layers[0].path), read(change.layers[0].path))
    flood = run_service(service("flood-mask"), {"input": result.layers[0].path, "output_path": tmp_path / "f.gpkg"})
    assert flood.layers[0].simulated and flood.layers[0].time == result.layers[0].time


def test_two_bands_have_signed_angles(pair: tuple[Path, Path], tmp_path: Path) -> None:
    result = _run(input1=pair[0], input2=pair[1], resolution=20, bands="B3,B8", number_of_classes=4, output_path=tmp_path)
    direction = read(result.layers[0].path, 2)
    assert np.nanmin(direction) < -90 and np.nanmax(direction) > 90
    assert set(np.unique(read(result.layers[1].path))) <= {0, 1, 2, 3, 4, 255}


def test_normalisation_removes_sun_and_haze(pair: tuple[Path, Path], tmp_path: Path) -> None:
    plain = _run(input1=pair[0], input2=pair[1], resolution=20, normalisation="none", output_path=tmp_path)
    assert plain.report["figures"]["normalisation"]["gain"] == [1.0] * 3
    assert max(map(abs, plain.report["figures"]["normalisation"]["median"][:2])) > 0.001


def test_clouds_are_masked_by_scene_classes(pair: tuple[Path, Path], tmp_path: Path) -> None:
    clouded = tmp_path / pair[1].name
    shutil.copytree(pair[1], clouded)
    path = next(clouded.rglob("*SCL_20m.jp2"))
    with rasterio.open(path) as dataset:
        classes, profile = dataset.read(1), dataset.profile
    classes[:100, :50] = 9
    path.unlink()
    with rasterio.open(path, "w", **{**profile, "driver": "JP2OpenJPEG", "REVERSIBLE": "YES", "QUALITY": "100"}) as dataset:
        dataset.write(classes, 1)
    masked, bare = (
        _run(input1=pair[0], input2=clouded, resolution=20, cloud_mask=way, output_path=tmp_path / way) for way in ("scl", "none")
    )
    assert np.isnan(read(masked.layers[0].path)[:100, :50]).all()
    assert (read(masked.layers[1].path)[:100, :50] == 255).all() and (read(masked.layers[1].path) == 255).sum() == 5000
    assert masked.report["figures"]["valid_pixels"] == bare.report["figures"]["valid_pixels"] - 5000


def test_clouds_of_both_dates_and_their_surroundings_are_hidden(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """One scene has a cloud at the left, the other at the right; both widened by 40 m; and the same from a file of polygons."""
    clouded = []
    for number, product in enumerate(pair):
        clouded.append(tmp_path / str(number) / product.name)
        shutil.copytree(product, clouded[-1])
        _clouds(next(clouded[-1].rglob("*SCL_20m.jp2")), slice(10 + 200 * number, 30 + 200 * number))
    hidden = np.isnan(
        read(_run(input1=clouded[0], input2=clouded[1], resolution=20, cloud_dilate=40, output_path=tmp_path / "o").layers[0].path)
    )
    assert hidden[100, 8:32].all() and hidden[100, 208:232].all()
    assert hidden.sum() == 2 * 24 * 300
    with rasterio.open(next(pair[0].rglob("*SCL_20m.jp2"))) as dataset:
        west, north = dataset.transform.c, dataset.transform.f
        corners = shapely.box(west + 200, north - 6000, west + 600, north)
    area = tmp_path / "clouds.gpkg"
    pyogrio.raw.write(
        area, geometry=shapely.to_wkb([corners]), field_data=[], fields=np.array([], object), geometry_type="Polygon", crs="EPSG:32756"
    )
    masked = _run(input1=pair[0], input2=pair[1], resolution=20, cloud_mask=area, output_path=tmp_path / "f")
    hidden = np.isnan(read(masked.layers[0].path))
    assert hidden.sum() == 20 * 300 and hidden[:, 10:30].all()
    assert masked.report["inputs"][-1]["id"] == "clouds.gpkg"


def _clouds(path: Path, columns: slice) -> None:
    with rasterio.open(path) as dataset:
        classes, profile = dataset.read(1), dataset.profile
    classes[:, columns] = 9
    path.unlink()
    with rasterio.open(path, "w", **{**profile, "driver": "JP2OpenJPEG", "REVERSIBLE": "YES", "QUALITY": "100"}) as dataset:
        dataset.write(classes, 1)


def test_progress_goes_up_and_ends(pair: tuple[Path, Path], tmp_path: Path) -> None:
    seen: list[Progress] = []
    run_service(service("s2-cd"), {"input1": pair[0], "input2": pair[1], "resolution": 60, "output_path": tmp_path}, progress=seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0
    assert {"reading bands", "change vectors", "done"} <= {progress.stage for progress in seen}


@pytest.mark.parametrize(
    ("changed", "error", "expected"),
    [
        ({"aoi": "POLYGON((10 45, 11 45, 11 46, 10 45))"}, ProductError, "outside the scene"),
        ({"aoi": "POINT(150 -33)"}, ParameterError, "area of interest"),
        ({"aoi": "POLYGON((-33.5 150.6, -33.7 150.6, -33.7 150.9, -33.5 150.6))"}, ParameterError, "area of interest"),
        ({"aoi": "POLYGON(("}, ParameterError, "area of interest"),
        ({"aoi": '{"type": "Polygon"}'}, ParameterError, "area of interest"),
        ({"aoi": "nowhere.gpkg"}, ParameterError, "nowhere.gpkg"),
        ({"bands": "B3"}, ParameterError, "bands"),
        ({"bands": "B3,B03"}, ParameterError, "cannot be compared"),
        ({"bands": "B3,B99"}, ParameterError, "B99"),
        ({"bands": "B3,B10"}, ProductError, "has no band B10"),
        ({"projection": "EPSG:999999"}, ParameterError, "projection"),
        ({"projection": "ESRI:102035"}, ParameterError, "does not reach"),
        ({"resolution": 0.01}, ParameterError, "too fine"),
        ({"reference_vector": "1,2"}, ParameterError, "reference_vector"),
        ({"reference_vector": "0,0,0"}, ParameterError, "reference_vector"),
        ({"input2": "nowhere.SAFE"}, ProductError, "nowhere.SAFE does not exist"),
    ],
)
def test_refusals_have_a_reason_and_leave_nothing(
    changed: dict[str, str], error: type[Exception], expected: str, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(error, match=expected) as caught:
        _run(**{"input1": pair[0], "input2": pair[1], "resolution": 20, "output_path": tmp_path / "out", **changed})
    assert caught.value.why and caught.value.way_out  # type: ignore[attr-defined]
    assert list((tmp_path / "out").glob("*")) == []


def test_scenes_of_different_levels_are_refused(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/catalog/stactools-packages+sentinel2/tests/data-files"
    first, second = (next(folder.glob(f"*MSI{level}_*")) for level in ("L1C", "L2A"))
    with pytest.raises(ParameterError, match="different levels"):
        _run(input1=first, input2=second, output_path=tmp_path)


def _altered(product: Path, folder: Path, changes: dict[str, str]) -> Path:
    """A copy of the product with other words in its metadata."""
    copy = folder / product.name
    shutil.copytree(product, copy)
    for path in copy.rglob("*.xml"):
        text = path.read_text("utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        path.write_text(text, "utf-8")
    return copy


def test_scenes_of_different_tiles_are_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = _altered(pair[1], tmp_path, {"_T56HKH_N": "_T56HLH_N"})
    with pytest.raises(ParameterError, match="different tiles") as caught:
        _run(input1=pair[0], input2=other, resolution=20, output_path=tmp_path / "o")
    assert "T56HKH" in caught.value.why and "T56HLH" in caught.value.why and caught.value.way_out
    assert list((tmp_path / "o").glob("*")) == []


def test_scenes_of_different_orbits_are_refused_unless_wanted(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = _altered(pair[1], tmp_path, {"<SENSING_ORBIT_NUMBER>30<": "<SENSING_ORBIT_NUMBER>73<"})
    with pytest.raises(ParameterError, match="different relative orbits") as caught:
        _run(input1=pair[0], input2=other, resolution=60, output_path=tmp_path / "o")
    assert "R030 and R073" in caught.value.why and "--any-orbit" in caught.value.way_out
    assert list((tmp_path / "o").glob("*")) == []
    assert len(_run(input1=pair[0], input2=other, resolution=60, any_orbit=True, output_path=tmp_path / "o").layers) == 2


def test_broken_image_is_named_and_leaves_nothing(pair: tuple[Path, Path], tmp_path: Path) -> None:
    other = _altered(pair[1], tmp_path, {})
    image = next(other.rglob("*_B08_10m.jp2"))
    content = image.read_bytes()
    image.write_bytes(content[: len(content) // 2])
    with pytest.raises(ProductError, match=r"_B08_10m\.jp2"):
        _run(input1=pair[0], input2=other, resolution=10, output_path=tmp_path / "o")
    assert list((tmp_path / "o").glob("*")) == []


def test_second_scene_elsewhere_is_refused(write, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    paths = [write(f"S2_2021010{day}.tif", rng.integers(300, 900, (2, 20, 20)).astype(np.uint16), bands=("B3", "B4")) for day in (1, 3)]
    with rasterio.open(paths[1], "r+") as dataset:
        dataset.transform = Affine(10, 0, 590_000, 0, -10, 5_100_000)
    with pytest.raises(ProductError, match="lies elsewhere"):
        _run(input1=paths[0], input2=paths[1], bands="B3,B4", output_path=tmp_path / "o")


def test_estimate_comes_from_the_metadata(pair: tuple[Path, Path], tmp_path: Path) -> None:
    spec = service("s2-cd")
    given = spec.parameters(input1=pair[0], input2=pair[1], resolution=10, output_path=tmp_path)
    assert spec.estimate is not None
    assert spec.estimate(given).note == "2 million source pixels"


def test_pair_without_common_pixels(write, tmp_path: Path) -> None:
    first, second = np.full((2, 20, 20), 500, np.uint16), np.full((2, 20, 20), 600, np.uint16)
    first[:, :, :12], second[:, :, 10:] = 0, 0
    paths = [write(f"S2_2021010{day}.tif", pixels, bands=("B3", "B4")) for day, pixels in ((1, first), (2, second))]
    with pytest.raises(ProcessingError, match="no valid pixels in common"):
        _run(input1=paths[0], input2=paths[1], bands="B3,B4", output_path=tmp_path / "o")


def test_stack_without_time_says_how_to_give_it(write, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    paths = [write(f"{name}.tif", rng.integers(300, 900, (2, 20, 20)).astype(np.uint16), bands=("B3", "B4")) for name in "ab"]
    with pytest.raises(ProductError, match="does not say when") as caught:
        _run(input1=paths[0], input2=paths[1], bands="B3,B4", output_path=tmp_path / "o")
    assert "--time1" in caught.value.way_out
    result = _run(
        input1=paths[0], input2=paths[1], bands="B3,B4", time1="2021-03-15T00:02:41Z", time2="2021-03-25", output_path=tmp_path / "o"
    )
    assert result.layers[0].path.name == "S2_CVA_20210315T000241Z_20210325T000000Z_B3B4_10.tif"
