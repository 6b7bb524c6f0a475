"""``map run``, and the group that ``map generate`` joins."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import click

from earthweave.mapping import (
    Form,
    Kept,
    MappingRun,
    Options,
    OutputLimits,
    Plan,
    RasterOptions,
    Report,
    form_of,
    map_source,
    raster_source,
    read_rules,
    rules,
    run_digest,
    shipped_rules,
    source_files,
)
from earthweave.ontology import InputError, ParameterError, UnsupportedError, settings_of
from earthweave.server.settings import read
from earthweave.server.store import Limits, open_store
from earthweave.server.workflows import Delivery, ProblemFile, loadable, report_figures, writable

from ._console import Outcome, Reporter, verb
from ._direct import NAME as DIRECT
from ._direct import direct_plan


def report_text(report: Report) -> str:
    """A mapping report for people: figures, then the data problems with counts."""
    skipped = f", {report.skipped:,} left out" if report.skipped else ""
    repeated = f", {report.repeated:,} repeated statements left out" if report.repeated else ""
    lines = [f"{report.rows:,} rows → {report.quads:,} statements{skipped}{repeated}"]
    return "\n".join([*lines, *(f"left out {count:,} times: {reason}" for reason, count in report.reasons.items())])


def report_result(report: Report) -> dict[str, Any]:
    """A mapping report as JSON."""
    return {**report_figures(report), "problems": [asdict(problem) for problem in report.problems]}


class _Delimiter(click.ParamType[str]):
    name = "character"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        character = {"tab": "\t", "\\t": "\t"}.get(value, value)
        if len(character) != 1 or character in "\r\n\"":
            self.fail(f"{value!r} is no single character", param, ctx)
        return character


_KINDS: dict[str, click.ParamType[Any]] = {
    "precision": click.IntRange(0, 17),
    "straight": click.FloatRange(0),
    "validity": click.Choice(["keep", "fix", "skip", "fail"]),
    "on_error": click.Choice(["skip", "null", "fail"]),
    "executor": click.Choice(["auto", "rows"]),
    "delimiter": _Delimiter(),
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


def _raster(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> RasterOptions | None:
    """How a gridded file is to be read, if anything is said of it."""
    given = [one.partition("=") for one in pairs]
    known = [row.name for row in settings_of(RasterOptions)]
    for name, equals, _value in given:
        if not equals or name not in known:
            raise click.BadParameter(f"{name} is none of {', '.join(known)}, written NAME=VALUE")
    # a path on the command line is relative to where it is typed
    texts = [(name, str(Path(value).absolute()) if name == "zones" else value) for name, _, value in given]
    try:
        return RasterOptions.of("", texts) if given else None
    except ParameterError as error:
        raise click.BadParameter("; ".join(filter(None, (error.what, error.why, error.way_out)))) from error


@dataclass(frozen=True)
class _Wanted:
    """What ``map run`` is asked to do with the statements; its fields are the options that say so."""

    output: Path | None
    store_path: str | None
    syntax: str | None
    packing: str | None
    resume: bool
    report_path: Path | None
    most: int | None

    def __post_init__(self) -> None:
        if self.resume and (self.output is None or self.store_path):
            raise ParameterError(
                "--resume goes with -o FILE alone", why="the parts lie beside that file",
                way_out="write N-Quads with -o, then load them: earthweave load FILE --resume",
            )

    @property
    def form(self) -> Form:
        return form_of(self.output or Path("-.nq"), self.syntax, self.packing)


_FILE = click.Path(path_type=Path)
_OPTIONS = (
    click.option("-o", "--output", type=_FILE, metavar="FILE",
                 help="File to write; its name says how: .nt .nq .ttl .trig .n3 .rdf .jsonld .rj, packed .gz .bz2 .xz .zip .tar.gz "
                      ".tar.xz; any other name gets N-Quads. Standard output if neither -o nor --store is given."),
    click.option("--store", "store_path", metavar="DIR", help="Load into this store; with -o, write as well."),
    click.option("--format", "syntax", metavar="SYNTAX",
                 help="Syntax, whatever the file's name: ntriples, nquads, turtle, trig, n3, rdfxml, jsonld, rdfjson. All but the "
                      f"first two are for small results, up to {OutputLimits.document_memory} MiB."),
    click.option("--compress", "packing", metavar="KIND",
                 help="Packing, whatever the file's name: gzip, bzip2, xz, zip, targz, tarxz, none."),
    click.option("--resume", is_flag=True,
                 help="Keep what is mapped in FILE.parts, and go on behind it if an earlier run was cut off. Changed sources, rules or "
                      "options begin anew."),
    click.option("--report", "report_path", type=_FILE, metavar="FILE",
                 help="Write every problem with row, key, rule and reason: CSV if FILE ends in .csv, else JSON."),
    click.option("--max-errors", "most", type=click.IntRange(0), metavar="N",
                 help="Fail (exit code 1) as soon as more than N problems are found; without it any number is left out and reported."),
)


def _delivery_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options of `_Wanted`, gathered into one argument ``wanted``."""

    @functools.wraps(function)
    def gathered(**given: Any) -> Any:
        return function(wanted=_Wanted(**{one.name: given.pop(one.name) for one in fields(_Wanted)}), **given)

    for option in reversed(_OPTIONS):
        gathered = option(gathered)
    return gathered


