"""Every registered service keeps what its descriptor says, however it is called: Python, command line in all spellings, JSON Schema."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import jsonschema
import pytest
from click.testing import CliRunner

from earthweave.ontology import EarthweaveError, ParameterError
from earthweave.processing import Estimate, ServiceSpec, run_service
from earthweave.processing.frame import Described, checked, described
from earthweave.server.cli._console import Outcome
from earthweave.server.cli._process_verbs import said, service_command
from earthweave.server.workflows import registry

SPECS = registry()
SEEDS = {
    "input": ("-i", "--input"),
    "input1": ("-i1", "--input1"),
    "input2": ("-i2", "--input2"),
    "aoi": ("-p", "--AoI"),
    "bands": ("-b", "--bands"),
    "resolution": ("-r", "--resolution"),
    "output_path": ("-outdir", "--output_path"),
    "projection": ("--projection",),
    "output_format": ("--output_format",),
    "cloud_mask": ("--cloudmask",),
    "land_sea_mask": ("--landseamask",),
    "number_of_classes": ("--numberOfClasses",),
    "reference_vector": ("--referenceVector",),
    "level_confidence": ("--levelConfidence",),
}
"""Spellings of the AI4Copernicus services: the long ones of the slides, the short ones of the tutorial."""
EACH = pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id)
FIELDS = [(spec, one) for spec in SPECS for one in described(spec.parameters)]
EACH_FIELD = pytest.mark.parametrize(("spec", "one"), FIELDS, ids=[f"{spec.id}-{one.name}" for spec, one in FIELDS])
CHECKER = jsonschema.FormatChecker(formats=())


@CHECKER.checks("date-time", raises=ValueError)
def _is_time(text: object) -> bool:
    from datetime import datetime

    return not isinstance(text, str) or bool(datetime.fromisoformat(text))


# -- values just inside and just outside of what a schema declares


@dataclass(frozen=True)
class Case:
    """A JSON value for one parameter, and whether its schema allows it."""

    value: Any
    good: bool


def _inside(schema: Mapping[str, Any]) -> Any:
    """A value that a schema allows."""
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    if "examples" in schema:
        return schema["examples"][0]
    kind = schema.get("type")
    if kind in ("number", "integer"):
        return next(iter(case.value for case in _numbers(schema) if case.good), 1)
    if kind == "array":
        items = schema.get("items", {})
        return [_inside(items)] * max(1, schema.get("minItems", 1))
    return {"boolean": True, "null": None}.get(str(kind), "2021-03-15T00:02:41Z" if schema.get("format") == "date-time" else "B3")


def _numbers(schema: Mapping[str, Any]) -> Iterator[Case]:
    whole = schema["type"] == "integer"
    for key, sign, included in (
        ("minimum", -1, True),
        ("exclusiveMinimum", -1, False),
        ("maximum", 1, True),
        ("exclusiveMaximum", 1, False),
    ):
        if key in schema:
            bound = schema[key]
            beyond, within = (bound + way if whole else math.nextafter(bound, math.inf * way) for way in (sign, -sign))
            yield Case(bound, included)
            yield Case(beyond, False)
            yield Case(within, True)


def _of_kind(schema: Mapping[str, Any]) -> Iterator[Case]:
    """Cases of one alternative of a parameter."""
    kind = schema.get("type")
    for choice in [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]:
        yield Case(choice, True)
    if kind in ("number", "integer") and "enum" not in schema:
        yield from _numbers(schema)
        yield Case("many", False)
        yield (
            Case(1.5, kind == "number")
            if not {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} & set(schema)
            else Case([], False)
        )
    if kind == "array":
        items = schema.get("items", {})
        for count in {schema.get("minItems", 0), schema.get("maxItems", 3)}:
            yield Case([_inside(items)] * count, True)
        if schema.get("minItems"):
            yield Case([_inside(items)] * (schema["minItems"] - 1), False)
        if "maxItems" in schema:
            yield Case([_inside(items)] * (schema["maxItems"] + 1), False)
        for case in _of_kind(items):
            yield Case([case.value] * max(1, schema.get("minItems", 1)), case.good)
    if kind == "string" and "pattern" in schema:
        yield from (Case(text, False) for text in ("1 x\n", "", "x" * 300) if not re.search(schema["pattern"], text))
    if kind == "string" and schema.get("minLength"):
        yield Case("x" * (schema["minLength"] - 1), False)
    if kind == "string" and "maxLength" in schema:
        yield Case("x" * (schema["maxLength"] + 1), False)
    if schema.get("format") == "date-time":
        yield from (Case("2021-03-15T00:02:41Z", True), Case("yesterday", False))


VALIDATORS = {spec.id: jsonschema.Draft202012Validator(spec.parameters.model_json_schema(), format_checker=CHECKER) for spec in SPECS}


def _validator(spec: ServiceSpec) -> jsonschema.Draft202012Validator:
    return VALIDATORS[spec.id]


def _cases(spec: ServiceSpec, one: Described) -> list[Case]:
    """Cases of a parameter; a value that one alternative refuses is good if another takes it, so the whole schema has the last word."""
    found = [case for schema in one.schemas for case in _of_kind(schema)]
    found += [Case("no such choice", False)] if one.choices and not one.free else []
    found += [Case({"an": "object"}, False)]
    others = [schema for schema in one.schemas]
    judged = []
    for case in found:
        takes = [jsonschema.Draft202012Validator(dict(schema), format_checker=CHECKER).is_valid(case.value) for schema in others]
        assert case.good <= any(takes), f"{one.name} = {case.value!r} is inside, and its own schema refuses it"
        judged.append(Case(case.value, any(takes)))
    if one.default is not None:
        judged.append(Case(one.default, True))
    return judged


def _given(spec: ServiceSpec, **more: Any) -> dict[str, Any]:
    """What must be given, and more."""
    needed = {one.name: _needed(one) for one in described(spec.parameters) if one.required}
    return {**needed, **more}


def _needed(one: Described) -> Any:
    """A value for a required parameter; a file or folder is one that is not there."""
    if one.role == "aoi":
        return "POLYGON((150.6 -33.5, 150.9 -33.5, 150.9 -33.7, 150.6 -33.5))"
    if one.role == "output":
        return f"/nowhere/out{one.suffixes[0] if one.suffixes else ''}"
    if one.types == {"string"} and not any({"pattern", "format", "examples"} & set(schema) - {"format"} for schema in one.schemas):
        timed = any(schema.get("format") == "date-time" for schema in one.schemas)
        return "2021-03-15T00:02:41Z" if timed else f"/nowhere/{one.name}"
    if one.types == {"array"} and one.role == "input":
        return [f"/nowhere/{one.name}"]
    return _inside(one.schemas[0])


# -- the descriptor is complete


@EACH
def test_the_description_is_complete(spec: ServiceSpec) -> None:
    told = spec.describe()
    assert json.loads(json.dumps(told)) == told
    assert re.fullmatch(r"[a-z][a-z0-9-]*", told["id"]) and re.fullmatch(r"[A-Z][A-Za-z0-9-]*", told["executable"])
    assert told["executable"].lower() == told["id"] and re.fullmatch(r"\d+(\.\d+)+", told["version"])
    assert told["title"] and not told["title"].endswith(".") and "(" not in told["title"][:1]
    assert "Limits: " in told["abstract"], "say what it cannot do"
    assert told["domain"] and len(told["keywords"]) >= 2 and told["licence"]
    assert told["attribution"] or told["licence"].startswith("follows the input")
    assert told["references"] and all(row["citation"] for row in told["references"])
    assert all(re.fullmatch(r"(10\.\d{4,}/\S+)?", row["doi"]) for row in told["references"])
    assert told["estimates"], "what a run costs must be known before it"
    assert inspect.getdoc(spec.parameters)
    jsonschema.Draft202012Validator.check_schema(told["parameters"])


@EACH
def test_ids_and_executables_are_unique(spec: ServiceSpec) -> None:
    assert sum(spec.id == other.id or spec.executable == other.executable for other in SPECS) == 1


@EACH
def test_outputs_are_declared_with_role_kind_and_media_type(spec: ServiceSpec) -> None:
    assert spec.outputs
    roles = [output.role for output in spec.outputs]
    assert len(roles) == len(set(roles)) and all(re.fullmatch(r"[a-z][a-z0-9_]*", role) for role in roles)
    for output in spec.outputs:
        assert output.kind in ("raster", "vector", "table", "document")
        assert re.fullmatch(r"(application|image|text)/[\w.+-]+(; [\w.-]+=[\w.-]+)*", output.media_type), output.media_type
        assert output.naming and output.description


@EACH
def test_questions_fill_parameters(spec: ServiceSpec) -> None:
    names = {one.name for one in described(spec.parameters)}
    assert spec.questions
    for question in spec.questions:
        assert question.text.endswith("?") or question.text[0].isupper()
        assert set(re.findall(r"\{(\w+)\}", question.text)) == set(question.slots), question.text
        assert set(question.slots.values()) <= names, question.text


@EACH_FIELD
def test_a_parameter_is_described(spec: ServiceSpec, one: Described) -> None:
    assert one.description and not re.match("[A-Z][a-z]+ ", one.description) and not one.description.endswith(".")
    assert one.role in {"input", "aoi", "option", "output"}
    assert one.options and all(re.fullmatch(r"--?[A-Za-z][\w-]*", option) for option in one.options)
    assert any(option.startswith("--") for option in one.options)
    assert (one.name == "output_path") == (one.role == "output")
    assert one.role == "aoi" or one.name != "aoi"
    bounded = any(key in schema for schema in one.schemas for key in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"))
    if one.types & {"number"} and not one.types & {"array"}:
        assert bounded or one.unit, "a quantity has bounds, or at least a unit"


@EACH
def test_the_spellings_of_the_seeds_mean_what_they_meant(spec: ServiceSpec) -> None:
    """Long and short style; ``-outdir`` is a folder, so a service that names its file has not got it."""
    found = {option: one for one in described(spec.parameters) for option in one.options}
    assert len(found) == sum(len(one.options) for one in described(spec.parameters)), "an option means two things"
    for name, options in SEEDS.items():
        one = next((one for one in described(spec.parameters) if one.name == name), None)
        for option in options:
            if option == "-outdir" and one is not None and one.suffixes:
                assert option not in found
            elif one is not None:
                assert option in one.options, f"{name} has no {option}"
            else:
                assert option not in found, f"{option} is not {name} here"


# -- each bound, choice and type: Python, JSON Schema, command line


@EACH_FIELD
def test_python_and_json_schema_take_and_refuse_the_same(spec: ServiceSpec, one: Described) -> None:
    for case in _cases(spec, one):
        given = _given(spec, **{one.name: case.value})
        assert _validator(spec).is_valid(given) == case.good, (case, list(_validator(spec).iter_errors(given)))
        if case.good:
            checked(spec.parameters, given, spec.executable)
            continue
        with pytest.raises(ParameterError) as caught:
            run_service(spec, given)
        _explained(caught.value.what, caught.value.why, caught.value.way_out, spec, one)
        assert repr(case.value)[:150] in caught.value.what


def _explained(what: str, why: str, way_out: str, spec: ServiceSpec, one: Described) -> None:
    """The error names the service, the parameter, the reason and the way out with bounds, choices and meaning."""
    assert spec.executable in what and one.name in what
    assert f"{one.name}: " in why
    assert one.options[0] in way_out and one.description in way_out
    assert all(bound in way_out for bound in one.bounds) and all(str(choice) in way_out for choice in one.choices)


@EACH_FIELD
def test_not_a_number_and_infinity_are_refused(spec: ServiceSpec, one: Described) -> None:
    if not one.types & {"number"}:
        return
    for value in (math.nan, math.inf, -math.inf, "nan", "inf"):
        with pytest.raises(ParameterError, match=one.name):
            checked(spec.parameters, _given(spec, **{one.name: value}), spec.executable)


@EACH
def test_missing_and_unknown_names_are_told(spec: ServiceSpec) -> None:
    whole = _given(spec)
    assert _validator(spec).is_valid(whole)
    for name in whole:
        rest = {key: value for key, value in whole.items() if key != name}
        assert not _validator(spec).is_valid(rest)
        with pytest.raises(ParameterError, match=f"{name} is missing") as caught:
            run_service(spec, rest)
        assert caught.value.why and caught.value.way_out
    assert not _validator(spec).is_valid({**whole, "colour": "red"})
    with pytest.raises(ParameterError, match="colour = 'red'") as caught:
        run_service(spec, {**whole, "colour": "red"})
    assert all(one.name in caught.value.way_out for one in described(spec.parameters))


def _command(spec: ServiceSpec) -> click.Command:
    """The very command of the service, which checks its parameters and prints them instead of running."""

    def work(**given: Any) -> Outcome:
        values = checked(spec.parameters, said(given), spec.executable)
        return Outcome({}, json.dumps(values.model_dump(mode="json")))

    return service_command(spec, work=work)


COMMANDS = {spec.id: _command(spec) for spec in SPECS}


def _line(one: Described, option: str, value: Any) -> list[str]:
    if isinstance(value, bool):
        return [option] if value else [f"--no-{option.lstrip('-')}"]
    return [option, ",".join(map(str, value)) if isinstance(value, list) else str(value)]


def _called(spec: ServiceSpec, line: list[str], *leave: str) -> tuple[int, str, Any]:
    """Exit status, what was told, and the parameters as the service has them."""
    fixed = [
        part
        for one in described(spec.parameters)
        if one.required and one.name not in leave
        for part in _line(one, one.options[-1], _needed(one))
    ]
    done = CliRunner().invoke(COMMANDS[spec.id], [*fixed, *line])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr, json.loads(done.stdout) if done.exit_code == 0 else None


def _plain(value: Any) -> bool:
    """Whether a command line can say it."""
    return not isinstance(value, dict) and value is not None and value != []


@EACH_FIELD
def test_every_spelling_takes_and_refuses_what_python_does(spec: ServiceSpec, one: Described) -> None:
    cases = [case for case in _cases(spec, one) if _plain(case.value)]
    if one.types - {"null"} == {"boolean"}:
        cases = [Case(True, True), Case(False, True)]
    for number, case in enumerate(cases or [Case(_needed(one), True)]):
        # every case in the preferred spelling, the first ones in all of them
        for option in one.options if number < 2 else one.options[:1]:
            status, told, values = _called(spec, _line(one, option, case.value), one.name)
            if case.good:
                expected = checked(spec.parameters, _given(spec, **{one.name: case.value}), spec.executable).model_dump(mode="json")
                assert (status, values) == (0, expected), told
            else:
                assert status == 2 and (one.name in told or option in told), told
                assert "error:" in told.lower()


@EACH
def test_the_command_line_tells_missing_and_unknown_options(spec: ServiceSpec) -> None:
    for one in described(spec.parameters):
        if one.required:
            status, told, _ = _called(spec, [], one.name)
            assert status == 2 and f"{one.name} is missing" in told and one.options[0] in told
    status, told, _ = _called(spec, ["--colour", "red"])
    assert status == 2 and "--colour" in told


@EACH
def test_help_says_every_option_with_bounds_unit_and_default(spec: ServiceSpec) -> None:
    done = CliRunner().invoke(service_command(spec), ["--help"], terminal_width=1000)
    shown = " ".join(done.stdout.split())
    assert done.exit_code == 0 and spec.title in shown
    for one in described(spec.parameters):
        assert all(option in shown for option in one.options), one.name
        assert one.description in shown and one.unit in shown
        assert all(bound in shown for bound in one.bounds) and all(str(choice) in shown for choice in one.choices)


# -- what a run would cost


@EACH
def test_an_estimate_of_what_is_not_there_is_refused_or_given(spec: ServiceSpec) -> None:
    assert spec.estimate is not None
    values = checked(spec.parameters, _given(spec), spec.executable)
    try:
        found = spec.estimate(values)
    except EarthweaveError as error:
        assert error.what and error.way_out
    else:
        assert isinstance(found, Estimate) and found.seconds >= 0 and found.memory_mib > 0 and found.note


@EACH
def test_input_that_is_nowhere_is_named_and_nothing_is_left(spec: ServiceSpec, tmp_path: Path) -> None:
    one = next(one for one in described(spec.parameters) if one.role == "output")
    inputs = [one for one in described(spec.parameters) if one.role == "input" and one.required]
    if not inputs:
        return
    target = tmp_path / f"out{one.suffixes[0] if one.suffixes else ''}"
    with pytest.raises(EarthweaveError) as caught:
        run_service(spec, _given(spec, output_path=target))
    assert caught.value.why and caught.value.way_out
    assert any(str(_needed(one)).rpartition("/")[2].strip("[]'") in str(caught.value) for one in inputs)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
