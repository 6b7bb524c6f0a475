"""The simulator: true structure, said to be simulated everywhere, the same each time, and good for the exercise's queries."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pyogrio
import pyproj
import pytest
import rasterio
import shapely

from earthweave.processing import Result, run_service, service
from earthweave.processing.sentinel2 import open_scene
from earthweave.processing.simulate import AREA_OF_INTEREST, UNIT_NAMES, admin_units, known_change, sentinel2_pair, sentinel2_tile
from earthweave.processing.simulate._landscape import MAIN, make_ground, window
from earthweave.processing.simulate._spectra import flooded_share


def test_products_say_that_they_are_simulated(pair: tuple[Path, Path]) -> None:
    for product in pair:
        assert open_scene(product).simulated
        assert "SIMULATED DATA" in (product / "SIMULATED.txt").read_text()
        main = ElementTree.parse(product / "MTD_MSIL2A.xml")
        assert main.findtext(".//Simulation_Info/SIMULATED") == "true"
        assert (main.findtext(".//Simulation_Info/SIMULATOR") or "").startswith("earthweave")
        assert "Simulation" in (product / "manifest.safe").read_text()


def test_names_and_metadata(pair: tuple[Path, Path]) -> None:
    assert [product.name[:37] for product in pair] == ["S2A_MSIL2A_20210315T000241_N0400_R030", "S2A_MSIL2A_20210325T000241_N0400_R030"]
    scene = open_scene(pair[0])
    assert (scene.tile, scene.baseline, scene.platform, scene.level, scene.orbit) == ("56HKH", "04.00", "Sentinel-2A", "L2A", 30)
    assert str(scene.grid.crs) == "EPSG:32756"
    assert (scene.grid.west - 199980) % 60 == 0 and (6300040 - scene.grid.north) % 60 == 0


def test_manifest_lists_every_file_with_its_digest(pair: tuple[Path, Path]) -> None:
    manifest = ElementTree.parse(pair[0] / "manifest.safe").getroot()
    listed = {
        element.find(".//fileLocation").attrib["href"].removeprefix("./"): element.findtext(".//checksum")
        for element in manifest.iter("dataObject")
    }  # type: ignore[union-attr]
    on_disk = {path.relative_to(pair[0]).as_posix() for path in pair[0].rglob("*") if path.is_file()} - {"manifest.safe"}
    assert set(listed) == on_disk
    for name, checksum in listed.items():
        if checksum:
            assert hashlib.md5((pair[0] / name).read_bytes(), usedforsecurity=False).hexdigest() == checksum


def test_images_lie_where_the_metadata_say(pair: tuple[Path, Path]) -> None:
    scene = open_scene(pair[1])
    for band in scene.bands:
        with rasterio.open(band.path) as dataset:
            assert dataset.driver == "JP2OpenJPEG" and dataset.crs.to_string() == "EPSG:32756"
            assert dataset.bounds == scene.grid.bounds
            assert dataset.res == (band.resolution, band.resolution)
            if band.name != "SCL":
                assert dataset.read(1).min() > 0


def test_same_seed_same_pixels(tmp_path: Path) -> None:
    made = [sentinel2_pair(tmp_path / name, size=60, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    images = [next(pair[1].rglob("*B08_10m.jp2")).read_bytes() for pair in made]
    assert images[0] == images[1] != images[2]
    again = sentinel2_pair(tmp_path / "a", size=60, seed=1)
    assert next(again[1].rglob("*B08_10m.jp2")).read_bytes() == images[0]
    assert not [path for path in (tmp_path / "a").rglob(".*") if path.is_file()]


def test_whole_landscape_covers_the_area_of_interest() -> None:
    """The box in EPSG:32756 holds the exercise's polygon but for the strip that lies east of the tile; flood and land are in proportion."""
    place = window(None)
    convert = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:32756", always_xy=True)
    west, south, east, north = convert.transform_bounds(*shapely.from_wkt(AREA_OF_INTEREST).bounds)
    assert place.west <= west and place.north >= north and place.north - 20 * place.height <= south
    assert place.west + 20 * place.width == 309780 and 0 < east - 309780 < 700
    ground = make_ground(place, 56)
    assert 0.02 < (flooded_share(ground) > 0.5).mean() < 0.1
    assert set(np.unique(ground.cover)) == set(range(9))
    assert MAIN == 0 and np.abs(ground.drift).max() <= 1


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return admin_units(tmp_path_factory.mktemp("units"))


