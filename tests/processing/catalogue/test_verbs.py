"""``earthweave catalogue``: searches replayed from recorded replies and sent to a loopback server, and downloads that cannot be made."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from earthweave.ontology import ForbiddenError, Interval, MissingDependencyError, ProcessingError, UnsupportedError
from earthweave.processing.catalogue import KNOWN, Found, ODataCatalogue, Recorder, Search, read_items
from earthweave.server.cli import main
from earthweave.server.store import open_store
from earthweave.server.workflows import download

from .conftest import Desk

NAME = "S2A_MSIL1C_20200808T010311_N0500_R045_T54PXA_20230413T212505"
DATES = ("--from", "2020-08-08", "--to", "2020-08-15")


def run(*arguments: str) -> Result:
    done = CliRunner().invoke(main, ["catalogue", *arguments])
    assert isinstance(done.exception, SystemExit | None), done.exc_info
    return done


@pytest.fixture(scope="module")
def kept(replies: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording of one search of the Copernicus Data Space."""
    folder = tmp_path_factory.mktemp("kept")
    [cdse] = [one for one in KNOWN if one.name == "cdse"]
    body = (replies / "cop_dataspace_search.json").read_bytes()
    recorder = Recorder(Desk(lambda path, said: body), folder, lambda: datetime(2026, 11, 22, tzinfo=UTC))
    search = Search("SENTINEL-2", time=Interval.parse("2020-08-08", "2020-08-16"), level="L1C", limit=2)
    assert len(list(ODataCatalogue(cdse.url, recorder).search(search))) == 2
    return folder


def test_the_known_ones_are_listed() -> None:
    done = run("list", "--json")
    assert [one["name"] for one in json.loads(done.stdout)["result"]] == [one.name for one in KNOWN]


def test_a_search_offline_says_so(kept: Path) -> None:
    done = run("search", "cdse", *DATES, "--level", "L1C", "--limit", "2", "--replay", str(kept))
    assert done.exit_code == 0, done.stderr
    assert NAME in done.stdout
    assert "(2 products)" in done.stdout
    assert "offline: 1 replies replayed" in done.stderr
    assert "cut at 2 products" in done.stderr
    body = json.loads(run("search", "cdse", *DATES, "--level", "L1C", "--limit", "2", "--replay", str(kept), "--json").stdout)
    first = body["result"]["products"][0]
    assert (first["id"], first["tile"], first["size"], first["start"][:10]) == (NAME, "54PXA", 224105657, "2020-08-08")
    other = run("search", "cdse", "--from", "2021-01-01", "--replay", str(kept))
    assert other.exit_code == 2
    assert "was not recorded" in other.stderr


def test_found_products_go_to_files_and_stores(kept: Path, tmp_path: Path) -> None:
    given = ("search", "cdse", *DATES, "--level", "L1C", "--limit", "2", "--replay", str(kept))
    (tmp_path / "found.geojson").write_text(run(*given, "--geojson").stdout)
    assert [one.id for one in read_items(tmp_path / "found.geojson")][0] == NAME
    done = run(*given, "--store", str(tmp_path / "store"))
    assert "new statements into" in done.stdout, done.stderr
    again = run("load", str(tmp_path / "found.geojson"), "--store", str(tmp_path / "store"))
    assert "statements about 2 products" in again.stdout, again.stderr
    with open_store(tmp_path / "store") as store:
        assert store.statistics().triples == int(re.findall(r"([\d,]+) new statements", done.stdout)[0].replace(",", ""))


def test_scenes_in_a_folder(pair: tuple[Path, Path]) -> None:
    done = run("search", str(pair[0].parent), "--aoi", "POLYGON((150.7 -33.7, 150.8 -33.7, 150.8 -33.6, 150.7 -33.7))")
    assert done.stdout.count("56HKH") == 2 * 2, "tile and name"


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("search", "nowhere"), 2, "there is no catalogue nowhere"),
        (("search", "https://c.example/stac"), 2, "EARTHWEAVE_CATALOGUE_ALLOW"),
        (("search", "cdse", "--from", "spring"), 2, "spring: no dates"),
        (("search", "cdse", "--to", "9999-12-31"), 2, "9999-12-31: no dates"),
        (("search", "cdse", "--from", "0001-01-01T00:00:00+14:00"), 2, "no dates"),
        (("search", "cdse", "--from", "2021-03-02", "--to", "2021-02-01"), 2, "before it starts"),
        (("search", "cdse", "--aoi", "POINT(1 2)"), 2, "it is not an area"),
        (("search", "cdse", "--record", "a", "--replay", "b"), 2, "exclude each other"),
        (("search", "cdse", "--replay", "nothing-here"), 2, "holds no recorded search"),
    ],
)
def test_wrong_searches_are_told(arguments: tuple[str, ...], code: int, told: str) -> None:
    done = run(*arguments)
    assert (done.exit_code, told in done.stderr) == (code, True), done.stderr


def test_an_operator_may_forbid_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARTHWEAVE_CATALOGUE_ALLOW", "none")
    done = run("search", "cdse", "--from", "2021-03-15")
    assert done.exit_code == 2
    assert "none is allowed" in done.stderr


@pytest.fixture
def product(replies: Path) -> Found:
    """A product of the Copernicus Data Space."""
    body = (replies / "cop_dataspace_search.json").read_bytes()
    return next(iter(ODataCatalogue("https://c.example", Desk(lambda path, said: body), name="cdse").search(Search(limit=1))))


