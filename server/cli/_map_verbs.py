"""``map generate`` and ``map run``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from earthweave.mapping import MappingReport, MappingRun, Options, generate, map_source, read_rules, rules, shipped_rules
from earthweave.ontology import ParameterError
from earthweave.server.settings import read
from earthweave.server.store import Limits, open_store

from ._console import Outcome, Reporter, verb


def write_atomically(target: Path, chunks: Iterable[bytes]) -> int:
    """Write to a temporary neighbour and rename; returns the number of bytes."""
    part = target.with_name(target.name + ".part")
    size = 0
    try:
        with part.open("wb") as out:
            for chunk in chunks:
                size += out.write(chunk)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return size


def report_text(report: MappingReport) -> str:
    """A mapping report for people: figures, then the data problems with counts."""
    lines = [f"{report.rows:,} rows → {report.quads:,} statements"]
    lines += [f"problem: {problem}" for problem in report.problems]
    return "\n".join(lines)


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
def generate_(source: Path, base: str, output: Path | None, dialect: str, ontology: bool) -> Outcome:
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
    raise ParameterError(f"there are no rules {name}", why="it is neither a file nor shipped", way_out=f"shipped rules: {', '.join(shipped_rules())}")


@map_.command("run")
@click.argument("rules_name", metavar="RULES")
@click.argument("source", type=click.Path(path_type=Path), metavar="SOURCE")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="N-Triples or N-Quads file to write; standard output unless said.")
@click.option("--store", "store_path", metavar="DIR", help="Load into this store instead of writing.")
@click.option("--var", "pairs", multiple=True, metavar="NAME=VALUE", help="Value of a $NAME in the rules; may be repeated.")
@click.option("-b", "--base", metavar="IRI", help="Base for relative IRIs in the rules.")
@click.option("--crs", default="crs84", show_default=True, help="CRS of the written geometries: crs84, keep or EPSG:n.")
@verb
def run_(rules_name: str, source: Path, output: Path | None, store_path: str | None, pairs: tuple[str, ...], base: str | None, crs: str) -> Outcome:
    """Map SOURCE by RULES: a file, or one of the shipped rules by name.

    \b
    Example:  earthweave map run flood flood_mask.gpkg --var start=2021-03-15T00:02:41Z --var end=2021-03-25T00:02:41Z \\
                  --var layer=http://example.org/layer/1 --var simulated=false -o floods.nt
    """
    plan = read_rules(rules_path(rules_name), base=base)
    with Reporter() as reporter:
        run = map_source(plan, source, variables=_variables(pairs), options=Options(crs=crs), progress=reporter)
        raw = _deliver(run, source, output, store_path)
    result = {"rows": run.report.rows, "quads": run.report.quads, "problems": [str(one) for one in run.report.problems]}
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
    return b"".join(_chunks(run))


def _chunks(run: MappingRun) -> Iterator[bytes]:
    yield from run
