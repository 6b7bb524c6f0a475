"""A folder of scenes as a catalogue."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import shapely

from earthweave.ontology import Interval, NotFoundError
from earthweave.processing.catalogue import FolderCatalogue, Search, open_catalogue
from earthweave.processing.sentinel2 import open_scene
from tests.processing.conftest import Write

MARCH = Interval.parse("2021-03-01", "2021-04-01")


def test_the_simulated_pair(pair: tuple[Path, Path]) -> None:
    catalogue = open_catalogue(pair[0].parent)
    before, after = catalogue.search(Search(time=MARCH, area=shapely.Point(150.8, -33.6).buffer(0.05)))
    for found, path in ((before, pair[0]), (after, pair[1])):
        scene = open_scene(path)
        assert (found.id, found.time.start, found.tile) == (scene.id, scene.time, "56HKH")
        assert found.link("data") == str(path.absolute())
        assert found.simulated
        assert shapely.covers(shapely.box(*scene.grid.bbox.bounds).buffer(1e-6), found.footprint)
    assert before.time.start < after.time.start
    assert list(catalogue.search(Search(time=Interval.parse("2021-03-24", "2021-03-26")))) == [after]
    assert list(catalogue.search(Search(area=shapely.Point(10, 50).buffer(1)))) == []
    assert list(catalogue.search(Search("SENTINEL-1"))) == []
    assert len(list(catalogue.search(Search(limit=1)))) == 1


def test_real_metadata_without_pixels(shared: Path) -> None:
    catalogue = FolderCatalogue(shared / "data/catalog/stactools-packages+sentinel2/tests/data-files")
    found = list(catalogue.search(Search()))
    assert sorted(one.tile or "" for one in found) == ["01LAC", "07HFE", "22HBD"]
    assert [one.time.start for one in found] == sorted(one.time.start for one in found)
    [lau] = catalogue.search(Search(area=shapely.Point(180, -15.9).buffer(0.3)))
    assert lau.tile == "01LAC"
    assert {one.level for one in catalogue.search(Search(level="L2A"))} == {"L2A"}
    assert {one.tile for one in catalogue.search(Search(cloud_cover=6))} == {"01LAC", "22HBD"}


def test_stacks_and_what_is_no_scene(write: Write, tmp_path: Path) -> None:
    write("S2_20170703.tif", np.ones((2, 10, 10), "uint16"), bands=("B3", "B8"))
    write("undated.tif", np.ones((1, 10, 10), "uint16"), bands=("B3",))
    write("elevation.tif", np.ones((1, 10, 10), "float32"), bands=("height",))
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 not a zip")
    (tmp_path / "S2A_MSIL1C_20200717T221941_N0209_R029_T01LAC_20200717T234135.SAFE").mkdir()
    (tmp_path / "notes.txt").write_text("nothing")
    catalogue = FolderCatalogue(tmp_path)
    [found] = catalogue.search(Search())
    assert (found.id, found.collection, found.time.texts[0]) == ("S2_20170703", "stack", "2017-07-03T00:00:00Z")
    west, south, east, north = found.footprint.bounds
    assert (round(west), round(north)) == (10, 46)
    assert len(catalogue.notices) == 4
    assert any("undated.tif" in one and "when it was taken" in one for one in catalogue.notices)
    assert any("broken.zip" in one for one in catalogue.notices)
    list(catalogue.search(Search()))
    assert len(catalogue.notices) == 4, "they are those of the last search"


def test_links_and_deep_folders_are_not_followed(pair: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    shutil.copytree(pair[0], tmp_path / "a" / "b" / pair[0].name, copy_function=lambda source, target: Path(target).hardlink_to(source))
    (tmp_path / "circle").symlink_to(tmp_path)
    assert len(list(FolderCatalogue(tmp_path).search(Search()))) == 1


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no folder"):
        FolderCatalogue(tmp_path / "none")