@map_.command("run")
@click.argument("rules_name", metavar="RULES")
@click.argument("source", metavar="[SOURCE]", required=False)
@click.option("--database", "databases", multiple=True, metavar="[NAME=]URL",
              help="Database to read, e.g. postgresql://reader@localhost/gis or sqlite:///floods.db; NAME if the rules name several.")
@click.option("--var", "pairs", multiple=True, metavar="NAME=VALUE", help="Value of a $NAME in the rules; may be repeated.")
@click.option("-b", "--base", metavar="IRI", help="Base for relative IRIs in the rules.")
@click.option("--raster", "gridded", multiple=True, metavar="NAME=VALUE", callback=_raster,
              help=f"How a GeoTIFF or NetCDF SOURCE is read; may be repeated: {', '.join(row.name for row in settings_of(RasterOptions))}.")
@verb
@_delivery_options
@mapping_options("crs", "source_crs", "layer", "precision", "straight", "validity", "on_error", "executor", "delimiter")
def run_(
    rules_name: str, source: str | None, databases: tuple[str, ...], pairs: tuple[str, ...], base: str | None,
    gridded: RasterOptions | None, wanted: _Wanted, options: Options,
) -> Outcome:
    """Map SOURCE by RULES: a file, or one of the shipped rules by name. Without SOURCE, the sources that RULES name are read.

    Statements that RULES send to logical targets (RML-IO) go into those files, below the working folder or that of RULES; all others
    go to -o, --store or standard output. Each is written once. Rows that cannot be mapped are left out, counted and reported;
    if none can, that is an error. In the place of RULES, "direct" is the W3C Direct Mapping of a database.

    \b
    Examples:
      earthweave map run floods.ttl flood_mask.gpkg -o floods.nq.gz
      earthweave map run flood flood_mask.gpkg --store my-store --var start=2021-03-15T00:02:41Z \\
          --var end=2021-03-25T00:02:41Z --var layer=http://example.org/layer/1 --var simulated=false
      earthweave map run stations.ttl --database postgresql://reader@localhost/air -o stations.ttl.gz
      earthweave map run zonal pm10.nc --raster zones=units.gpkg --raster zone_key=NUTS_ID --var name=pm10 … -o pm10.nt
      earthweave map run direct stations.sqlite -b http://example.org/ -o stations.ttl
      earthweave map run parcels.ttl parcels.gpkg -o parcels.nt --resume --report bad.csv --max-errors 1000
    """
    _check_places(wanted)
    place, urls = _read_from(source, databases)
    if rules_name == DIRECT and not Path(rules_name).is_file():
        plan, urls = direct_plan(place, urls, base)
        place = None
    else:
        plan = read_rules(rules_path(rules_name), base=base)
    variables = _variables(pairs)
    if gridded and (place is None or wanted.resume):
        raise ParameterError("--raster goes with a file as SOURCE, and not with --resume", way_out="say it in the rules, e.g. by ewm:zones")
    with Reporter() as reporter, ExitStack() as stack:
        read_from = raster_source(place, gridded, options) if gridded and place else place
        run = map_source(plan, read_from, variables=variables, options=options, databases=urls, progress=reporter)
        if wanted.report_path:
            stack.enter_context(ProblemFile(wanted.report_path, run.report))
        kept = _kept(wanted, plan.bind(variables), options, place) if wanted.resume else None
        delivery = Delivery(plan, Path.cwd(), most=wanted.most, progress=reporter)
        raw = _deliver(run, delivery, wanted, kept, Path(source or rules_name).name)
    notices = _notices(kept)
    if raw is None:
        return Outcome(report_result(run.report), report_text(run.report), notices=notices)
    text = {} if wanted.form.packing else {"rdf": raw.decode()}
    return Outcome({**report_result(run.report), **text}, raw=raw, notices=(*notices, report_text(run.report)))


