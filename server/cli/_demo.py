"""``demo``: the flood exercise from a pair of scenes to an answered question, with times, then the map."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import shapely

from earthweave.mapping import Options
from earthweave.ontology import EW, GADMR, InputError, NotFoundError, ParameterError
from earthweave.processing import Result
from earthweave.server.questions import StoreAsker
from earthweave.server.settings import QuestionLimits, ServeSettings, read
from earthweave.server.store import Limits, Store, open_store
from earthweave.server.workflows import (
    QUERIES,
    TUTORIAL_AOI,
    detect_change,
    layer_of,
    map_file,
    map_flood,
    outline_flood,
    tutorial_layers,
    tutorial_query,
)

from ._ask_verb import answer_lines
from ._console import Outcome, Reporter, run
from ._demo_questions import next_questions, run_questions
from ._store_verbs import answer_text
from ._web_verbs import check_port, serve_store

QUESTION = "Which administrative units were flooded in March 2021?"
BANNERS = {
    (True, True): "Simulated data: the scenes and the administrative units were made by a simulator, nothing here was observed.",
    (True, False): "Simulated data: the scenes were made by a simulator; the administrative units are the ones you gave.",
    (False, True): "Simulated data: the administrative units were made by a simulator; the scenes are the ones you gave.",
    (False, False): "",
}
"""By whether scenes and units are simulated."""
SCENE = re.compile(r"S2[A-D]_MSI(?:L1C|L2A)_(?P<date>\d{8}T\d{6})_.*", re.IGNORECASE)
RDF_ENDINGS = (".nt", ".ttl", ".nq", ".trig", ".rdf", ".owl", ".jsonld")


@dataclass
class Clock:
    """Wall time of each stage, for the table at the end."""

    stages: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def stage(self, title: str) -> Iterator[Reporter]:
        """Announce a stage, show its progress, note its time."""
        click.echo(f"{click.style(str(len(self.stages) + 1), bold=True)}  {title}", err=True)
        started = time.perf_counter()
        with Reporter() as reporter:
            yield reporter
        self.stages.append((title, time.perf_counter() - started))

    def table(self) -> str:
        """Stages with seconds, their sum, and the peak memory of this process and its largest child (MiB)."""
        rows = [*self.stages, ("all", sum(seconds for _, seconds in self.stages))]
        peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
        return "\n".join([*(f"{seconds:7.1f} s  {title}" for title, seconds in rows), f"{peak:7.0f} MiB peak memory of one process"])


@dataclass(frozen=True)
class Inputs:
    """What the demo runs on."""

    before: Path
    after: Path
    units: Path
    units_simulated: bool


def find_scenes(folder: Path) -> tuple[Path, Path]:
    """The two scenes in a folder, by acquisition date in their names; raise `ParameterError` unless there are two."""
    if not folder.is_dir():
        raise NotFoundError(f"{folder} is not a folder", way_out="name the folder that holds the two Sentinel-2 scenes")
    dated = sorted((match["date"], path) for path in folder.iterdir() if (match := SCENE.fullmatch(path.name)))
    if len(dated) != 2:
        raise ParameterError(
            f"{folder} holds {len(dated)} Sentinel-2 scene(s), two are needed",
            why=", ".join(path.name for _, path in dated) or "no name such as S2A_MSIL2A_20210315T000241_….SAFE, or .zip",
            way_out="put exactly two SAFE folders or zips of one tile there, before and after",
        )
    return dated[0][1], dated[1][1]


def check(work: Path, data: Path | None, gadm: Path | None, aoi: str) -> None:
    """Look at everything that was given before anything is made or replaced."""
    if data:
        find_scenes(data)
    if gadm:
        _check_units(gadm)
    if not shapely.is_valid(shapely.from_wkt(aoi, on_invalid="ignore")):
        raise ParameterError(
            f"--aoi is no polygon: {aoi[:80]}", why="it must be WKT, longitude before latitude", way_out=f"e.g. {TUTORIAL_AOI}"
        )
    if work.exists() and not work.is_dir():
        raise ParameterError(f"--work {work} is a file", way_out="name a folder")
    store = work / "store"
    if store.exists() and any(store.iterdir()) and not (store / "store.json").is_file():
        why = "the demo replaces its store, and this folder holds something else"
        raise ParameterError(f"{store} is not a store", why=why, way_out="choose another --work")


def prepare(work: Path, data: Path | None, gadm: Path | None, clock: Clock) -> Inputs:
    """The scenes and units to run on: the user's own where given, simulated and labelled otherwise."""
    from earthweave.processing import simulate

    if data:
        before, after = find_scenes(data)
    else:
        with clock.stage("simulate a Sentinel-2 pair, flooded between the dates") as reporter:
            before, after = simulate.sentinel2_pair(work / "scenes", progress=reporter)
    units = gadm or simulate.admin_units(work / "units")
    return Inputs(before, after, units, _says_simulated(units))


