"""Flood-assessment over a catalogue in the network: a real loopback STAC API whose products are zips of *simulated* scenes."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import rasterio

from earthweave.ontology import (
    EarthweaveError,
    EndpointError,
    ForbiddenError,
    NotFoundError,
    ProcessingError,
    Progress,
    UnsupportedError,
)
from earthweave.processing import Result
from earthweave.processing.catalogue import Found, StacCatalogue, items, open_catalogue
from earthweave.processing.catalogue import Search as Wish
from earthweave.server.records import run_recorded
from earthweave.server.workflows import TUTORIAL_AOI, Shelf, download, guarded_door, local_path

from .conftest import SPEC, Archive

GIVEN = {"start": "2021-03-15", "end": "2021-03-25", "aoi": TUTORIAL_AOI, "coverage": 0.5}


class Reached(Exception):
    """The change detection began."""


def pair_of(folder: Path, scenes: str | Path, **more: Any) -> list[str]:
    """What a run tells until it begins to compare the two scenes; it ends there."""
    told = list[str]()

    def sink(progress: Progress) -> None:
        told.append(f"{progress.stage}: {progress.note}")
        if progress.stage.startswith("1/6"):
            raise Reached

    with pytest.raises(Reached):
        run_recorded(SPEC, {**GIVEN, "scenes": scenes, "store": folder / "store", "output_path": folder / "out", **more}, progress=sink)
    return told


def fetched(archive: Archive) -> dict[str, int]:
    """How often each product was asked for."""
    return {path.strip("/"): count for path, count in archive.asked.items() if path.endswith(".zip")}


def listed(archive: Archive, id: str) -> Found:
    """A product as the catalogue lists it."""
    catalogue = StacCatalogue(archive.address, guarded_door(), name="loopback")
    return next(replace(one, catalogue=catalogue.name) for one in catalogue.search(Wish()) if one.id == id)


def shelf(folder: Path) -> Shelf:
    return Shelf(folder, guarded_door(), {"HOME": str(folder)})


def table(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "flood_impact_table.csv").read_text("utf-8").splitlines()))


def test_the_network_brings_what_the_folder_brings_and_the_recording_again(
    archive: Archive, assessed: tuple[Path, Result, list[Progress]], units: Path, osm: Path, described: list[dict[str, Any]], tmp_path: Path
) -> None:
    out, ids = tmp_path / "out", [item["id"] for item in described]
    given = {**GIVEN, "scenes": archive.address, "units": units, "osm": osm, "store": tmp_path / "store", "output_path": out}
    result = run_recorded(SPEC, given)
    assert archive.asked["/search"] == 4, "three pages, of which one was busy first"
    assert fetched(archive) == {f"{id}.zip": 1 for id in ids}
    pair = result.report["figures"]["pair"]
    assert [pair["before"], pair["after"]] == ids
    assert {one["catalogue"] for one in pair["scenes"]} == {"127.0.0.1"}, "whatever an item says of itself"
    there = assessed[0] / "out"
    assert table(out) == table(there)
    assert (out / "flood_mask.shp").read_bytes() == (there / "flood_mask.shp").read_bytes()
    assert result.report["figures"]["impact"] == assessed[1].report["figures"]["impact"]
    with rasterio.open(next(out.glob("S2_CVA_*.tif"))) as here, rasterio.open(next(there.glob("S2_CVA_*.tif"))) as peer:
        assert np.array_equal(here.read(), peer.read(), equal_nan=True)
    report = (out / "flood_report.md").read_text("utf-8")
    assert f"`{ids[0]}` (2021-03-15 00:02 UTC" in report
    assert "- `cloudy`: 80 % cloud cover, more than 40 %" in report
    assert "- `aside`: of another tile than the pair" in report

    archive.close()
    again = tmp_path / "again"
    told = pair_of(again, archive.address, replay=out / "flood_catalogue_replies", products=tmp_path / "store.products")
    assert any(f"found the pair of scenes: {ids[0]}, {ids[1]}" in line for line in told)
    with pytest.raises(ForbiddenError) as error:
        pair_of(again, archive.address, replay=out / "flood_catalogue_replies")
    assert (ids[0] in error.value.what, "--replay" in error.value.way_out) == (True, True)
    assert not (again / "store.products").exists()


def test_a_recording_says_so_beside_the_pair(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError, match="holds no recorded search"):
        pair_of(tmp_path, archive.address, replay=tmp_path / "empty")
    assert not archive.asked


def test_products_are_fetched_once_and_again_when_they_were_altered(
    archive: Archive, described: list[dict[str, Any]], tmp_path: Path
) -> None:
    product = listed(archive, described[0]["id"])
    path = shelf(tmp_path / "kept").get(product)
    assert shelf(tmp_path / "kept").get(product) == path
    assert fetched(archive) == {f"{product.id}.zip": 1}
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert shelf(tmp_path / "kept").get(product).read_bytes() == (archive.folder / path.name).read_bytes()
    assert fetched(archive) == {f"{product.id}.zip": 2}
    other = replace(product, catalogue="elsewhere")
    assert shelf(tmp_path / "kept").get(other) != path, "no catalogue can put its own in the place of another's"
    assert [one.id for one in open_catalogue(tmp_path / "kept").search(Wish())] == [product.id] * 2, "the folder is a catalogue, too"


def test_a_run_that_was_cut_off_between_two_products_goes_on(archive: Archive, described: list[dict[str, Any]], tmp_path: Path) -> None:
    before, after = (item["id"] for item in described)
    archive.answers[f"/{after}.zip"] = 500
    with pytest.raises(EndpointError) as error:
        pair_of(tmp_path, archive.address)
    assert "answers 500" in error.value.why
    assert [one.name[: len(before)] for one in (tmp_path / "store.products").iterdir()] == [before], "nothing half-fetched"
    archive.answers.clear()
    pair_of(tmp_path, archive.address)
    assert fetched(archive) == {f"{before}.zip": 1, f"{after}.zip": 5}


def test_a_product_that_is_gone_is_replaced_by_the_next_best(archive: Archive, described: list[dict[str, Any]], tmp_path: Path) -> None:
    before, after = (item["id"] for item in described)
    archive.items = [one for one in archive.items if one["id"] not in ("earlier", before)]
    archive.add({**described[0], "id": "nearest"}, "nearest.zip")
    archive.add({**described[0], "id": "next"}, f"{before}.zip", **{"datetime": "2021-03-14T02:00:00Z"})
    told = pair_of(tmp_path, archive.address)
    assert any(f"found the pair of scenes: next, {after}" in line for line in told)
    archive.answers[f"/{after}.zip"] = 410
    with pytest.raises(ProcessingError, match="no pair of scenes was found") as error:
        pair_of(tmp_path / "other", archive.address)
    assert f"127.0.0.1 has {after} no longer; 127.0.0.1 answers 410" in error.value.why
    assert "--cloudcover 80 would take" in error.value.way_out


@pytest.mark.parametrize(
    ("answer", "kind", "why"),
    [
        (401, ForbiddenError, "answers 401"),
        (403, ForbiddenError, "answers 403"),
        (b"<html>please log in", ProcessingError, "neither a zip nor a GeoTIFF"),
        (b"PK\x03\x04 but no more", ProcessingError, "what came cannot be read"),
    ],
)
def test_what_is_no_product_is_told_and_not_kept(
    answer: int | bytes, kind: type[EarthweaveError], why: str, archive: Archive, described: list[dict[str, Any]], tmp_path: Path
) -> None:
    archive.answers[f"/{described[0]['id']}.zip"] = answer
    with pytest.raises(kind) as error:
        pair_of(tmp_path, archive.address)
    assert described[0]["id"] in error.value.what
    assert why in error.value.why
    assert "--input1" in error.value.way_out
    assert not (tmp_path / "store.products").exists()
    assert not (tmp_path / "store.steps").exists()


def test_a_folder_that_cannot_hold_products_is_told(archive: Archive, described: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(ProcessingError, match="cannot be kept in file") as error:
        shelf(tmp_path / "file").get(listed(archive, described[0]["id"]))
    assert "--products" in error.value.way_out
    assert not fetched(archive)


def test_another_product_than_was_promised_is_refused(archive: Archive, described: list[dict[str, Any]], tmp_path: Path) -> None:
    archive.add({**described[0], "id": "wrong"}, f"{described[0]['id']}.zip", **{"grid:code": "MGRS-55HKH"})
    with pytest.raises(ProcessingError) as error:
        shelf(tmp_path).get(listed(archive, "wrong"))
    assert error.value.why == f"what came is {described[0]['id']}"


def test_without_an_account_the_pair_is_named(archive: Archive, described: list[dict[str, Any]], tmp_path: Path, monkeypatch: Any) -> None:
    file = tmp_path / "found.geojson"
    found = [replace(listed(archive, item["id"]), catalogue="cdse") for item in described]
    file.write_text(json.dumps(items(found)))
    monkeypatch.setitem(sys.modules, "eodag", ModuleType("eodag"))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ForbiddenError, match="no account is set") as error:
        pair_of(tmp_path, file)
    assert f"the pair is {described[0]['id']} and {described[1]['id']}, both of cdse" in error.value.why
    assert "EODAG__COP_DATASPACE__AUTH__CREDENTIALS__USERNAME" in error.value.way_out
    assert "--input1" in error.value.way_out
    assert not fetched(archive)


def test_what_may_not_be_asked_is_not_asked(archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARTHWEAVE_CATALOGUE_ALLOW", "none")
    with pytest.raises(ForbiddenError, match="is not asked"):
        pair_of(tmp_path, archive.address)
    assert not archive.asked


def safe(archive: Archive, item: dict[str, Any], scenes: Path, **more: str) -> Found:
    """A product that is listed file by file."""
    scene = scenes / f"{item['id']}.SAFE"
    names = [one.relative_to(scene).as_posix() for one in sorted(scene.rglob("*")) if one.is_file()]
    links = {f"a{number}": f"{archive.address}/files/{scene.name}/{name}" for number, name in enumerate(names)} | more
    found = listed(archive, item["id"])
    return replace(found, links=tuple((name, href, "") for name, href in links.items()))


def test_a_product_of_many_files_is_whole_or_goes_on(
    archive: Archive, described: list[dict[str, Any]], scenes: Path, tmp_path: Path
) -> None:
    product = safe(archive, described[0], scenes)
    last = f"/files{product.links[-1][1].partition('/files')[2]}"
    archive.answers[last] = 500
    with pytest.raises(EndpointError):
        shelf(tmp_path).get(product)
    assert not [one for one in tmp_path.rglob("*.SAFE") if not one.name.startswith(".")]
    archive.answers.clear()
    path = shelf(tmp_path).get(product)
    for one in (scenes / path.name).rglob("*"):
        assert one.is_dir() or (path / one.relative_to(scenes / path.name)).read_bytes() == one.read_bytes()
    counts = {count for name, count in archive.asked.items() if name.startswith("/files") and name != last}
    assert (counts, archive.asked[last]) == ({1}, 5)


@pytest.mark.parametrize("name", ["../../out", "..%2F..%2Fout", "a//b", "a%5Cb", "%2Fetc"])
def test_files_cannot_leave_their_product(
    name: str, archive: Archive, described: list[dict[str, Any]], scenes: Path, tmp_path: Path
) -> None:
    product = safe(archive, described[0], scenes, evil=f"{archive.address}/files/{described[0]['id']}.SAFE/{name}")
    with pytest.raises(ProcessingError, match="lists an object"):
        shelf(tmp_path / "in").get(product)
    assert list(tmp_path.rglob("*")) == []


def test_a_product_that_is_linked_to_nowhere_names_another_way(archive: Archive, described: list[dict[str, Any]], tmp_path: Path) -> None:
    product = replace(listed(archive, described[0]["id"]), links=(("thumbnail", f"{archive.address}/a.jpg", "image/jpeg"),))
    with pytest.raises(UnsupportedError) as error:
        shelf(tmp_path).get(product)
    assert "earthweave catalogue list" in error.value.way_out


def test_what_lies_here_is_found_whatever_its_name(archive: Archive, described: list[dict[str, Any]], tmp_path: Path) -> None:
    path = tmp_path / "a b%20c.zip"
    path.write_bytes(b"x")
    (tmp_path / "item.json").write_text("{}")
    product = replace(listed(archive, described[0]["id"]), links=(("self", str(tmp_path / "item.json"), ""), ("data", path.as_uri(), "")))
    assert local_path(product) == path
    assert shelf(tmp_path / "never").get(product) == path
    assert local_path(replace(product, links=product.links[:1])) is None, "the item itself is no scene"


def test_objects_that_are_here_are_not_fetched_again(
    archive: Archive, described: list[dict[str, Any]], tmp_path: Path, monkeypatch: Any
) -> None:
    id = described[0]["id"]
    links = tuple((name, f"s3://eodata/a/{id}.SAFE/{name}", "") for name in ("manifest.safe", "GRANULE/b.jp2"))
    product = replace(listed(archive, id), links=links)
    objects = {href.removeprefix("s3://eodata/"): name.encode() for name, href, _ in links}
    taken = list[str]()

    def take(bucket: str, key: str, path: str) -> None:
        taken.append(key)
        if len(taken) == 2:
            raise KeyError("cut off")
        Path(path).write_bytes(objects[key])

    pages = SimpleNamespace(paginate=lambda Bucket, Prefix: [{"Contents": [{"Key": key, "Size": len(objects[key])} for key in objects]}])
    client = SimpleNamespace(get_paginator=lambda _: pages, download_file=take)
    monkeypatch.setitem(sys.modules, "boto3", SimpleNamespace(client=lambda kind, endpoint_url: client))
    errors = SimpleNamespace(BotoCoreError=type("BotoCoreError", (Exception,), {}), ClientError=KeyError)
    monkeypatch.setitem(sys.modules, "botocore", SimpleNamespace(exceptions=errors))
    monkeypatch.setitem(sys.modules, "botocore.exceptions", errors)
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    with pytest.raises(ProcessingError, match="does not give"):
        download(product, tmp_path, environment=keys)
    path = download(product, tmp_path, environment=keys)
    assert (path.name, sorted(one.read_bytes() for one in path.rglob("*") if one.is_file())) == (f"{id}.SAFE", sorted(objects.values()))
    first, second = objects
    assert taken == [first, second, second]


def test_a_search_without_a_pair_leaves_nothing(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(ProcessingError, match="no pair of scenes was found") as error:
        run_recorded(
            SPEC, {**GIVEN, "scenes": archive.address, "coverage": 99, "store": tmp_path / "store", "output_path": tmp_path / "out"}
        )
    assert "--coverage 3 would take" in error.value.way_out
    assert not [one for one in tmp_path.rglob("*") if one.is_file()]
