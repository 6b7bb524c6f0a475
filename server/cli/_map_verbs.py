"""``map generate`` and ``map run``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import click

from earthweave.mapping import MappingRun, Options, Report, generate, map_source, read_rules, rules, shipped_rules
from earthweave.ontology import ParameterError, ProcessingError, settings_of
from earthweave.server.settings import read
from earthweave.server.store import Limits, open_store
from earthweave.server.workflows import write_atomically

from ._console import Outcome, Reporter, verb


def report_text(report: Report) -> str:
    """A mapping report for people: figures, then the data problems with counts."""
    skipped = f", {report.skipped:,} left out" if report.skipped else ""
    lines = [f"{report.rows:,} rows → {report.quads:,} statements{skipped}"]
    return "\n".join([*lines, *(f"left out {count:,} times: {reason}" for reason, count in report.reasons.items())])


def report_result(report: Report) -> dict[str, Any]:
    """A mapping report as JSON."""
    problems = [asdict(problem) for problem in report.problems]
    return {"rows": report.rows, "skipped": report.skipped, "quads": report.quads, "reasons": report.reasons, "problems": problems}


_KINDS = {
    "precision": click.IntRange(0, 17),
    "straight": click.FloatRange(0),
    "validity": click.Choice(["keep", "fix", "skip", "fail"]),
    "on_error": click.Choice(["skip", "fail"]),
}


def mapping_options(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Click options made from the settings of `earthweave.mapping.Options`; they arrive as one argument ``options``."""
    rows = [row for row in settings_of(Options) if row.name in names]

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def gathered(**given: Any) -> Any:
            chosen = {name: value for name in names if (value := given.pop(name)) is not None}
            return function(**given, options=Options(**chosen))

        for row in reversed(rows):
            shown = "" if row.default is None else f"  [default: {row.default}]"
            unit = f" [{row.unit}]" if row.unit else ""
            name = "--" + row.name.replace("_", "-")
            gathered = click.option(name, row.name, type=_KINDS.get(row.name), help=f"{row.help}{unit}{shown}")(gathered)
        return gathered

    return decorate


@click.group("map")
def map_() -> None:
    """Turn tables and layers into RDF with R2RML or RML rules."""


@map_.command("generate")
@click.argument("source", type=click.Path(path_type=Path), metavar="SOURCE")
@click.option("-b", "--base", required=True, metavar="IRI", help="Base of all IRIs, e.g. http://example.org/floods/")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of standard output.")
@click.option("--dialect", type=click.Choice(["r2rml", "rml"]), default="r2rml", show_default=True)
@click.option("--ontology", is_flag=True, help="Write the OWL vocabulary that the mapping uses, instead of the mapping.")
@verb
@mapping_options("layer", "source_crs", "delimiter")
def generate_(source: Path, base: str, output: Path | None, dialect: Literal["r2rml", "rml"], ontology: bool, options: Options) -> Outcome:
    """Write a mapping for SOURCE that you can read and change.

    \b
    Example:  earthweave map generate flood_mask.gpkg -b http://example.org/floods/ -o floods.ttl
    """
    text = generate(source, base=base, dialect=dialect, ontology=ontology, options=None if options == Options() else options)
    if output is None:
        return Outcome({"mapping": text}, text.rstrip())
    write_atomically(output, [text.encode()])
    return Outcome({"file": output.name}, f"wrote {output}; read it, change it, then: earthweave map run {output} {source}")


def _variables(pairs: tuple[str, ...]) -> dict[str, str]:
    for pair in pairs:
        if "=" not in pair:
            raise ParameterError(f"--var {pair} has no =", way_out="write --var name=value")
    return {name.removeprefix("$"): value for name, value in (pair.split("=", 1) for pair in pairs)}


def rules_path(name: str) -> Path:
    """A rules file, or the shipped rules of that name; raise `ParameterError` if it is neither."""
    if Path(name).is_file():
        return Path(name)
    if name in shipped_rules():
        return rules(name)
    raise ParameterError(
        f"there are no rules {name}", why="it is neither a file nor shipped", way_out=f"shipped rules: {', '.join(shipped_rules())}"
    )


@map_.command("run")
@click.argument("rules_name", metavar="RULES")
@click.argument("source", type=click.Path(path_type=Path), metavar="SOURCE")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="N-Triples or N-Quads file to write; standard output if neither -o nor --store is given.",
)
@click.option("--store", "store_path", metavar="DIR", help="Load into this store; with -o, write as well.")
@click.option("--var", "pairs", multiple=True, metavar="NAME=VALUE", help="Value of a $NAME in the rules; may be repeated.")
@click.option("-b", "--base", metavar="IRI", help="Base for relative IRIs in the rules.")
@verb
@mapping_options("crs", "source_crs", "layer", "precision", "straight", "validity", "on_error", "delimiter")
def run_(
    rules_name: str,
    source: Path,
    output: Path | None,
    store_path: str | None,
    pairs: tuple[str, ...],
    base: str | None,
    options: Options,
) -> Outcome:
    """Map SOURCE by RULES: a file, or one of the shipped rules by name.

    \b
    Example:  earthweave map run flood flood_mask.gpkg --var start=2021-03-15T00:02:41Z --var end=2021-03-25T00:02:41Z \\
                  --var layer=http://example.org/layer/1 --var simulated=false -o floods.nt
    """
    plan = read_rules(rules_path(rules_name), base=base)
    with Reporter() as reporter:
        run = map_source(plan, source, variables=_variables(pairs), options=options, progress=reporter)
        raw = _deliver(run, source, output, store_path)
    refuse_nothing(run.report)
    result = report_result(run.report)
    if raw is not None:
        return Outcome({**result, "rdf": raw.decode()}, raw=raw, notices=(report_text(run.report),))
    return Outcome(result, report_text(run.report))


def refuse_nothing(report: Report) -> None:
    """Raise `ProcessingError` if there were rows and not one could be mapped: no statement is no success."""
    if report.rows and not report.quads:
        reasons = "; ".join(f"{reason} ({count:,} times)" for reason, count in report.reasons.items())
        raise ProcessingError(
            f"none of {report.rows:,} rows could be mapped", why=reasons, way_out="mend the source, its encoding or the rules"
        )


def _deliver(run: MappingRun, source: Path, output: Path | None, store_path: str | None) -> bytes | None:
    if output:
        write_atomically(output, run)
    if store_path:
        with open_store(store_path, limits=read(Limits)) as store:
            if output:
                store.load([output])
            else:
                store.load_quads(run, name=source.name)
    return None if output or store_path else b"".join(run)
