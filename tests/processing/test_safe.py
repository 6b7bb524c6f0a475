"""The SAFE reader against the metadata of real products, and against products made to fool it."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
import shapely

from earthweave.ontology import ProductError
from earthweave.processing.raster import Block, Grid
from earthweave.processing.sentinel2 import BANDS, Scene, band_name, open_scene, plain_name, read_band
from earthweave.processing.sentinel2._product import _footprint
from earthweave.processing.sentinel2._xml import parse_xml

PRODUCTS = (
    "S2A_MSIL1C_20200717T221941_R029_T01LAC_20200717T234135.SAFE",
    "S2A_MSIL2A_20190212T192651_N0212_R013_T07HFE_20201007T160857.SAFE",
    "esa_S2B_MSIL2A_20210122T133229_N0214_R081_T22HBD_20210122T155500.SAFE",
)


@pytest.fixture(params=PRODUCTS)
def product(request: pytest.FixtureRequest, shared: Path) -> Path:
    return shared / "data/catalog/stactools-packages+sentinel2/tests/data-files" / request.param


def test_metadata_agree_with_the_published_stac_items(product: Path) -> None:
    scene, expected = open_scene(product), json.loads((product / "expected_output.json").read_text())
    said = expected["properties"]
    assert f"{scene.id}.SAFE" == said["s2:product_uri"]
    assert scene.time == datetime.fromisoformat(said["datetime"])
    assert str(scene.grid.crs) == said["proj:code"]
    assert f"MGRS-{scene.tile}" == said["grid:code"]
    assert scene.platform is not None and scene.platform.lower() == said["platform"]
    assert scene.baseline == said["s2:processing_baseline"]
    assert scene.orbit == said["sat:relative_orbit"]
    assert scene.cloud_cover == said["eo:cloud_cover"]
    assert not scene.simulated


APART = {
    "created": "when the item was written",
    "providers": "of the item, not read from the product",
    "proj:code": "of the grid: compared with the assets below",
    "proj:centroid": "computed from the footprint; compared below",
}
"""Properties of the published items that are not properties of the product, with the reason."""


def test_every_property_of_the_published_items_is_read(product: Path) -> None:
    scene, expected = open_scene(product), json.loads((product / "expected_output.json").read_text())
    said, found = {key: value for key, value in expected["properties"].items() if key not in APART}, scene.properties
    assert set(found) == set(said)
    for key in ("datetime", "s2:generation_time"):
        assert datetime.fromisoformat(found.pop(key)) == datetime.fromisoformat(said.pop(key))
    numbers = {key for key, value in said.items() if isinstance(value, float)}
    assert {key: found[key] for key in numbers} == pytest.approx({key: said[key] for key in numbers}, abs=1e-9)
    assert {key: found[key] for key in set(said) - numbers} == {key: said[key] for key in set(said) - numbers}


def test_footprint_agrees_with_the_published_items(product: Path) -> None:
    """The first product crosses the antimeridian."""
    scene, expected = open_scene(product), json.loads((product / "expected_output.json").read_text())
    assert scene.product is not None
    published = shapely.from_geojson(json.dumps(expected["geometry"]))
    assert shapely.equals_exact(scene.product.footprint.normalize(), published.normalize(), 2e-6)
    west, south, east, north = expected["bbox"]
    assert scene.product.footprint.bounds == pytest.approx(
        (west, south, east, north) if west < east else (-180, south, 180, north), abs=2e-6
    )
    whole = shapely.transform(published, lambda points: points + np.where(points[:, :1] < 0, (360, 0), 0)) if west > east else published
    middle = expected["properties"]["proj:centroid"]
    assert (whole.centroid.x, whole.centroid.y) == pytest.approx((middle["lon"], middle["lat"]), abs=1e-3)


def test_angles_wavelengths_and_checks_are_read(product: Path) -> None:
    """Central wavelengths are those of the instrument that took the scene; the published items hold one rounded list for all."""
    scene, expected = open_scene(product), json.loads((product / "expected_output.json").read_text())
    info = scene.product
    assert info is not None and info.sun is not None and set(info.view) == set(BANDS)
    published = {
        band["name"]: band["center_wavelength"] * 1000
        for asset in expected["assets"].values()
        if "gsd" in asset
        for band in asset.get("eo:bands", ())
    }
    assert {name: info.wavelengths[name] for name in published} == pytest.approx(published, abs=13)
    assert set(info.checks.values()) <= {"PASSED", "FAILED"} and "GENERAL_QUALITY" in info.checks


def test_bands_and_grids_agree_with_the_published_assets(product: Path) -> None:
    scene, expected = open_scene(product), json.loads((product / "expected_output.json").read_text())
    assets = {asset["href"].removeprefix("./"): asset for asset in expected["assets"].values() if "proj:shape" in asset}
    found = {str(Path(band.path).relative_to(product)): band for band in scene.bands}
    previews = {href for href in assets if re.search(r"_(TCI|PVI)|preview", href)}
    assert set(found) == set(assets) - previews
    for href, band in found.items():
        assert band.resolution == (110_000 - 200) / assets[href]["proj:shape"][0]
    _, _, west, _, _, north = next(iter(assets.values()))["proj:transform"]
    assert (scene.grid.west, scene.grid.north) == (west, north)


def test_old_baselines_have_no_offset(product: Path) -> None:
    assert {band.offset for band in open_scene(product).bands} == {0.0}
    scales = {band.name: band.quantification for band in open_scene(product).bands}
    assert {scales[name] for name in scales if name in BANDS} == {10000.0}
    assert {name: scales[name] for name in scales if name not in BANDS} in ({}, {"AOT": 1000.0, "WVP": 1000.0, "SCL": 1.0})


@pytest.mark.parametrize(
    ("text", "name", "plain"),
    [("B3", "B03", "B3"), ("b03", "B03", "B3"), ("8a", "B8A", "B8A"), ("12", "B12", "B12"), ("scl", "SCL", "SCL")],
)
def test_band_names(text: str, name: str, plain: str) -> None:
    assert band_name(text) == name
    assert plain_name(name) == plain


def _whole(scene: Scene, name: str, resolution: float) -> np.ndarray:
    grid = scene.grid.snapped(scene.grid.bounds, resolution)
    with read_band(scene, [name], grid) as read:
        return read(name, Block(0, 0, grid.height, grid.width))


def _edited(product: Path, folder: Path, pattern: str, replacement: str, name: str = "MTD_MSIL2A.xml") -> Path:
    copy = folder / product.name
    shutil.copytree(product, copy)
    changed, count = re.subn(pattern, replacement, (copy / name).read_text(), flags=re.DOTALL)
    assert count
    (copy / name).write_text(changed)
    return copy


def test_offset_trap(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """The same numbers mean 0.1 less since baseline 04.00, and only where the metadata say so."""
    new = open_scene(pair[0])
    old = open_scene(_edited(pair[0], tmp_path, r"<BOA_ADD_OFFSET_VALUES_LIST>.*</BOA_ADD_OFFSET_VALUES_LIST>", ""))
    assert {band.offset for band in new.bands if band.name != "SCL"} == {-1000.0} and {band.offset for band in old.bands} == {0.0}
    np.testing.assert_allclose(_whole(old, "B04", 20) - _whole(new, "B04", 20), 0.1, atol=1e-6)


def test_offset_of_each_band_is_its_own(pair: tuple[Path, Path], tmp_path: Path) -> None:
    scene = open_scene(_edited(pair[0], tmp_path, r'band_id="3">-1000', 'band_id="3">-500'))
    assert {band.offset for band in scene.bands if band.name == "B04"} == {-500.0}
    assert {band.offset for band in scene.bands if band.name not in ("B04", "SCL")} == {-1000.0}


def test_offset_of_level_1c(shared: Path, tmp_path: Path) -> None:
    """Real L1C metadata, given the list that baseline 04.00 added."""
    product = shared / "data/catalog/stactools-packages+sentinel2/tests/data-files" / PRODUCTS[0]
    rows = "".join(f'<RADIO_ADD_OFFSET band_id="{number}">{-1000 - number}</RADIO_ADD_OFFSET>' for number in range(13))
    added = f"<Radiometric_Offset_List>{rows}</Radiometric_Offset_List></Product_Image_Characteristics>"
    scene = open_scene(_edited(product, tmp_path, "</Product_Image_Characteristics>", added, "MTD_MSIL1C.xml"))
    assert {band.name: band.offset for band in scene.bands} == {name: -1000.0 - number for number, name in enumerate(BANDS)}


def test_ten_metres_are_averaged_down(pair: tuple[Path, Path]) -> None:
    scene = open_scene(pair[0])
    fine = _whole(scene, "B08", 10)
    mean = fine.reshape(fine.shape[0] // 2, 2, fine.shape[1] // 2, 2).mean((1, 3))
    np.testing.assert_allclose(_whole(scene, "B08", 20), mean, atol=1e-6)


def test_nested_and_warped_reading_agree(pair: tuple[Path, Path]) -> None:
    """Our own averaging and GDAL's, which serves every other grid, give the same on a grid that both can read."""
    scene = open_scene(pair[0])
    grid = scene.grid.snapped(scene.grid.bounds, 60)
    nudged = Grid(grid.crs, grid.west + 1e-3, grid.north, 60, 60, grid.width - 1, grid.height)
    with read_band(scene, ["B08"], grid) as nested, read_band(scene, ["B08"], nudged) as warped:
        block = Block(0, 0, nudged.height, nudged.width)
        np.testing.assert_allclose(nested("B08", block), warped("B08", block), atol=2e-4)