def _check_units(gadm: Path) -> None:
    """Raise `NotFoundError` or `InputError` unless this is RDF, or a vector file with GADM's field NAME_2."""
    if not gadm.is_file():
        raise NotFoundError(f"{gadm} does not exist", way_out="name a GADM vector file (GeoPackage, shapefile) or its RDF")
    if not is_rdf(gadm) and gadm_layer(gadm) is None:
        raise InputError(
            f"{gadm} has no layer with the field NAME_2",
            why="the units of the exercise are those of GADM's level 2",
            way_out="give a GADM file of level 2, or its RDF",
        )


def gadm_layer(gadm: Path) -> str | None:
    """The layer of a vector file that holds GADM's level 2 (the deepest field is NAME_2), or any that has NAME_2."""
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        fields = {name: set(pyogrio.read_info(gadm, layer=name)["fields"]) for name, _ in pyogrio.list_layers(gadm)}
    except (DataLayerError, DataSourceError) as error:
        raise InputError(f"{gadm} cannot be read", why=str(error), way_out="give a GADM vector file, or its RDF") from error
    having = [name for name, names in fields.items() if "NAME_2" in names]
    return next((name for name in having if "NAME_3" not in fields[name]), having[0] if having else None)


def _says_simulated(units: Path) -> bool:
    """True if a vector file carries the simulator's field; RDF is asked once it is loaded."""
    import pyogrio

    return not is_rdf(units) and "SIMULATED" in pyogrio.read_info(units, layer=gadm_layer(units))["fields"]


def is_rdf(path: Path) -> bool:
    """True if the name is that of an RDF file."""
    return any(suffix in RDF_ENDINGS for suffix in path.suffixes[-2:])


def make_layers(inputs: Inputs, work: Path, aoi: str, clock: Clock) -> tuple[Result, Result]:
    """S2-CD, then the sieve–threshold–polygonise recipe."""
    with clock.stage("S2-CD: change vector analysis of B3, B4, B8 at 20 m") as reporter:
        change = detect_change(inputs.before, inputs.after, work, aoi=aoi, progress=reporter)
    with clock.stage("flood mask: sieve, threshold, polygonise") as reporter:
        return change, outline_flood(layer_of(change, "raster", "CVA"), work, progress=reporter)


def make_rdf(inputs: Inputs, change: Result, mask: Result, work: Path, clock: Clock) -> list[Path]:
    """Map the flooded areas and the units to RDF; units that come as RDF stay as they are."""
    units = work / "units.nt"
    with clock.stage("map flooded areas and units to RDF") as reporter:
        floods, report = map_flood(change, mask, work, progress=reporter)
        click.echo(f"   {report.rows:,} flooded areas → {report.quads:,} statements", err=True)
        if is_rdf(inputs.units):
            return [floods, inputs.units]
        options = Options(layer=gadm_layer(inputs.units))
        said = {"simulated": str(inputs.units_simulated).lower()}
        map_file(inputs.units, "gadm", units, variables=said, options=options, progress=reporter)
    return [floods, units]


def load_rdf(store: Store, files: list[Path], clock: Clock) -> None:
    """Load, all or nothing."""
    with clock.stage("load into the store") as reporter:
        report = store.load(files, progress=reporter)
    click.echo(f"   {report.triples:,} triples", err=True)


def units_simulated(store: Store, units: Path) -> bool:
    """Whether the units in the store say that they are simulated; raise `InputError` if there are none."""
    unit = f"?unit a <{GADMR.AdministrativeUnit}>"
    if not store.query(f"ASK {{ {unit} }}").boolean:
        raise InputError(
            f"{units} holds no gadmr:AdministrativeUnit",
            why="the tutorial's query 2a asks for them",
            way_out="give GADM units, or their RDF",
        )
    return bool(store.query(f"ASK {{ {unit} ; <{EW.simulated}> true }}").boolean)


def pose_queries(store: Store, work: Path, clock: Clock) -> dict[str, Any]:
    """The tutorial's three queries as printed; their texts are left beside the results for the user to change."""
    found: dict[str, Any] = {}
    for name in QUERIES:
        text = tutorial_query(name)
        (work / f"{name}.rq").write_text(text, "utf-8")
        with clock.stage(f"tutorial {name.replace('-', ' ')}"):
            answer = store.query(text)
        assert answer.table is not None
        for notice in answer.notices:
            click.echo(f"   notice: {notice.text}", err=True)
        click.echo(_head(answer_text(answer), 12), err=True)
        found[name] = {"rows": answer.table.num_rows, "notices": [notice.text for notice in answer.notices]}
    return found


def _head(text: str, lines: int) -> str:
    rows = text.splitlines()
    cut = rows if len(rows) <= lines + 1 else [*rows[:lines], "…", rows[-1]]
    return "\n".join(f"   {row[:120]}" for row in cut)


def pose_question(store: Store, clock: Clock) -> dict[str, Any]:
    """One question in English."""
    with clock.stage(f"question: {QUESTION}"):
        answer: dict[str, Any] = StoreAsker(store, limits=read(QuestionLimits)).ask(QUESTION)
    click.echo("\n".join(f"   {line}" for line in answer_lines(answer).splitlines()), err=True)
    return answer


