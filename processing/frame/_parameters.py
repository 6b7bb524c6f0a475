"""Typed parameters: one declaration from which command line, forms, JSON Schema, errors and the conformance test are derived."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from earthweave.ontology import ParameterError


def _zoned(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_zoned)]
"""A time with a zone; one written without is UTC."""
Model = TypeVar("Model", bound=BaseModel)
_BOUNDS = {
    "exclusiveMinimum": "above",
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMaximum": "below",
    "minLength": "no fewer characters than",
    "minItems": "no fewer items than",
    "maxItems": "no more items than",
}


class Parameters(BaseModel):
    """Parameters of a service; unknown names are refused, values never change after the check."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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
        bounds: ``gt``, ``ge``, ``lt``, ``le``, ``min_length`` … as in Pydantic.
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
        why="; ".join(f"{name}: {problem['msg']}" for name, problem in zip(names, problems, strict=True)),
        way_out="; ".join(dict.fromkeys(_way_out(model, name) for name in names)),
    )


def _wrong(name: str, given: Mapping[str, Any]) -> str:
    return f"{name} = {given[name]!r} is not accepted" if name in given else f"{name} is missing"


def _way_out(model: type[BaseModel], name: str) -> str:
    schema = model.model_json_schema()["properties"]
    if name not in schema:
        return f"the parameters are {', '.join(schema)}"
    found = schema[name]
    kinds = [found, *found.get("anyOf", ())]
    choices = [str(choice) for kind in kinds for choice in kind.get("enum", ())]
    bounds = [f"{text} {kind[key]}" for kind in kinds for key, text in _BOUNDS.items() if key in kind]
    unit = f" ({found['unit']})" if found["unit"] else ""
    hint = f": one of {', '.join(choices)}" if choices else f": {', '.join(bounds)}{unit}" if bounds else ""
    return f"give {found['options'][0]}{hint}; it means: {found['description']}"