def test_number_zero_is_no_data_before_the_offset(write, tmp_path: Path) -> None:
    pixels = np.array([[[0, 1, 1000, 65535]]], np.uint16).repeat(2, 0)
    scene = open_scene(write("S2_20210315T000241.tif", pixels, bands=("B3", "B4")), offset=-1000)
    values = _whole(scene, "B03", 10)
    assert np.isnan(values[0, [0, 3]]).all()
    assert values[0, 1:3].tolist() == pytest.approx([-0.0999, 0.0])


def test_zip_gives_the_same_as_the_folder(pair: tuple[Path, Path], tmp_path: Path) -> None:
    archive = tmp_path / "with space & (brackets).zip"
    with zipfile.ZipFile(archive, "w") as target:
        for path in sorted(pair[0].rglob("*")):
            if path.is_file():
                target.write(path, path.relative_to(pair[0].parent))
    folder, packed = open_scene(pair[0]), open_scene(archive)
    assert (packed.id, packed.time, packed.grid, packed.simulated) == (folder.id, folder.time, folder.grid, True)
    np.testing.assert_array_equal(_whole(packed, "B03", 20), _whole(folder, "B03", 20))


@pytest.mark.parametrize("name", ["../evil.xml", "/etc/evil", "a/../../evil", "a\\evil", "x{y}/evil"])
def test_zip_that_leads_out_of_itself_is_refused(name: str, pair: tuple[Path, Path], tmp_path: Path) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as target:
        target.write(pair[0] / "MTD_MSIL2A.xml", f"{pair[0].name}/MTD_MSIL2A.xml")
        target.writestr(name, "x")
    with pytest.raises(ProductError, match="leads out of the product"):
        open_scene(archive)