def test_a_download_without_the_extra_or_an_account(product: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for way, library, environment in (("eodag", "eodag", {}), ("s3", "boto3", {})):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(MissingDependencyError, match=f"needs {library}") as missing:
            download(product, tmp_path, way=way, environment=environment)
        assert "earthweave[catalogue]" in missing.value.way_out
        monkeypatch.setitem(sys.modules, library, ModuleType(library))
        with pytest.raises(ForbiddenError, match="cdse gives") as raised:
            download(product, tmp_path, way=way, environment={"HOME": str(tmp_path)})
        assert {"eodag": "EODAG__COP_DATASPACE__AUTH__CREDENTIALS__USERNAME", "s3": "AWS_ACCESS_KEY_ID"}[way] in str(raised.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("cop_dataspace:\n  auth:\n    credentials:\n      username:\n      password:\n", False),
        ("creodias:\n  auth:\n    credentials:\n      username: me\n", False),
        ("[]", False),
        ("cop_dataspace:\n  auth:\n    credentials:\n      username: me\n      password: x\n", True),
    ],
)
def test_empty_accounts_of_the_file_are_none(
    text: str, told: bool, product: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".config/eodag").mkdir(parents=True)
    (tmp_path / ".config/eodag/eodag.yml").write_text(text)
    eodag = SimpleNamespace(
        utils=SimpleNamespace(ProgressCallback=object), EODataAccessGateway=lambda: (_ for _ in ()).throw(OSError("asked"))
    )
    monkeypatch.setitem(sys.modules, "eodag", eodag)
    monkeypatch.setitem(sys.modules, "eodag.utils.exceptions", SimpleNamespace(EodagError=KeyError))
    with pytest.raises(ProcessingError if told else ForbiddenError, match="does not give" if told else "no account is set"):
        download(product, tmp_path / "out", environment={"HOME": str(tmp_path)})


def test_a_download_from_elsewhere_and_of_what_is_here(product: Found, pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="cannot be fetched"):
        download(replace(product, catalogue="c.example"), tmp_path, environment={})
    with pytest.raises(UnsupportedError, match="does not lie in an object store"):
        download(replace(product, links=product.links[:1]), tmp_path, way="s3", environment={})
    here = replace(product, links=(("data", str(pair[0]), ""),))
    assert download(here, tmp_path / "never", environment={}) == pair[0]
    assert not (tmp_path / "never").exists()


class Bucket:
    """An object store in memory, with the three calls of boto3 that are made."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, Bucket: str, Prefix: str) -> Any:
        keys = [one for one in self.objects if one.startswith(Prefix)]
        return [{"Contents": [{"Key": one} for one in keys[start : start + 2]]} for start in range(0, len(keys), 2)] or [{}]

    def download_file(self, bucket: str, key: str, path: str) -> None:
        Path(path).write_bytes(self.objects[key])


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """The object store that boto3 leads to; the error types are those of botocore by name."""
    found = Bucket({})
    monkeypatch.setitem(sys.modules, "boto3", SimpleNamespace(client=lambda kind, endpoint_url: found))
    errors = SimpleNamespace(BotoCoreError=type("BotoCoreError", (Exception,), {}), ClientError=KeyError)
    monkeypatch.setitem(sys.modules, "botocore", SimpleNamespace(exceptions=errors))
    monkeypatch.setitem(sys.modules, "botocore.exceptions", errors)
    return found


KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


def test_objects_become_a_folder_that_is_whole(product: Found, bucket: Bucket, tmp_path: Path) -> None:
    prefix = f"Sentinel-2/MSI/L1C_N0500/2020/08/08/{NAME}.SAFE"
    bucket.objects = {
        f"{prefix}/manifest.safe": b"m",
        f"{prefix}/GRANULE/a/b.jp2": b"j",
        f"{prefix}-other/x": b"o",
        f"{prefix}/empty/": b"",
    }
    path = download(product, tmp_path, environment=KEYS)
    assert path == tmp_path / f"{NAME}.SAFE"
    files = sorted(one.relative_to(path).as_posix() for one in path.rglob("*") if one.is_file())
    assert files == ["GRANULE/a/b.jp2", "manifest.safe"]
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(("name", "told"), [("../../../out", "leads out of the product"), ("a//b", "leads out"), ("a\\b", "leads out")])
def test_objects_cannot_leave_their_folder(name: str, told: str, product: Found, bucket: Bucket, tmp_path: Path) -> None:
    prefix = f"Sentinel-2/MSI/L1C_N0500/2020/08/08/{NAME}.SAFE"
    bucket.objects = {f"{prefix}/{name}": b"x"}
    with pytest.raises(ProcessingError, match="lists an object") as raised:
        download(product, tmp_path / "in", environment=KEYS)
    assert told in raised.value.why
    assert not (tmp_path / "out").exists()


def test_an_empty_place_is_told(product: Found, bucket: Bucket, tmp_path: Path) -> None:
    with pytest.raises(ProcessingError, match="holds nothing"):
        download(product, tmp_path, environment=KEYS)


def test_the_verb_names_what_a_file_does_not_hold(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(shared / "data/catalog/CS-SI+eodag/tests/resources/eodag_search_result_creodias.geojson")
    done = run("download", path, "--id", "S2X")
    assert (done.exit_code, "holds no product S2X" in done.stderr) == (2, True)
    monkeypatch.setitem(sys.modules, "eodag", None)
    done = run("download", path, "-o", str(tmp_path / "out"))
    assert done.exit_code in (1, 2)
    assert "try" in done.stderr
