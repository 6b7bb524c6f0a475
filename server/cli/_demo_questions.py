"""``demo --questions``: a store of many kinds of things, and ten questions about it with their answers."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from earthweave.mapping import map_source, read_rules, rules
from earthweave.ontology import NotFoundError, ParameterError
from earthweave.server.questions import StoreAsker
from earthweave.server.settings import QuestionLimits, read
from earthweave.server.store import Limits, Store, open_store

from ._ask_verb import answer_lines

if TYPE_CHECKING:
    from ._demo import Clock

STORE = "questions"
"""Folder of the store in the demo's: beside that of the flood exercise."""
BANNER = "Simulated data: the region, its floods, plants, volcanoes, towns and products were made up, nothing here was observed."


@dataclass(frozen=True)
class Source:
    """One file of the shared data, with the rules that map it; without rules it is an archive of N-Triples."""

    path: str
    rule: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


_EVENT = {"event": "EMSR332", "start": "2018-10-30T00:00:00Z", "end": "2018-11-05T00:00:00Z"}
SOURCES = (
    Source("derived/linked/hamburg_no_s1.zip"),
    Source("derived/flood/emsr332_observed_event_shared.gpkg", "ems-flood", _EVENT),
    Source("vector/ecmwf+earthkit-data/tests/data/NUTS_RG_20M_2021_3035.geojson", "nuts"),
    Source("vector/wri+global-power-plant-database/raw_source_files/JRC-PPDB-OPEN/JRC_OPEN_UNITS.csv", "power"),
    Source("vector/plotly+datasets/volcano_db.csv", "volcano"),
)
"""Below the folder that ``--data`` names: products over Hamburg, floods in Veneto, NUTS units, power units of Europe, volcanoes."""
_DATES = {"event": "SIM1", "start": "2021-04-02T00:00:00Z", "end": "2021-04-06T00:00:00Z"}
REAL = (
    "How many Sentinel-2 products over Hamburg with less than 10 % cloud are there in April 2020?",
    "Show the five least cloudy Sentinel-2 images of Hamburg in summer 2021",
    "Which power plants lie within 2 km of the flooded areas near Verona?",
    "Find Sentinel-2 products that show Etna in March 2018",
    "What is the total area of the flooded areas per administrative unit with unit level 3?",
    "How many flooded areas are there in Verona?",
    "What is the largest flooded area in Padova?",
    "What is the highest volcano in Italy?",
    "What is the total capacity of the power plants in Veneto?",
    "Was Vicenza flooded in October 2018?",
)
SIMULATED = (
    "How many Sentinel-2 products over Belmarsh with less than 10 % cloud are there in April 2021?",
    "Show the five least cloudy Sentinel-2 images of Arvenia in spring 2021",
    "Which power plants lie within 2 km of the flooded areas?",
    "Find Sentinel-2 products that show Mount Sarn in March 2018",
    "What is the total area of the flooded areas per administrative unit with unit level 3?",
    "How many flooded areas are there in Belmarsh?",
    "What is the largest flooded area in Belmarsh?",
    "What is the highest volcano in Simland?",
    "What is the total capacity of the power plants in Estrava?",
    "Which is the nearest settlement to Mount Sarn?",
)


def check_questions(work: Path, data: Path | None, places: Path | None) -> None:
    """Look at everything that was given before anything is made or replaced."""
    missing = [one.path for one in SOURCES if data and not (data / one.path).is_file()]
    if missing:
        raise NotFoundError(
            f"{data} lacks {missing[0]}", why=f"{len(missing)} of {len(SOURCES)} files are missing", way_out="leave out --data"
        )
    if places and not places.is_file():
        raise NotFoundError(f"{places} does not exist", way_out="name a CSV with the columns lat, lon, name, cc")
    store = work / STORE
    if work.is_file() or (store.exists() and any(store.iterdir()) and not (store / "store.json").is_file()):
        raise ParameterError(f"{store} is no store", why="the demo replaces it", way_out="choose another --work")


def run_questions(work: Path, data: Path | None, places: Path | None, clock: Clock) -> tuple[str, dict[str, Any]]:
    """Make the store, put the ten questions; returns the banner, and the answers."""
    check_questions(work, data, places)
    work.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(work / STORE, ignore_errors=True)
    with open_store(work / STORE, limits=read(Limits)) as store:
        with clock.stage("map and load products, floods, units, power plants, volcanoes, towns"):
            for one in [*_sources(work, data), *([Source(str(places), "places")] if places else [])]:
                _load(store, one, work)
        click.echo(f"   {store.statistics().triples:,} triples", err=True)
        asker = StoreAsker(store, limits=read(QuestionLimits))
        with clock.stage("learn what the store knows"):
            asker.knowledge()
        answers = [_pose(asker, question, clock) for question in (REAL if data else SIMULATED)]
    return "" if data else BANNER, {"answers": answers}


def _sources(work: Path, data: Path | None) -> Sequence[Source]:
    if data:
        return [Source(str(data / one.path), one.rule, one.variables) for one in SOURCES]
    from earthweave.processing import simulate

    made = simulate.question_region(work / "simulated")
    extra: Mapping[str, Mapping[str, str]] = {"ems-flood": _DATES, "stac": {}}
    said = {"simulated": "true"}
    return [Source(str(path), rule, {**extra.get(rule, {}), **({} if rule == "stac" else said)}) for rule, path in made.items()]


def _load(store: Store, source: Source, work: Path) -> None:
    path = Path(source.path)
    if not source.rule:
        with _unpacked(path, work) as files:
            store.load(files)
        return
    run = map_source(read_rules(rules(source.rule)), path, variables=source.variables)
    tables = run.tables()
    if tables is not None:
        store.load_tables(tables, name=path.name)
    else:
        store.load_quads(iter(run), name=path.name)


@contextmanager
def _unpacked(archive: Path, work: Path) -> Iterator[list[Path]]:
    folder = work / "unpacked"
    try:
        with zipfile.ZipFile(archive) as packed:
            yield [Path(packed.extract(name, folder)) for name in packed.namelist() if name.endswith(".nt")]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pose(asker: StoreAsker, question: str, clock: Clock) -> dict[str, Any]:
    with clock.stage(question):
        answer = asker.ask(question)
    lines = answer_lines(answer, 5).splitlines()
    click.echo("\n".join(f"   {line[:160]}" for line in lines), err=True)
    return answer


def next_questions(work: Path, program: str, banner: str) -> str:
    """How to go on."""
    store = work / STORE
    lines = [
        f"The store lies in {store}. Go on:",
        f"  {program} ask --store {store}                    one question after the other, each may follow up on the last",
        f'  {program} ask "How many volcanoes are there?" --explain --store {store}',
        f"  {program} serve --store {store}                  the question box beside the map",
        *([] if not banner else [f"  {program} demo --questions --data FOLDER       the same on real data, if you have the folder"]),
    ]
    return "\n".join([*([banner.upper(), ""] if banner else []), *lines])