BOMB = '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    ("pattern", "replacement", "expected"),
    [
        (r"<\?xml.*?\?>", BOMB.replace("\\", ""), "DOCTYPE"),
        (r"</n1:General_Info>", "", "not well-formed"),
        (r"<PRODUCT_START_TIME>.*</PRODUCT_START_TIME>", "", "has no PRODUCT_START_TIME"),
        (r"<PRODUCT_START_TIME>.*</PRODUCT_START_TIME>", "<PRODUCT_START_TIME>noon</PRODUCT_START_TIME>", "is no time"),
        (r">10000</BOA_QUANT", ">many</BOA_QUANT", "is not a number"),
        (r">10000</BOA_QUANT", ">0</BOA_QUANT", "quantification of reflectance is 0"),
        (r"<SENSING_ORBIT_NUMBER>30", "<SENSING_ORBIT_NUMBER>NaN", "SENSING_ORBIT_NUMBER is not a number"),
        (r'band_id="3">-1000', 'band_id="3">-inf', "BOA_ADD_OFFSET is not a number"),
        (r'band_id="3"', "", "has no band_id"),
        (r"<IMAGE_FILE>.*</IMAGE_FILE>", "", "has 0 granules"),
        (r"<IMAGE_FILE>GRANULE", "<IMAGE_FILE>../GRANULE", "leads out of the product"),
    ],
)
def test_broken_metadata_are_refused_with_a_reason(
    pattern: str, replacement: str, expected: str, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    with pytest.raises(ProductError, match=expected) as caught:
        open_scene(_edited(pair[0], tmp_path, pattern, replacement))
    assert caught.value.why and caught.value.way_out


def test_what_metadata_do_not_know_is_left_out(product: Path, tmp_path: Path) -> None:
    """A band that saw nothing of the tile has NaN for its angles; no record of ours may hold what JSON cannot."""
    known = open_scene(product).product
    copy = tmp_path / product.name
    shutil.copytree(product, copy)
    for path in copy.rglob("*.xml"):
        text = re.sub(
            r'(<Mean_Viewing_Incidence_Angle bandId="7">.*?<ZENITH_ANGLE[^>]*>)[^<]*', r"\1NaN", path.read_text(), flags=re.DOTALL
        )
        path.write_text(re.sub(r"(<Cloud_Coverage_Assessment>)[^<]*", r"\1NaN", text))
    scene = open_scene(copy)
    assert known is not None and scene.product is not None
    assert set(known.view) - set(scene.product.view) == {"B08"}
    assert scene.cloud_cover is None and "eo:cloud_cover" not in scene.properties
    json.dumps(scene.properties, allow_nan=False)


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ("1 179 1 -179 0 -179 0 179 1 179", [(179, 0, 180, 1), (-180, 0, -179, 1)]),
        ("1 179 1 180 0 -180 0 179 1 179", [(179, 0, 180, 1)]),
        ("1 -179 1 -180 0 180 0 -179 1 -179", [(-180, 0, -179, 1)]),
        ("1 10 nan 11 0 11 0 10 1 10", None),
    ],
)
def test_footprints_end_at_the_antimeridian(places: str, expected: list[tuple[float, ...]] | None) -> None:
    found = _footprint(parse_xml(f"<a><EXT_POS_LIST>{places}</EXT_POS_LIST></a>".encode(), "x"))
    assert (None if found is None else [part.bounds for part in shapely.get_parts(found)]) == expected


