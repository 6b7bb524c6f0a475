"""What jobs can run: a registry that whoever composes the house names, so that child processes find the same one."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from earthweave.ontology import NotFoundError, ParameterError
from earthweave.processing import Parameters, ServiceSpec
from earthweave.processing.frame import checked, extra, spelled_out

_OUTPUT = "output_path"


def load(registry: str) -> tuple[ServiceSpec, ...]:
    """The services of ``package.module:function``, a function without arguments that returns them."""
    module, _, name = registry.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ParameterError(f"there is no registry {registry}", why=str(error), way_out="write package.module:function") from error
    return cast("tuple[ServiceSpec, ...]", found())


def find(registry: str, service: str) -> ServiceSpec:
    """The service with this id or executable name; raises `NotFoundError`."""
    specs = load(registry)
    for spec in specs:
        if service in (spec.id, spec.executable):
            return spec
    raise NotFoundError(f"there is no service {service!r}", way_out=f"the services are {', '.join(spec.id for spec in specs)}")


def said(spec: ServiceSpec, parameters: Mapping[str, Any] | BaseModel) -> dict[str, Any]:
    """What is kept of the parameters of a new job: checked, JSON values, paths absolute; of the output only its name."""
    given = dict(parameters if isinstance(parameters, Mapping) else parameters.model_dump(exclude_unset=True))
    output = given.pop(_OUTPUT, None)
    name = _named(spec, output)
    values = checked(spec.parameters, {**given, _OUTPUT: Path(name or "result")}, spec.executable)
    return {**{key: value for key, value in spelled_out(values).items() if key != _OUTPUT}, **({_OUTPUT: name} if output else {})}


def placed(spec: ServiceSpec, kept: Mapping[str, Any], folder: Path) -> Parameters:
    """The parameters of a run whose results go below ``folder``."""
    return checked(spec.parameters, {**kept, _OUTPUT: folder / _named(spec, kept.get(_OUTPUT))}, spec.executable)


def _named(spec: ServiceSpec, output: Any) -> str:
    """The file that a service writes; empty if it fills a folder."""
    suffixes = list(extra(spec.parameters, _OUTPUT).get("suffixes", ()))
    if output is None or output == "":
        return f"{spec.id}{suffixes[0]}" if suffixes else ""
    name = str(output)
    if not suffixes or name != Path(name).name or name.startswith(".") or Path(name).suffix.lower() not in suffixes:
        raise ParameterError(
            f"{_OUTPUT} = {name} is not accepted",
            why="results of a job go into the folder of that job",
            way_out=f"give a file name that ends in {', '.join(suffixes)}" if suffixes else "leave it out; the job tells its folder",
        )
    return name
