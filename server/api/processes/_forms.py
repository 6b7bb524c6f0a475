"""A form for a service, made from its descriptor, and what a browser sends of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from earthweave.processing import ServiceSpec
from earthweave.processing.frame import Described, described

from ._descriptions import OUTPUT

TOKEN = "token"
PREFIX = "input-"
"""What the names of the fields of inputs begin with."""
_NUMBERS = {"integer": "1", "number": "any"}


@dataclass(frozen=True)
class Field:
    """One field of a form.

    Attributes:
        name: of the parameter.
        label, help, unit: for people.
        hint: choices and bounds in words.
        required: whether it must be filled.
        choices: to choose from; empty for a line of text.
        step: ``1`` or ``any`` for a number, else empty.
        least, most: bounds of a number that are allowed themselves; None where there are none.
        default: what is taken if nothing is said.
        long: whether the text may be long.
        value: what was filled in.
        error: what is wrong with it.
    """

    name: str
    label: str
    help: str
    unit: str
    hint: str
    required: bool
    choices: tuple[str, ...]
    step: str
    least: float | None
    most: float | None
    default: str
    long: bool
    value: str
    error: str


def fields(spec: ServiceSpec, hidden: set[str], values: Mapping[str, str], errors: Mapping[str, str]) -> list[Field]:
    """The fields of the form of a service, those that must be filled first."""
    shown = [one for one in described(spec.parameters) if one.name not in hidden]
    found = [_field(one, values.get(one.name, ""), errors.get(one.name, "")) for one in shown]
    return sorted(found, key=lambda one: not one.required)


def _field(one: Described, value: str, error: str) -> Field:
    types, output = one.types - {"null"}, one.role == "output"
    step = _NUMBERS.get(next(iter(types)), "") if len(types) == 1 else ""
    bounds = one.schemas[0] if step else {}
    return Field(
        one.name,
        one.name.replace("_", " "),
        "name of the file to write; its ending chooses the format" if output else one.description,
        one.unit,
        "" if output else ", ".join(one.bounds),
        one.required and not output,
        _choices(one),
        step,
        bounds.get("minimum"),
        bounds.get("maximum"),
        _text(one.default),
        one.role == "aoi",
        value,
        error,
    )


def _choices(one: Described) -> tuple[str, ...]:
    """What a list to choose from holds; empty where other values are taken too."""
    if one.types - {"null"} == {"boolean"}:
        return ("true", "false")
    return () if one.free else tuple(map(_text, one.choices))


def _text(value: Any) -> str:
    """A value as a line of text."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(map(_text, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def filled(form: Mapping[str, str]) -> dict[str, str]:
    """What was filled in, by parameter; an empty field says nothing."""
    return {name.removeprefix(PREFIX): text.strip() for name, text in form.items() if name.startswith(PREFIX) and text.strip()}


def typed(spec: ServiceSpec, texts: Mapping[str, str]) -> dict[str, Any]:
    """Texts of a form as values: of a choice the choice itself, of a list its items; the rest is read by the model."""
    known = {one.name: one for one in described(spec.parameters)}
    return {name: _typed(known.get(name), text) for name, text in texts.items()}


def _typed(one: Described | None, text: str) -> Any:
    if one is None:
        return text
    chosen = [choice for choice in one.choices if _text(choice) == text]
    if chosen:
        return chosen[0]
    if one.types - {"null"} == {"array"}:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def wrong_fields(spec: ServiceSpec, values: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with which parameter; one under an empty name concerns several."""
    try:
        spec.parameters.model_validate({**values, OUTPUT: Path(str(values.get(OUTPUT, "result")))})
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return {str(one["loc"][0]) if one["loc"] else "": one["msg"] for one in reversed(problems)}
    return {}