def _check_places(wanted: _Wanted) -> None:
    """What cannot be written is told before anything is read."""
    writable(*filter(None, (wanted.output, wanted.report_path)))


def names_url(source: str) -> bool:
    """True for the URL of a database; raise `UnsupportedError` for what would have to be fetched."""
    scheme, there, _ = source.partition("://")
    if there and scheme.lower() in ("http", "https", "ftp", "s3", "gs", "az", "file"):
        raise UnsupportedError(f"{source} is not read", why="sources are files and databases", way_out="download it, and give the path")
    return bool(there) or source.lower().startswith("jdbc:")


def source_file(source: str) -> Path:
    """A source as a path; raise `InputError` for a folder."""
    path = Path(source)
    if path.is_dir():
        way_out = "name a file in it"
        if (path / "manifest.safe").is_file():
            way_out = f"earthweave map run safe {path / 'manifest.safe'} --var name={path.resolve().stem}"
            more = next(iter(sorted(path.glob("MTD_MSI*.xml"))), None)
            way_out += f"; and safe-s2 {more}" if more else ""
        raise InputError(f"{source} is a folder", why="a source is a file or the URL of a database", way_out=way_out)
    return path


def _read_from(source: str | None, databases: tuple[str, ...]) -> tuple[Path | None, dict[str, str]]:
    """The file that is SOURCE, if it is one, and the databases by name."""
    if source is None:
        return None, _databases(databases)
    if names_url(source):
        return None, _databases((*databases, source))
    if databases:
        why = "SOURCE takes the place of all sources"
        raise ParameterError("--database beside a file as SOURCE", why=why, way_out="leave one of them out")
    return source_file(source), {}


def _databases(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for one in given:
        name, equals, url = one.partition("=")
        named = bool(equals) and "://" in url and "://" not in name
        found[name if named else ""] = url if named else one
    return found


def _kept(wanted: _Wanted, plan: Plan, options: Options, source: Path | None) -> Kept:
    assert wanted.output is not None
    files = source_files(plan) if source is None else (source,)
    return Kept(wanted.output.with_name(wanted.output.name + ".parts"), run_digest(plan, options, files))


def _notices(kept: Kept | None) -> tuple[str, ...]:
    if kept is None:
        return ()
    if kept.stale:
        return (f"began anew: {kept.stale}",)
    parts = "1 part" if kept.found == 1 else f"{kept.found} parts"
    return (f"went on behind {parts} of an earlier run",) if kept.found else ()


def _deliver(run: MappingRun, delivery: Delivery, wanted: _Wanted, kept: Kept | None, name: str) -> bytes | None:
    if wanted.output is None and wanted.store_path is None:
        return delivery.text(run, wanted.form)[0]
    if wanted.output and wanted.store_path:
        loadable(wanted.output, wanted.form)
    if wanted.output:
        delivery.write(run, wanted.output, wanted.form, kept)
    if wanted.store_path:
        with open_store(wanted.store_path, limits=read(Limits)) as store:
            if wanted.output:
                store.load([wanted.output])
            else:
                delivery.load(run, store, name)
    return None

