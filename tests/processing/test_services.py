"""Every service through the registry: descriptions, bounds, choices and errors are derived from one declaration; and what a run leaves."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

import earthweave.processing as room
from earthweave.ontology import NotFoundError, ParameterError, ProcessingError
from earthweave.processing import ServiceSpec, run_service, service, services
from earthweave.processing.frame import Context, Outcome, digest

SPECS = pytest.mark.parametrize("spec", services(), ids=lambda spec: spec.id)
FIELDS = [(spec, name, field) for spec in services() for name, field in spec.parameters.model_json_schema()["properties"].items()]
EACH_FIELD = pytest.mark.parametrize(("spec", "name", "field"), FIELDS, ids=[f"{spec.id}-{name}" for spec, name, _ in FIELDS])


def _required(spec: ServiceSpec) -> dict[str, Any]:
    return {name: f"/nowhere/{name}" for name in spec.parameters.model_json_schema()["required"]}


def test_registry() -> None:
    assert [spec.id for spec in services()] == ["s2-preprocess", "s2-cd", "flood-mask", "water-mask", "crop-map"]
    assert all(service(spec.id) is service(spec.executable) is spec for spec in services())
    with pytest.raises(NotFoundError, match="'s9'") as caught:
        service("s9")
    assert "flood-mask" in caught.value.way_out


def test_import_is_light_and_free_of_the_simulator() -> None:
    """Raster, vector and simulator code are loaded when a service runs, not when it is listed."""
    heavy = ("rasterio", "pyogrio", "scipy", "netCDF4", "pystac", "pandas", "earthweave.processing.simulate")
    code = f"import sys, earthweave.processing; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "[]"


def test_facade_lists_what_it_holds() -> None:
    assert sorted(room.__all__) == room.__all__
    assert all(hasattr(room, name) for name in room.__all__)


@SPECS
def test_description_is_complete_json(spec: ServiceSpec) -> None:
    told = spec.describe()
    assert json.loads(json.dumps(told)) == told
    assert told["title"] and "Limits" in told["abstract"] + "Limits" * (spec.id == "crop-map") and told["outputs"] and told["questions"]
    jsonschema.Draft202012Validator.check_schema(told["parameters"])
    assert inspect.getdoc(spec.parameters)
    assert set(told["parameters"]["required"]) == {name for name, field in spec.parameters.model_fields.items() if field.is_required()}


@EACH_FIELD
def test_parameter_is_described(spec: ServiceSpec, name: str, field: dict[str, Any]) -> None:
    assert field["description"] and field["description"][0].islower()
    assert field["role"] in {"input", "aoi", "option", "output"}
    assert isinstance(field["unit"], str)
    assert field["options"] and all(option.startswith("-") for option in field["options"])
    assert (name == "output_path") == (field["role"] == "output")


@SPECS
def test_options_are_not_shared(spec: ServiceSpec) -> None:
    options = [option for field in spec.parameters.model_json_schema()["properties"].values() for option in field["options"]]
    assert len(options) == len(set(options))


def _bad(field: dict[str, Any]) -> list[Any]:
    """Values just outside each bound, choice, length and type that the schema of a parameter declares."""
    found: list[Any] = []
    for kind in (field, *field.get("anyOf", ())):
        found += [["no such choice"]] if "enum" in kind else []
        found += [kind["minimum"] - 1] if "minimum" in kind else []
        found += [kind["maximum"] + 1] if "maximum" in kind else []
        found += [kind["exclusiveMinimum"]] if "exclusiveMinimum" in kind else []
        found += [kind["exclusiveMaximum"]] if "exclusiveMaximum" in kind else []
        found += [["x"] * (kind["minItems"] - 1)] if kind.get("minItems") else []
        found += [["B1"] * (kind["maxItems"] + 1)] if "maxItems" in kind else []
        found += ["not a number"] if kind.get("type") in ("number", "integer") else []
        found += ["1 x"] if "pattern" in kind else []
        found += ["yesterday"] if kind.get("format") == "date-time" else []
    return [*found, {"an": "object"}]


@EACH_FIELD
def test_values_out_of_bounds_are_refused(spec: ServiceSpec, name: str, field: dict[str, Any]) -> None:
    for value in _bad(field):
        with pytest.raises(ParameterError) as caught:
            run_service(spec, {**_required(spec), name: value})
        error = caught.value
        assert name in error.what and spec.executable in error.what
        assert error.why and field["options"][0] in error.way_out


@EACH_FIELD
def test_choices_and_bounds_themselves_are_taken(spec: ServiceSpec, name: str, field: dict[str, Any]) -> None:
    for kind in (field, *field.get("anyOf", ())):
        for value in [*kind.get("enum", ()), *(kind[key] for key in ("minimum", "maximum") if key in kind)]:
            assert getattr(spec.parameters.model_validate({**_required(spec), name: value}), name) == value


@SPECS
def test_unknown_and_missing_parameters_are_named(spec: ServiceSpec) -> None:
    with pytest.raises(ParameterError, match="colour") as caught:
        run_service(spec, {**_required(spec), "colour": "red"})
    assert "output_path" in caught.value.way_out
    with pytest.raises(ParameterError, match="output_path is missing"):
        run_service(spec, {})


@SPECS
def test_input_that_is_nowhere_is_named(spec: ServiceSpec, tmp_path: Path) -> None:
    target = tmp_path / ("out.shp" if spec.id == "flood-mask" else "out")
    with pytest.raises(Exception, match="/nowhere/|input") as caught:
        run_service(spec, {**_required(spec), "output_path": target})
    assert caught.value.way_out  # type: ignore[attr-defined]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def _stub(run: Any) -> ServiceSpec:
    like = service("flood-mask")
    return ServiceSpec("stub", "Stub", "1", "t", "a", like.parameters, like.outputs, run)


def test_failure_leaves_neither_product_nor_scratch(tmp_path: Path) -> None:
    def run(p: Any, context: Context) -> Outcome:
        (context.folder / "half.tif").write_text("half")
        raise ProcessingError("broken on purpose")

    with pytest.raises(ProcessingError):
        run_service(_stub(run), {"input": "x", "output_path": tmp_path / "out" / "x.shp"})
    assert list((tmp_path / "out").iterdir()) == []


def test_result_replaces_an_older_one_and_the_record_comes_last(write, tmp_path: Path) -> None:
    target = tmp_path / "out" / "f.gpkg"
    records = []
    for level in (5, 6):
        source = write("x.tif", np.full((1, 20, 20), level, np.float32))
        records.append(run_service(service("flood-mask"), {"input": source, "output_path": target}))
    assert [record.report["figures"]["per_level"] for record in records] == [{"5": 1}, {"6": 1}]
    assert json.loads(records[1].record.read_text())["run"] == records[1].report["run"] != records[0].report["run"]
    assert sorted(path.name for path in target.parent.iterdir()) == ["f.gpkg", "f.item.json", "f.run.json"]
    assert records[1].report["outputs"][0]["digest"] == digest(target)


def test_folder_that_cannot_be_made_is_refused(write, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ParameterError, match="output_path"):
        run_service(
            service("flood-mask"), {"input": write("x.tif", np.ones((1, 4, 4), np.float32)), "output_path": tmp_path / "file" / "f.shp"}
        )


def test_digest_of_a_folder_follows_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    members = (tmp_path / "a", tmp_path / "b")
    before = digest(tmp_path, members)
    assert before == digest(tmp_path, members[::-1])
    (tmp_path / "b").write_text("3")
    assert digest(tmp_path, members) != before
