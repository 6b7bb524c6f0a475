"""The content key: the same for the same run, however it was said; another for any other run."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.ontology import CRS84, BBox, Source
from earthweave.processing import Parameters, ServiceSpec, run_service, service
from earthweave.processing.frame import Context, Outcome, Product, altered, checked, content_key, digest, parameter, spelled_out


class _Taken(Parameters):
    """Parameters of every kind."""

    output_path: Path = parameter(..., "folder for the results", options=["--output_path"], role="output")
    input: Path | None = parameter(None, "an input", options=["--input"], role="input")
    many: tuple[Path, ...] = parameter((), "more inputs", options=["--many"], role="input")
    aoi: str = parameter("", "area", options=["--aoi"], role="aoi")
    place: Path = parameter(Path("store"), "a place", options=["--place"])
    number: float = parameter(1.5, "a number", options=["--number"])
    names: tuple[str, ...] = parameter(("a", "b"), "names", options=["--names"])


def _run(p: _Taken, context: Context) -> Outcome:
    (context.folder / "made").mkdir()
    for name in ("one", "made/two"):
        (context.folder / name).write_text(name)
    product = Product("one", context.folder / "one", "vector", "one", "One", "text/plain", CRS84, BBox(0, 0, 1, 1), None)
    return Outcome((product,), (Source("x", "sha256:0"),), {})


SPEC = ServiceSpec("taken", "Taken", "1", "Taken", "", _Taken, (), _run)


def _key(values: dict[str, Any], spec: ServiceSpec = SPEC) -> str:
    return content_key(spec, checked(spec.parameters, {"output_path": "/somewhere", **values}, "Taken"))


DEFAULTS = {"number": 1.5, "names": ["a", "b"], "place": "store", "aoi": "", "many": [], "input": None}


@settings(max_examples=60)
@given(
    st.permutations(list(DEFAULTS)),
    st.integers(0, 6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.text(max_size=5), max_size=3),
)
def test_order_and_defaults_that_are_said_do_not_matter(order: list[str], said: int, number: float, names: list[str]) -> None:
    chosen = {"number": number, "names": names}
    spoken = {name: DEFAULTS[name] for name in order[:said] if name not in chosen}
    assert _key({**spoken, **chosen}) == _key({**chosen, **dict(reversed(spoken.items()))}) == _key(chosen)
    assert (_key(chosen) == _key({})) == (number == 1.5 and names == ["a", "b"])


@settings(max_examples=60)
@given(st.lists(st.sampled_from([".", "x/..", "x/./y/../..", "../paths"]), max_size=4), st.booleans())
def test_equal_paths_are_equal(tmp_path_factory: pytest.TempPathFactory, detours: list[str], relative: bool) -> None:
    folder = tmp_path_factory.getbasetemp() / "paths"
    (folder / "x" / "y").mkdir(parents=True, exist_ok=True)
    (folder / "in.txt").write_text("the same")
    straight = folder / "in.txt"
    said = "/".join([os.path.relpath(folder) if relative else str(folder), *detours, "in.txt"])
    assert _key({"input": said}) == _key({"input": straight})
    assert _key({"many": [said, straight]}) == _key({"many": [straight, straight]})
    assert _key({"place": said}) == _key({"place": straight})


def test_content_counts_and_place_does_not(tmp_path: Path) -> None:
    keys = {}
    for place, name, text in (("a", "in.txt", "one"), ("b", "in.txt", "one"), ("c", "in.txt", "two"), ("d", "other.txt", "one")):
        (tmp_path / place).mkdir()
        (tmp_path / place / name).write_text(text)
        keys[place] = _key({"input": tmp_path / place / name})
    assert keys["a"] == keys["b"]
    assert len({*keys.values(), _key({}), _key({"input": tmp_path / "nowhere" / "in.txt"})}) == 5


def test_every_file_of_a_folder_counts(tmp_path: Path) -> None:
    scene = tmp_path / "scene.SAFE"
    (scene / "deep").mkdir(parents=True)
    (scene / "deep" / "band").write_text("1")
    before = _key({"input": scene})
    (scene / "deep" / "band").write_text("2")
    changed = _key({"input": scene})
    (scene / "more").write_text("")
    assert len({before, changed, _key({"input": scene})}) == 3


@pytest.mark.parametrize(("name", "beside"), [("water.shp", "water.prj"), ("water.shp", "water.dbf"), ("change.tif", "change.tif.aux.xml"),
                                             ("change.tif", "change.tfw"), ("change.tif", "change.tif.msk")])  # fmt: skip
def test_what_is_read_with_an_input_counts_too(tmp_path: Path, name: str, beside: str) -> None:
    (tmp_path / name).write_text("x")
    keys = [_key({"input": tmp_path / name})]
    for text in ("a", "b"):
        (tmp_path / beside).write_text(text)
        keys.append(_key({"input": tmp_path / name}))
    (tmp_path / "another.txt").write_text("x")
    assert len(set(keys)) == 3 and keys[-1] == _key({"input": tmp_path / name})


def test_the_file_of_an_area_counts_by_content(tmp_path: Path) -> None:
    area = tmp_path / "area.geojson"
    area.write_text("{}")
    before = _key({"aoi": str(area)})
    area.write_text("{ }")
    assert _key({"aoi": str(area)}) != before


def test_service_version_and_output_name_count_and_output_folder_does_not(tmp_path: Path) -> None:
    assert _key({}) == _key({"output_path": tmp_path})
    assert _key({}) != _key({}, replace(SPEC, version="2")) != _key({}, replace(SPEC, id="other", version="2"))
    mask = service("flood-mask")
    keys = [content_key(mask, checked(mask.parameters, {"input": "x.tif", "output_path": name}, "x"))
            for name in ("/a/m.shp", "/b/m.shp", "/a/m.gpkg")]  # fmt: skip
    assert keys[0] == keys[1] != keys[2]


def test_a_special_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert _key({"input": tmp_path / "pipe"}) == _key({"input": tmp_path / "none" / "pipe"})


def test_spelled_out_is_what_was_said_for_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = {"output_path": "out", "input": "in.txt", "many": ["x", "/y"], "aoi": "a.geojson", "number": 2}
    values = checked(_Taken, said, "Taken")
    expected = {"output_path": "out", "input": "in.txt", "many": [f"{tmp_path}/x", "/y"], "aoi": f"{tmp_path}/a.geojson", "number": 2.0}
    expected |= {name: f"{tmp_path}/{expected[name]}" for name in ("output_path", "input")}
    assert spelled_out(values) == expected
    assert json.loads(json.dumps(expected)) == expected
    assert content_key(SPEC, checked(_Taken, expected, "Taken")) == content_key(SPEC, values)


def test_the_record_holds_the_key_and_finds_what_was_altered(tmp_path: Path) -> None:
    result = run_service(SPEC, {"output_path": tmp_path / "out"})
    assert result.report["key"] == _key({})
    assert set(result.report["files"]) == {"one", "made/two", "item.json"}
    assert altered(result.record) == ()
    (tmp_path / "out" / "made" / "two").write_text("three")
    (tmp_path / "out" / "one").unlink()
    assert set(altered(result.record)) == {"one", "made/two"}
    result.record.write_text("no record")
    assert altered(result.record) == ("run.json",)


def test_a_digest_follows_a_file_that_changes_in_place(tmp_path: Path) -> None:
    path = tmp_path / "x"
    found = set()
    for number in range(20):
        path.write_bytes(bytes([number]))
        found.add(digest(path))
    assert len(found) == 20


def test_a_tilde_that_stands_for_nobody_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    values = checked(_Taken, {"output_path": "out", "input": "~nobody-has-this-name/in.txt"}, "Taken")
    assert spelled_out(values)["input"] == f"{tmp_path}/~nobody-has-this-name/in.txt"
    assert content_key(SPEC, values) == _key({"input": "nowhere/in.txt"})


def test_records_tell_names_alone_of_lists_of_paths(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("x")
    result = run_service(SPEC, {"output_path": tmp_path / "out", "many": [tmp_path / "in.txt", "/else/where.txt"]})
    assert result.report["parameters"]["many"] == ["in.txt", "where.txt"]
    assert str(tmp_path) not in result.record.read_text()