def program() -> str:
    """How this user calls the command: plainly if it is on the path, by its place in a virtual environment otherwise."""
    called = Path(sys.argv[0])
    found = shutil.which("earthweave")
    if found and Path(found).resolve() == called.resolve():
        return "earthweave"
    return os.path.relpath(called) if called.is_file() else "earthweave"


def closing_words(work: Path, banner: str, serving: bool, address: str) -> str:
    """What to open and what to try next."""
    store, command = work / "store", program()
    lines = [
        f"Everything lies in {work}: open flood_mask.shp or the S2_CVA raster in QGIS, read the .nt and .prov.ttl files.",
        "",
        "Try next:",
    ]
    lines += [
        f'  {command} ask "Show the flooded areas in Hawkesbury" --store {store}',
        f"  {command} query -f {work / 'query-1.rq'} --store {store}",
        f"  {command} demo --data FOLDER --gadm FILE      the same on your own scenes and GADM units",
    ]
    opening = f"Open {address} in a browser." if serving else f"See the map:  {command} serve --store {store} --map {work / 'map.json'}"
    return "\n".join([*([banner.upper(), ""] if banner else []), opening, "", *lines])


def run_chain(work: Path, data: Path | None, gadm: Path | None, aoi: str, clock: Clock) -> tuple[str, dict[str, Any]]:
    """The chain without the map: returns the banner, and what each stage found."""
    check(work, data, gadm, aoi)
    work.mkdir(parents=True, exist_ok=True)
    inputs = prepare(work, data, gadm, clock)
    change, mask = make_layers(inputs, work, aoi, clock)
    files = make_rdf(inputs, change, mask, work, clock)
    shutil.rmtree(work / "store", ignore_errors=True)
    with open_store(work / "store", limits=read(Limits)) as store:
        load_rdf(store, files, clock)
        banner = BANNERS[change.layers[0].simulated, units_simulated(store, inputs.units)]
        (work / "map.json").write_text(json.dumps({"banner": banner, "layers": tutorial_layers()}, indent=1), "utf-8")
        queries = pose_queries(store, work, clock)
        answer = pose_question(store, clock)
    return banner, {"queries": queries, "answer": answer}


@click.command()
@click.option(
    "--work",
    type=click.Path(path_type=Path),
    default=Path("earthweave-demo"),
    show_default=True,
    help="Folder for everything that is made.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder with your own two Sentinel-2 scenes (SAFE folders or zips), instead of simulated ones.",
)
@click.option("--gadm", type=click.Path(path_type=Path), help="Your own GADM units: a vector file or RDF, instead of simulated ones.")
@click.option("--aoi", default=TUTORIAL_AOI, help="Area of interest, WKT lon lat; the tutorial's polygon unless said.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of the map; 8080 unless said.")
@click.option("--serve/--no-serve", "serving", default=True, help="Serve the map at the end, or stop before.")
@click.option("--simulate-only", is_flag=True, help="Make the simulated scenes and units, and stop: for following the tutorial by hand.")
@click.option(
    "--questions", "asking", is_flag=True, help="Instead: a store of many kinds of things and ten questions; --data is the shared data."
)
@click.option("--places", type=click.Path(path_type=Path), help="With --questions: a CSV of GeoNames places (lat, lon, name, cc) to add.")
@click.option("--json", "as_json", is_flag=True, help="Print an envelope at the end (with --no-serve).")
def demo(
    work: Path,
    data: Path | None,
    gadm: Path | None,
    aoi: str,
    port: int | None,
    serving: bool,
    simulate_only: bool,
    asking: bool,
    places: Path | None,
    as_json: bool,
) -> None:
    """Run the flood exercise end to end: scenes, change, flood mask, RDF, store, queries, question, map.

    Without --data and --gadm the scenes and the nine administrative units are SIMULATED, and say so everywhere.
    """
    settings = read(ServeSettings, {"serve_port": port})

    def work_() -> Outcome:
        clock = Clock()
        if asking:
            banner, found = run_questions(work, data, places, clock)
            click.echo("\n" + clock.table() + "\n\n" + next_questions(work, program(), banner), err=True)
            return Outcome(found)
        if simulate_only:
            check(work, data, gadm, aoi)
            work.mkdir(parents=True, exist_ok=True)
            made = prepare(work, data, gadm, clock)
            return Outcome(
                {"scenes": [made.before.name, made.after.name], "units": made.units.name},
                f"made {made.before}, {made.after} and {made.units}",
            )
        if serving:
            check_port(settings.serve_host, settings.serve_port)
        banner, found = run_chain(work, data, gadm, aoi, clock)
        click.echo("\n" + clock.table() + "\n", err=True)
        click.echo(closing_words(work, banner, serving, f"http://{settings.serve_host}:{settings.serve_port}/"), err=True)
        if serving:
            sys.stderr.flush()
            with open_store(work / "store", limits=read(Limits)) as store:
                serve_store(store, settings, work / "map.json")
        return Outcome({**found, "stages": dict(clock.stages)})

    run(work_, as_json=as_json)
