"""``process list|describe|run``: commands made from the descriptors of the services, never written by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import click

from earthweave.ontology import NotFoundError
from earthweave.processing import Result, ServiceSpec
from earthweave.processing.frame import Described, described
from earthweave.server.records import run_recorded
from earthweave.server.workflows import registry

from ._console import Outcome, Reporter, verb


def find_service(name: str) -> ServiceSpec:
    """A service or workflow by id or executable; raise `NotFoundError` with the names there are."""
    for spec in registry():
        if name in (spec.id, spec.executable):
            return spec
    raise NotFoundError(f"there is no service {name}", way_out=f"services: {', '.join(spec.id for spec in registry())}")


Work = Callable[..., Outcome]


def service_command(spec: ServiceSpec, name: str | None = None, work: Work | None = None) -> click.Command:
    """The command of one service: every parameter an option in all its spellings, checked by the service itself.

    ``work`` gets what was given; without it the service runs.
    """
    options = [_option(one) for one in described(spec.parameters)]
    return click.command(
        name or spec.id, params=options, context_settings={"help_option_names": ["-h", "--help"]}, help=_help(spec), short_help=spec.title
    )(verb(work or _runner(spec)))


def _runner(spec: ServiceSpec) -> Work:
    def runner(**given: Any) -> Outcome:
        with Reporter() as reporter:
            result = run_recorded(spec, said(given), progress=reporter)
        return Outcome(result.report, result_text(result), notices=simulated_notice(result))

    return runner


def said(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in given.items() if value is not None}


def result_text(result: Result) -> str:
    """What a run made, for people: one line a layer."""
    lines = [f"{layer.title}: {layer.path}" for layer in result.layers]
    return "\n".join([*lines, f"record: {result.record}"])


def simulated_notice(result: Result) -> tuple[str, ...]:
    """The sentence that must stand beside anything made from simulated input."""
    return ("SIMULATED DATA: this result rests on simulated input",) if any(layer.simulated for layer in result.layers) else ()


def _option(one: Described) -> click.Option:
    """The option of one parameter; what is no choice and no switch is taken as text and checked by the service."""
    spellings = list(one.options)
    switch = one.types - {"null"} == {"boolean"}
    if switch:
        spellings[0] = f"{spellings[0]}/--no-{spellings[0].lstrip('-')}"
    kind = click.Choice(one.choices) if one.choices and not one.free else None
    return click.Option(
        [*spellings, one.name],
        default=None,
        required=False,
        type=kind,
        metavar=None if kind or switch else "VALUE",
        help=_option_help(one, listed=kind is None),
    )


def _option_help(one: Described, *, listed: bool) -> str:
    """What it means, its choices if they are not in the usage already, bounds, unit and default."""
    limits = one.limits if listed else f"({one.unit})" * bool(one.unit)
    default = ",".join(map(str, one.default)) if isinstance(one.default, list) else one.default
    shown = "" if one.required or default in (None, "") else f"  [default: {default}]"
    joint = " " if limits.startswith("(") else "; "
    return f"{one.description}{f'{joint}{limits}' * bool(limits)}{shown}{'  [required]' * one.required}"


def _help(spec: ServiceSpec) -> str:
    outputs = "\n".join(f"{output.naming}: {output.description}" for output in spec.outputs)
    references = "\n".join(f"{reference.citation} {reference.doi}".rstrip() for reference in spec.references)
    return f"{spec.title}.\n\n{spec.abstract}\n\n\b\nMakes:\n{outputs}\n\n\b\nReferences:\n{references or '-'}"


class Services(click.Group):
    """A group whose commands are the services, looked up when needed; each runs its service."""

    def made(self, spec: ServiceSpec) -> click.Command:
        """The command of one service."""
        return service_command(spec)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Ids of the services."""
        return [spec.id for spec in registry()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a service, by id or executable; one that there is not is told with the names there are."""
        try:
            return self.made(find_service(cmd_name))
        except NotFoundError as error:
            ctx.fail(f"{error.what}; {error.way_out}")


@click.group()
def process() -> None:
    """List, describe and run processing services.

    \b
    Begin here:
      earthweave process list                        which services there are
      earthweave process run s2-cd --help            what one takes and makes
      earthweave process run s2-cd --input1 A --input2 B --output_path DIR
      S2-CD -i1 A -i2 B -p AREA -outdir DIR          the same under its own name, within an area (WKT)

    Each leaves its products with styles, item.json (STAC), prov.ttl and run.json. To watch, cancel and repeat runs: earthweave job.
    """


@process.command("list")
@verb
def list_() -> Outcome:
    """List the services, one line each."""
    rows = [{"id": spec.id, "executable": spec.executable, "version": spec.version, "title": spec.title} for spec in registry()]
    width = max(len(row["id"]) for row in rows)
    return Outcome(rows, "\n".join(f"{row['id'].ljust(width)}  {row['title']}" for row in rows))


@process.command()
@click.argument("name", metavar="SERVICE")
@verb
def describe(name: str) -> Outcome:
    """Describe a service as JSON: parameters with units and bounds, outputs, references, attribution."""
    description = find_service(name).describe()
    return Outcome(description, json.dumps(description, indent=1, default=str))


@process.command("run", cls=Services)
def run() -> None:
    """Run a service: earthweave process run SERVICE --help says its options."""
