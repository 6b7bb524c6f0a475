"""``map generate`` and ``map run``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import click

from earthweave.mapping import MappingRun, Options, Report, generate, map_source, read_rules, rules, shipped_rules
from earthweave.ontology import ParameterError
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


@click.group("map")
def map_() -> None:
    """Turn tables and layers into RDF with R2RML or RML rules."""


@map_.command("generate")
@click.argument("source", type=click.Path(path_type=Path), metavar="SOURCE")
@click.option("-b", "--base", required=True, metavar="IRI", help="Base of all IRIs, e.g. http://example.org/floods/")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write here instead of standard output.")
@click.option("--dialect", type=click.Choice(["r2rml", "rml"]), default="r2rml", show_default=True)
@click.option("--ontology", is_flag=True, help="Describe classes and properties in OWL as well.")
@verb
def generate_(source: Path, base: str, output: Path | None, dialect: Literal["r2rml", "rml"], ontology: bool) -> Outcome:
    """Write a mapping for SOURCE that you can read and change.

    \b
    Example:  earthweave map generate flood_mask.gpkg -b http://example.org/floods/ -o floods.ttl
    """
    text = generate(source, base=base, dialect=dialect, ontology=ontology)
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
    help="N-Triples or N-Quads file to write; standard output unless said.",
)
@click.option("--store", "store_path", metavar="DIR", help="Load into this store instead of writing.")
@click.option("--var", "pairs", multiple=True, metavar="NAME=VALUE", help="Value of a $NAME in the rules; may be repeated.")
@click.option("-b", "--base", metavar="IRI", help="Base for relative IRIs in the rules.")
@click.option("--crs", default="CRS84", show_default=True, help="CRS of the written geometries: CRS84, keep or EPSG:n.")
@verb
def run_(
    rules_name: str, source: Path, output: Path | None, store_path: str | None, pairs: tuple[str, ...], base: str | None, crs: str
) -> Outcome:
    """Map SOURCE by RULES: a file, or one of the shipped rules by name.

    \b
    Example:  earthweave map run flood flood_mask.gpkg --var start=2021-03-15T00:02:41Z --var end=2021-03-25T00:02:41Z \\
                  --var layer=http://example.org/layer/1 --var simulated=false -o floods.nt
    """
    plan = read_rules(rules_path(rules_name), base=base)
    with Reporter() as reporter:
        run = map_source(plan, source, variables=_variables(pairs), options=Options(crs=crs), progress=reporter)
        raw = _deliver(run, source, output, store_path)
    result = report_result(run.report)
    if raw is not None:
        return Outcome({**result, "rdf": raw.decode()}, raw=raw, notices=(report_text(run.report),))
    return Outcome(result, report_text(run.report))


def _deliver(run: MappingRun, source: Path, output: Path | None, store_path: str | None) -> bytes | None:
    if store_path:
        with open_store(store_path, limits=read(Limits)) as store:
            store.load_quads(run, name=source.name)
        return None
    if output:
        write_atomically(output, run)
        return None
    return b"".join(run)