def test_units_are_the_nine_and_share_their_borders(units: Path) -> None:
    meta, _, wkb, fields = pyogrio.raw.read(units)
    rows = dict(zip(meta["fields"], fields, strict=True))
    assert sorted(rows["NAME_2"]) == sorted(UNIT_NAMES) and len(set(rows["GID_2"])) == 9
    assert set(rows["GID_0"]) == {"AUS"} and set(rows["NAME_1"]) == {"New South Wales"}
    assert set(rows["SIMULATED"]) == {1} and all(re.search("SIM", code) for code in rows["GID_2"])
    shapes = shapely.from_wkb(wkb)
    assert shapely.is_valid(shapes).all()
    together = shapely.union_all(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(shapely.area(together), rel=1e-12)
    assert together.geom_type == "Polygon" and not together.interiors
    assert together.covers(shapely.from_wkt(AREA_OF_INTEREST))
    vertices = [set(map(tuple, shapely.get_coordinates(shape))) for shape in shapes]
    for one, first in zip(shapes, vertices, strict=True):
        for other, second in zip(shapes, vertices, strict=True):
            if one is not other and one.intersection(other).length > 0:
                assert set(map(tuple, shapely.get_coordinates(one.intersection(other)))) <= first & second


def test_every_unit_is_flooded(units: Path) -> None:
    """By the truth of the simulator: flooded pixels of the whole landscape lie in all nine units."""
    place = window(None)
    rows, cols = np.nonzero(flooded_share(make_ground(place, 56)) > 0.5)
    convert = pyproj.Transformer.from_crs("EPSG:32756", "OGC:CRS84", always_xy=True)
    lon, lat = convert.transform(place.west + 20 * cols + 10, place.north - 20 * rows - 10)
    inside = [shapely.contains_xy(shape, lon, lat).sum() for shape in shapely.from_wkb(pyogrio.raw.read(units)[2])]
    assert min(inside) > 30


def test_no_flood_without_water(pair: tuple[Path, Path], change: Result, tmp_path: Path) -> None:
    """Polygons of the flood lie where the second date's scene classes show water, or within a pixel or two of it."""
    result = run_service(service("flood-mask"), {"input": change.layers[0].path, "output_path": tmp_path / "f.gpkg"})
    shapes = shapely.from_wkb(pyogrio.raw.read(result.layers[0].path)[2])
    with rasterio.open(next(pair[1].rglob("*SCL_20m.jp2"))) as dataset:
        rows, cols = np.nonzero(dataset.read(1) == 6)
        water = shapely.points(dataset.bounds.left + 20 * cols + 10, dataset.bounds.top - 20 * rows - 10)
    distance = shapely.STRtree(water).query_nearest(shapes, return_distance=True)[1]
    assert (distance < 60).mean() > 0.95


def test_known_changes_are_where_the_pair_differs(tmp_path: Path) -> None:
    """Without changes the dates differ by air and noise alone; with them, what is said to have changed differs more."""
    still, moved = (known_change(tmp_path / str(changes), changes=changes, noise=0.001, size=90) for changes in (False, True))
    assert not still.changed.any() and 0.05 < moved.changed.mean() < 0.9
    assert all(open_scene(product).simulated for product in (still.before, still.after))
    for case in (still, moved):
        first, second = (_pixels(product, "B8A") for product in (case.before, case.after))
        gone = np.abs(second - (0.965 * first + 0.003))
        assert gone[~case.changed].max() < 0.06
        assert not case.changed.any() or np.median(gone[case.changed]) > 0.03


def test_a_tile_weighs_what_a_real_one_does(tmp_path: Path) -> None:
    """7 to 9 bits a pixel; the dates share their grain, not their noise; the pattern is mirrored."""
    before, after = sentinel2_tile(tmp_path, size=600)
    bits = [path.stat().st_size * 8 / 1200**2 for path in sorted(tmp_path.rglob("*.jp2"))]
    assert len(bits) == 6 and 7 < np.mean(bits) < 9
    scene = open_scene(before)
    assert scene.simulated and (scene.grid.width, scene.grid.height) == (1200, 1200)
    first, second = (_pixels(product, "B08") for product in (before, after))
    grain = [image[:, 1:] - image[:, :-1] for image in (first, second)]
    assert 0.5 < np.corrcoef(grain[0].ravel(), grain[1].ravel())[0, 1] < 0.99


def _pixels(product: Path, name: str) -> np.ndarray:
    with rasterio.open(next(product.rglob(f"*_{name}_*.jp2"))) as dataset:
        return (dataset.read(1).astype(np.float32) - 1000) / 10_000
