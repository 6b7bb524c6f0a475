"""The loop closed in a browser: a question that the store cannot answer, the run that it proposes, and the same question answered."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import rasterio

from earthweave.processing import simulate
from earthweave.server.api import Processes, create_app
from earthweave.server.jobs import JobLimits, Jobs
from earthweave.server.questions import JobLauncher, StoreAsker
from earthweave.server.settings import EndpointSettings
from earthweave.server.store import open_store
from earthweave.server.workflows import map_file
from tests.browser.conftest import HOSTILE, serve

TOKEN = "open-sesame"
PLACE = """@prefix ew: <https://w3id.org/earthweave/ontology#> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .
<http://example.org/place> a ew:{kind} ; <http://www.w3.org/2000/01/rdf-schema#label> "{name}" .
<http://example.org/place> geo:hasGeometry <http://example.org/shape> .
<http://example.org/shape> geo:asWKT "{wkt}"^^geo:wktLiteral .
"""
SYDNEY = "Which administrative units were flooded north-west of Sydney between 15 and 25 March 2021?"
LAKE = "Which administrative units were flooded in Lago del Barbellino between 3 July 2017 and 23 July 2019?"
IMPACT = "Which power plants lie within 2 km of the flooded areas in Lago del Barbellino between 3 July 2017 and 23 July 2019?"
PLANTS = """<http://example.org/{0}> a <https://w3id.org/earthweave/ontology#PowerPlant> ;
 <http://www.w3.org/2000/01/rdf-schema#label> "{0}" ;
 <http://www.opengis.net/ont/geosparql#hasGeometry> [ <http://www.opengis.net/ont/geosparql#asWKT>
 "POINT ({1} {2})"^^<http://www.opengis.net/ont/geosparql#wktLiteral> ] .
"""
NUTS = "data/vector/ecmwf+earthkit-data/tests/data/NUTS_RG_20M_2021_3035.geojson"
AROUND = ("IT", "ITC4", "ITC44", "ITC46")
OUT = "data/s2/ranghetti+sen2r/inst/extdata/out"
BANDS = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B11", "B12")


@contextmanager
def offered(folder: Path, files: list[Path], scenes: Path) -> Iterator[Iterator[str]]:
    """The server over a store without floods, with a worker that may assess them from a folder of scenes."""
    with open_store(folder / "store") as store:
        store.load(files)
        jobs = Jobs(folder / "jobs", JobLimits(), "earthweave.server.workflows:registry")
        own = {"flood-assessment": {"store": str(store.path), "scenes": str(scenes)}}
        asker = StoreAsker(store, launcher=JobLauncher(lambda: jobs, jobs.services(), own))
        access = EndpointSettings(update_token=TOKEN)
        with jobs.worker():
            yield serve(create_app(store, questions=asker, endpoint=access, processes=Processes(jobs, own=own)))


def place(folder: Path, kind: str, name: str, wkt: str) -> Path:
    """A file with one named place."""
    path = folder / "place.ttl"
    path.write_text(PLACE.format(kind=kind, name=name, wkt=wkt), "utf-8")
    return path


@pytest.fixture(scope="module")
def sydney(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The *simulated* units of the demo and its *simulated* pair of scenes."""
    folder = tmp_path_factory.mktemp("sydney")
    simulate.sentinel2_pair(folder / "scenes")
    units = folder / "units.nt"
    map_file(simulate.admin_units(folder / "units"), "gadm", units, variables={"simulated": "true"})
    with offered(folder, [units, place(folder, "PopulatedPlace", "Sydney", "POINT (151.2 -33.87)")], folder / "scenes") as addresses:
        yield from addresses