def test_missing_parts_are_named(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(ProductError, match="nowhere.zip does not exist"):
        open_scene(tmp_path / "nowhere.zip")
    with pytest.raises(ProductError, match="is not a Sentinel-2 product"):
        open_scene(tmp_path)
    (tmp_path / "cut.zip").write_bytes(b"PK\x05\x06")
    with pytest.raises(ProductError, match="cut.zip"):
        open_scene(tmp_path / "cut.zip")
    copy = tmp_path / pair[0].name
    shutil.copytree(pair[0], copy)
    next(copy.rglob("*B08_10m.jp2")).unlink()
    with pytest.raises(ProductError, match="B08_10m.jp2 cannot be read"):
        _whole(open_scene(copy), "B08", 20)


def test_stack_must_declare_its_bands(write) -> None:
    pixels = np.ones((2, 4, 4), np.uint16)
    with pytest.raises(ProductError, match="does not say which bands"):
        open_scene(write("a.tif", pixels))
    with pytest.raises(ProductError, match="has 2 bands"):
        open_scene(write("b.tif", pixels), stack_bands=["B3"])
    with pytest.raises(ProductError, match="no coordinate reference system"):
        open_scene(write("c.tif", pixels, crs=None), stack_bands=["B3", "B4"])
    with pytest.raises(ProductError, match="has no band B8"):
        open_scene(write("d.tif", pixels), stack_bands=["B3", "B4"]).band("B08", 10)


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("S2A2A_20170703_022", "2017-07-03T00:00:00+00:00"),
        ("T56_20210315T000241_B", "2021-03-15T00:02:41+00:00"),
        ("x_20219915", None),
        ("plain", None),
    ],
)
def test_time_of_a_stack_comes_from_its_name(stem: str, expected: str | None, write) -> None:
    scene = open_scene(write(f"{stem}.tif", np.ones((1, 2, 2), np.uint16)), stack_bands=["B3"])
    assert (scene.time.isoformat() if scene.time else None) == expected
