"""Typed parameters: one declaration from which command line, forms, JSON Schema, errors, docs and the conformance test are derived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetJsonSchemaHandler, ValidationError, model_validator
from pydantic_core import CoreSchema

from earthweave.ontology import ParameterError


def _zoned(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_zoned)]
"""A time with a zone; one written without is UTC."""
Model = TypeVar("Model", bound=BaseModel)
_BOUNDS = {
    "exclusiveMinimum": "above {}",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minLength": "no fewer characters than {}",
    "maxLength": "no more characters than {}",
    "minItems": "no fewer items than {}",
    "maxItems": "no more items than {}",
    "pattern": "like {}",
}
_LONGEST = 200


class Parameters(BaseModel):
    """Parameters of a service; unknown names are refused, so are NaN and infinity, and values never change after the check.

    A text that is given for a list is split at its commas, as command lines and forms write lists.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _split(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        return {name: _listed(value) if isinstance(value, str) and name in _lists(cls) else value for name, value in given.items()}

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Pydantic calls the bounds of some lists ``minLength``, which JSON Schema knows of texts alone; here they bear their own name."""
        schema = handler.resolve_ref_schema(handler(core))
        lists = [
            one for found in schema.get("properties", {}).values() for one in (found, *found.get("anyOf", ())) if one.get("type") == "array"
        ]
        for one in lists:
            for said, meant in (("minLength", "minItems"), ("maxLength", "maxItems")):
                if said in one:
                    one[meant] = one.pop(said)
        return schema


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


@lru_cache(maxsize=256)
def _lists(model: type[BaseModel]) -> frozenset[str]:
    """Names of the parameters that are lists and nothing else."""
    return frozenset(one.name for one in described(model) if {"array"} == one.types - {"null"})


@dataclass(frozen=True)
class Described:
    """One parameter, as forms, help texts, docs and tests need it.

    Attributes:
        name: in Python and JSON.
        description: one sentence.
        options: spellings on the command line.
        role: what the value is to the service.
        unit: of the value; empty for a pure number, name or text.
        required: whether it has no default.
        default: JSON value.
        choices: the values that are taken, where there is a list of them.
        free: whether other values than the choices are taken too.
        bounds: what it must keep to, in words: ``at least 1``.
        suffixes: of the file that it names.
        schemas: JSON Schemas of which the value must meet one.
    """

    name: str
    description: str
    options: tuple[str, ...]
    role: str
    unit: str
    required: bool
    default: Any
    choices: tuple[Any, ...]
    free: bool
    bounds: tuple[str, ...]
    suffixes: tuple[str, ...]
    schemas: tuple[Mapping[str, Any], ...]

    @property
    def types(self) -> frozenset[str]:
        """JSON types that the value may have; ``enum`` for a list of choices."""
        return frozenset(str("enum" if _enumerated(one) else one.get("type", "object")) for one in self.schemas)

    @property
    def limits(self) -> str:
        """Choices, bounds and unit in words, e.g. ``at least 0, at most 5000 (m)``; empty if there are none."""
        choices = [f"one of {', '.join(map(str, self.choices))}{', or another value' * self.free}"] if self.choices else []
        text = ", ".join([*choices, *self.bounds])
        return f"{text} ({self.unit})".lstrip() if self.unit else text


def described(model: type[BaseModel]) -> tuple[Described, ...]:
    """The parameters of a service in the order of their declaration."""
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    return tuple(_described(name, found, name in required, schema) for name, found in schema["properties"].items())


def _described(name: str, found: Mapping[str, Any], required: bool, whole: Mapping[str, Any]) -> Described:
    schemas = tuple(_kinds(found, whole))
    choices = [choice for one in schemas for choice in _enumerated(one)]
    free = any(not _enumerated(one) and one.get("type") != "null" for one in schemas)
    bounds = [text.format(one[key]) for one in schemas for key, text in _BOUNDS.items() if key in one]
    items = [f"each {text.format(one['items'][key])}" for one in schemas for key, text in _BOUNDS.items() if key in one.get("items", ())]
    return Described(
        name,
        str(found.get("description", "")),
        tuple(found.get("options", ())),
        str(found.get("role", "option")),
        str(found.get("unit", "")),
        required,
        found.get("default"),
        tuple(choices),
        free,
        tuple(dict.fromkeys([*bounds, *items])),
        tuple(found.get("suffixes", ())),
        schemas,
    )


def _kinds(found: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The alternatives of a schema, references followed."""
    if "$ref" in found:
        yield from _kinds(whole["$defs"][found["$ref"].rpartition("/")[2]], whole)
    elif "anyOf" in found:
        for one in found["anyOf"]:
            yield from _kinds(one, whole)
    else:
        yield found


def _enumerated(schema: Mapping[str, Any]) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def extra(model: type[BaseModel], name: str) -> dict[str, Any]:
    """What `parameter` was told of a field besides its type and bounds: ``options``, ``role``, ``unit``, ``suffixes``."""
    found = model.model_fields[name].json_schema_extra
    return dict(found) if isinstance(found, dict) else {}


def parameter(
    default: Any,
    description: str,
    *,
    options: list[str],
    role: Literal["input", "aoi", "option", "output"] = "option",
    unit: str = "",
    suffixes: tuple[str, ...] = (),
    **bounds: Any,
) -> Any:
    """Declare a parameter.

    Args:
        default: value when nothing is said; ``...`` makes it required.
        description: for people, one sentence.
        options: spellings on the command line, the preferred one first.
        role: what the value is to the service.
        unit: UCUM code or plain word; empty for a pure number, name or text.
        suffixes: of the file that the parameter names, in lower case; none for a folder.
        bounds: ``gt``, ``ge``, ``lt``, ``le``, ``min_length``, ``examples`` … as in Pydantic.
    """
    said: dict[str, Any] = {"options": list(options), "role": role, "unit": unit, **({"suffixes": list(suffixes)} if suffixes else {})}
    return Field(default, description=description, json_schema_extra=said, **bounds)


def checked(model: type[Model], values: Mapping[str, Any] | BaseModel, executable: str) -> Model:
    """Validate ``values``; raise `ParameterError` that names each wrong parameter, its value, the reason and the way out."""
    if isinstance(values, model):
        return values
    given = values.model_dump() if isinstance(values, BaseModel) else dict(values)
    try:
        return model.model_validate(given)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    names = [str(problem["loc"][0]) if problem["loc"] else "parameters" for problem in problems]
    raise ParameterError(
        "; ".join(dict.fromkeys(f"{executable}: {_wrong(name, given)}" for name in names)),
        why="; ".join(dict.fromkeys(f"{name}: {problem['msg']}" for name, problem in zip(names, problems, strict=True))),
        way_out="; ".join(dict.fromkeys(_way_out(model, name) for name in names)),
    )


def _wrong(name: str, given: Mapping[str, Any]) -> str:
    if name not in given:
        return f"{name} is missing"
    shown = repr(given[name])
    return f"{name} = {shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + '…'} is not accepted"


def _way_out(model: type[BaseModel], name: str) -> str:
    found = {one.name: one for one in described(model)}
    if name not in found:
        return f"the parameters are {', '.join(found)}"
    one = found[name]
    hint = f": {one.limits}" if one.choices or one.bounds else ""
    return f"give {one.options[0]}{hint}; it means: {one.description}"