@pytest.fixture(scope="module")
def barbellino(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real pair of scenes of an Alpine lake, whose bands are named as their source tells."""
    given = [shared / OUT / f"S2A2A_{day}_022_Barbellino_BOA_10.tif" for day in ("20170703", "20190723")]
    if not all(one.is_file() for one in (*given, shared / NUTS)):
        pytest.skip(f"the pair of Lago del Barbellino is not in {shared / OUT}, or no units in {shared / NUTS}")
    scenes = tmp_path_factory.mktemp("barbellino")
    for one in given:
        shutil.copyfile(one, scenes / one.name)
        with rasterio.open(scenes / one.name, "r+") as dataset:
            dataset.descriptions = BANDS
    return scenes


@pytest.fixture(scope="module")
def lake(shared: Path, barbellino: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The lake, the real units around it, and not a flood."""
    folder = tmp_path_factory.mktemp("lake")
    units = gpd.read_file(shared / NUTS)
    units[units["NUTS_ID"].isin(AROUND)].to_file(folder / "units.geojson", engine="pyogrio")
    map_file(folder / "units.geojson", "nuts", folder / "units.nt", variables={"simulated": "false"})
    wkt = "POLYGON ((10.0416 46.0641, 10.0448 46.0641, 10.0448 46.0679, 10.0416 46.0679, 10.0416 46.0641))"
    plants = folder / "plants.ttl"
    plants.write_text(PLANTS.format("Dam", 10.05, 46.06) + PLANTS.format("Valley", 10.2, 46.2), "utf-8")
    with offered(folder, [folder / "units.nt", plants, place(folder, "WaterArea", "Lago del Barbellino", wkt)], barbellino) as addresses:
        yield from addresses


def put(page: Any, question: str) -> Any:
    """Ask; gives the card of the answer."""
    page.get_by_label("Ask a question").fill(question)
    page.keyboard.press("Enter")
    page.locator(".card.waiting").wait_for(state="detached", timeout=120_000)
    card = page.get_by_role("article", name="Answer")
    card.wait_for()
    return card


def run_proposed(page: Any) -> None:
    """Start what is proposed, see it go on, wait until the same request is answered."""
    page.get_by_label("Token of the server").fill(TOKEN)
    page.get_by_role("button", name="Start this run").click()
    page.get_by_role("progressbar").wait_for()
    page.locator(".proposal").wait_for(state="detached", timeout=150_000)
    page.get_by_role("button", name="Show on map").wait_for(timeout=30_000)


def sources(page: Any) -> list[str]:
    """What the chip of provenance leads back to."""
    page.get_by_text("its sources").click()
    found = page.get_by_role("list", name="Sources")
    found.wait_for()
    return list(found.locator("li").all_inner_texts())


def steps(page: Any) -> list[str]:
    """Which services the open chip of provenance names, first to last, each with what it used."""
    return list(page.get_by_role("list", name="Steps").locator("> li").all_inner_texts())


def per_unit(card: Any) -> dict[str, float]:
    """km² of each unit."""
    assert "flooded areas (km²)" in card.locator("thead").inner_text()
    rows = (row.split("\t") for row in card.locator("tbody tr").all_inner_texts())
    return {name: float(area) for name, area in rows}


def tally(page: Any) -> int:
    """The number of triples in the header."""
    return int(page.locator("#tally").inner_text().split()[0].replace(",", ""))


def test_a_question_becomes_a_run_and_the_run_its_answer(watched: Any, sydney: str) -> None:
    page = watched.open(sydney)
    proposed = put(page, SYDNEY).get_by_role("region", name="Proposed run").inner_text()
    assert "33.870° S – 33.331° S, 150.551° E – 151.200° E" in proposed
    assert "2021-03-15 – 2021-03-25" in proposed
    assert "S2A_MSIL2A_20210315T000241" in proposed and "S2A_MSIL2A_20210325T000241" in proposed
    assert "'north-west of Sydney' is read as" in proposed
    # of the square of 60 km the scenes show a part: all of it would take 44 s
    seconds = int(re.search(r"some (\d+) s", proposed)[1])
    assert 8 < seconds < 30
    page.get_by_role("button", name="Show the area").click()
    assert page.locator(".layer .count").inner_text() == "1 feature"
    page.get_by_role("button", name="Start this run").click()
    page.locator(".job .problem").wait_for()
    assert "token" in page.locator(".job .problem").inner_text()
    before = tally(page)
    run_proposed(page)
    card = page.get_by_role("article", name="Answer")
    rows = per_unit(card)
    assert set(rows) == {"Baulkham Hills - North", "Blacktown - North", "Hawkesbury"}
    assert rows["Hawkesbury"] == pytest.approx(41.94, abs=0.05)
    assert card.get_by_text("SIMULATED DATA", exact=True).is_visible()
    assert "the run has ended. 3 results; before: a run is proposed" in page.locator(".effect").inner_text()
    assert page.evaluate("() => document.activeElement.getAttribute('aria-label')") == "Answer"
    page.wait_for_function(
        "(before) => Number.parseInt(document.getElementById('tally').textContent.replaceAll(',', '')) > before", arg=before
    )
    card.get_by_role("button", name="Show on map").click()
    assert page.locator(".layer .count").first.inner_text() == "3 features"
    found = sources(page)
    assert [one.partition("_N0")[0] for one in found] == ["S2A_MSIL2A_20210315T000241", "S2A_MSIL2A_20210325T000241"]
    assert all("SIMULATED" in one for one in found)
    # the run without a token is the one line that may stand on the console
    assert [line for line in watched.console if "401" not in line] == []
    watched.console.clear()
    watched.assert_clean(sydney)


def test_a_run_that_fails_says_why_and_what_to_do(watched: Any, lake: str, barbellino: Path) -> None:
    page = watched.open(lake)
    impact = put(page, IMPACT)
    assert "2017-07-03 – 2019-07-23" in impact.get_by_role("region", name="Proposed run").inner_text()
    away = barbellino.with_name("away")
    barbellino.rename(away)
    barbellino.mkdir()
    try:
        page.get_by_label("Token of the server").fill(TOKEN)
        page.get_by_role("button", name="Start this run").click()
        page.locator(".job .problem").wait_for(timeout=60_000)
        problem = page.locator(".job .problem").inner_text()
    finally:
        barbellino.rmdir()
        away.rename(barbellino)
    assert "no pair of scenes was found" in problem
    assert "the catalogue has no scene of the area" in problem
    assert "--input1" in problem, "the way out"
    assert page.get_by_role("button", name="Start this run").is_enabled()
    # the problem of the job is read as an error of the server
    assert [line for line in watched.console if "status of" not in line] == []


def test_the_same_on_a_real_pair(watched: Any, lake: str) -> None:
    page = watched.open(lake)
    proposed = put(page, LAKE).get_by_role("region", name="Proposed run").inner_text()
    assert "S2A2A_20170703_022_Barbellino_BOA_10" in proposed and "S2A2A_20190723_022_Barbellino_BOA_10" in proposed
    assert "The area is the box around Lago del Barbellino" in proposed
    run_proposed(page)
    card = page.get_by_role("article", name="Answer")
    assert "flooded areas at least partly in Lago del Barbellino" in card.locator(".said").inner_text()
    assert per_unit(card) == {name: pytest.approx(0.0132, abs=1e-4) for name in ("Italia", "Lombardia", "Sondrio")}
    assert card.locator(".tag").count() == 0, "nothing is simulated"
    card.get_by_role("button", name="Show on map").click()
    assert page.locator(".layer .count").inner_text() == "3 features"
    assert sources(page) == [f"S2A2A_{day}_022_Barbellino_BOA_10" for day in ("20170703", "20190723")]
    made = steps(page)
    assert [one.split()[0] for one in made] == ["s2-cd", "water-mask", "flood-mask"]
    assert all("S2A2A_20170703_022_Barbellino_BOA_10" in one for one in made[:2])
    page.get_by_role("list", name="Steps").locator("summary").last.click()
    said = page.get_by_role("list", name="Steps").locator("dl").last.inner_text().split()
    assert said[said.index("threshold") + 1] == "4" and said[said.index("sieve") + 1] == "10"
    card = put(page, IMPACT)
    assert "1 power plant within 2 km of flooded areas" in card.locator(".said").inner_text()
    assert [row.split("\t")[0] for row in card.locator("tbody tr").all_inner_texts()] == ["Dam"]
    watched.assert_clean(lake)


def test_a_run_that_cannot_be_made_is_not_offered(watched: Any, lake: str) -> None:
    page = watched.open(lake)
    card = put(page, "Map the floods in Lago del Barbellino between 1 and 9 May 2021")
    problem = card.locator(".proposal .problem").inner_text()
    assert "As things stand this run would fail" in problem and "no pair of scenes was found" in problem
    assert card.get_by_role("button", name="Start this run").count() == 0
    watched.assert_clean(lake)


def test_chips_are_taken_away_and_changed(watched: Any, empty_handed: str) -> None:
    page = watched.open(empty_handed)
    card = put(page, "Show the flooded areas in Penrith - East with flood level above 10")
    before = card.locator(".said").inner_text()
    chips = card.get_by_role("list", name="What was understood")
    assert chips.locator("li").count() >= 3
    chips.get_by_role("button", name="Remove with flood level above 10").click()
    page.wait_for_function(
        "(text) => { const said = document.querySelector('.answer .said'); return said && said.textContent !== text; }", arg=before
    )
    assert "flood level" not in chips.inner_text()
    assert page.locator(".effect").inner_text().startswith("Without “with flood level above 10”: ")
    card = put(page, "Show the flooded areas in Penrith - East with flood level above 10")
    all_of_them = int(card.locator(".row .quiet").first.inner_text().split()[0])
    card.get_by_role("button", name="Type another number: with flood level above 10").click()
    page.get_by_label("Another number instead of: with flood level above 10").fill("12")
    page.keyboard.press("Enter")
    page.locator(".chip", has_text="with flood level above 12").wait_for()
    fewer = int(page.locator(".answer .row .quiet").first.inner_text().split()[0])
    assert 0 < fewer < all_of_them
    page.get_by_role("button", name="Say it otherwise: at least partly in Penrith - East").click()
    assert page.evaluate("() => document.activeElement.id") == "question"
    page.keyboard.type("in Hawkesbury")
    page.keyboard.press("Enter")
    page.locator(".chip", has_text="at least partly in Hawkesbury").wait_for()
    put(page, "Which administrative units were flooded in March 2021?")
    page.get_by_label("Change observed in March 2021").select_option(label="in February 2021")
    page.locator(".chip", has_text="in February 2021").wait_for()
    watched.assert_clean(empty_handed)


def test_a_question_follows_up_or_starts_afresh(watched: Any, empty_handed: str) -> None:
    page = watched.open(empty_handed)
    put(page, "Show the flooded areas in Penrith - East")
    spoken = page.locator("#told")
    assert spoken.get_attribute("role") == "status" and "flooded areas at least partly in Penrith - East" in spoken.text_content()
    card = put(page, "How many are there?")
    assert "Penrith - East" in card.inner_text()
    assert not page.get_by_role("group", name="Examples").is_visible()
    page.get_by_role("button", name="Start afresh").click()
    assert page.get_by_role("article", name="Answer").count() == 0
    refused = put(page, "How many are there?")
    assert "Penrith - East" not in refused.inner_text()
    watched.assert_clean(empty_handed)


def test_suggestions_come_while_one_types(watched: Any, empty_handed: str) -> None:
    page = watched.open(empty_handed)
    examples = page.get_by_role("group", name="Examples").get_by_role("button")
    examples.first.wait_for()
    assert examples.first.inner_text().startswith("How many ")
    page.get_by_label("Ask a question").press_sequentially("Show flooded areas in Hawk")
    page.get_by_role("option", name="Show flooded areas in Hawkesbury").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.get_by_label("Ask a question").input_value() == "Show flooded areas in Hawkesbury"
    assert page.get_by_role("option").count() == 0
    assert page.get_by_role("article", name="Answer").count() == 0, "taking a suggestion asks nothing yet"
    page.keyboard.press("Enter")
    page.get_by_role("article", name="Answer").wait_for()
    watched.assert_clean(empty_handed)


def test_a_refusal_hints_and_lets_the_place_be_taken_away(watched: Any, empty_handed: str) -> None:
    page = watched.open(empty_handed)
    card = put(page, "Show the flooded areas in Hawkesbxyz")
    assert "nothing called 'Hawkesbxyz'" in card.locator(".said").inner_text()
    assert card.locator(".hint").inner_text()
    card.get_by_role("button", name="Remove at least partly in Hawkesbxyz").click()
    page.get_by_role("button", name="Show on map").wait_for()
    assert "60 flooded areas" in card.locator(".said").inner_text()
    watched.assert_clean(empty_handed)


class Malice:
    """An asker whose every text means harm."""

    def ask(self, question: str, **_: Any) -> dict[str, Any]:
        edit = [{"op": "remove", "path": "/x"}]
        other, empty = {"text": HOSTILE, "edit": edit}, dict.fromkeys(("reason", "proposal", "value", "geojson", "dialogue"))
        chip = {"code": "where", "label": HOSTILE, "value": HOSTILE, "path": "", "assumed": False, "removable": True, "removal": edit}
        texts = dict.fromkeys(("question", "text", "paraphrase", "sparql"), HOSTILE)
        return {
            **empty, **texts, "status": "answered", "request": {}, "chips": [{**chip, "alternatives": [other]}], "unit": "1", "count": 1,
            "assumptions": [{"code": "x", "text": HOSTILE + "!", "about": ""}], "unknown": [HOSTILE], "types": [], "simulated": True,
            "readings": [{"text": HOSTILE, "request": {}}], "columns": ["feature", "label", HOSTILE], "timings": {HOSTILE: 1.0},
            "rows": [["javascript:window.hacked=5", HOSTILE, HOSTILE]], "notices": [{"code": "x", "text": HOSTILE}],
            "emptiness": {"text": HOSTILE, "blame": [], "nearest": [other]},
        }  # fmt: skip

    def suggestions(self, text: str) -> list[str]:
        return [HOSTILE]

    def provenance(self, iris: Any, request: Any = None) -> list[Any]:
        from earthweave.qa import Origin

        return [Origin("javascript:window.hacked=6", "http://www.w3.org/ns/prov#used", HOSTILE, HOSTILE)]


def test_hostile_answers_are_shown_as_text(watched: Any, loaded: Any) -> None:
    for address in serve(create_app(loaded, questions=Malice())):  # type: ignore[arg-type]
        page = watched.open(address)
        page.get_by_label("Ask a question").press_sequentially("abc")
        page.get_by_role("option").first.wait_for()
        card = put(page, "anything")
        card.get_by_text("its sources").click()
        card.get_by_role("list", name="Sources").wait_for()
        assert HOSTILE in card.locator(".said").inner_text()
        assert page.evaluate("() => window.hacked") is None
        assert page.locator("#panel img, #panel script").count() == 0
        assert card.locator("a[href^='javascript']").count() == 0
        watched.assert_clean(address)
