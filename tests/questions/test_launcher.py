"""A question that only a run can answer proposes that run, and starts it when told to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import shapely

from earthweave.ontology import ParameterError, ProcessingError
from earthweave.ontology.geometry import write_wkt
from earthweave.server.jobs import JobLimits, Jobs
from earthweave.server.questions import JobLauncher, StoreAsker
from earthweave.server.store import Store, open_store
from earthweave.server.workflows import registry

REGISTRY = "earthweave.server.workflows:registry"
QUESTION = "Map the floods north-west of Sydney between 15 and 25 March 2021"
SYDNEY = (151.2, -33.87)


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that knows two places and no flood."""
    folder = tmp_path_factory.mktemp("places")
    box = write_wkt([shapely.box(150.0, -34.0, 151.0, -33.0)])[0]
    rows = [("Sydney", f"POINT({SYDNEY[0]} {SYDNEY[1]})"), ("Hawkesbury", box)]
    turtle = "@prefix ew: <https://w3id.org/earthweave/ontology#> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .\n" + "".join(
        f"<http://example.org/{name}> a ew:AdministrativeUnit ; <http://www.w3.org/2000/01/rdf-schema#label> '{name}' ; "
        f"geo:hasGeometry <http://example.org/{name}-g> . <http://example.org/{name}-g> geo:asWKT '{wkt}'^^geo:wktLiteral .\n"
        for name, wkt in rows
    )
    (folder / "places.ttl").write_text(turtle, "utf-8")
    with open_store(folder / "store") as store:
        store.load([folder / "places.ttl"])
        yield store


@pytest.fixture
def launcher(places: Store, tmp_path: Path) -> JobLauncher:
    jobs = Jobs(tmp_path / "jobs", JobLimits(), REGISTRY)
    return JobLauncher(lambda: jobs, jobs.services(), {"flood-assessment": {"store": str(places.path), "scenes": str(tmp_path / "scenes")}})


@pytest.fixture
def asker(places: Store, launcher: JobLauncher) -> StoreAsker:
    return StoreAsker(places, clock=lambda: datetime(2026, 11, 20, tzinfo=UTC), launcher=launcher)


def test_the_named_question_proposes_the_job(asker: StoreAsker, launcher: JobLauncher) -> None:
    found = asker.ask(QUESTION)
    assert found["status"] == "proposed"
    proposal = found["proposal"]
    assert proposal["service"] == "flood-assessment"
    assert {name: proposal["parameters"][name][:10] for name in ("start", "end")} == {"start": "2021-03-15", "end": "2021-03-25"}
    assert set(proposal["parameters"]) == {"aoi", "start", "end"}, "paths are not for questions to say"
    assert proposal["estimate"]["seconds"] > 1
    assert launcher.jobs.list() == (), "nothing is started unasked"
    west, south, east, north = shapely.from_wkt(proposal["parameters"]["aoi"]).bounds
    assert (east, south) == pytest.approx(SYDNEY)
    assert (west < 150.63) and (north > -33.49), "the exercise's polygon begins within it"
    said = ["'north-west of Sydney' is read as the square of 60 km that begins at its middle."]
    assert [one["text"] for one in found["assumptions"]] == said
    assert proposal["area"]["type"] == "Polygon" and (proposal["start"], proposal["end"]) == ("2021-03-15", "2021-03-25")
    assert any("pixels" in note for note in proposal["estimate"]["notes"])
    assert proposal["request"] == found["request"]


@pytest.mark.parametrize(
    ("question", "bounds"),
    [
        ("Map the floods south of Sydney between 15 and 25 March 2021", (150.876, -34.409, 151.524, -33.87)),
        ("Please map floods northeast of Sydney from 15 to 25 March 2021", (151.2, -33.87, 151.849, -33.331)),
        ("map the flooding around Sydney between 15 and 25 March 2021?", (150.876, -34.14, 151.524, -33.6)),
        ("Map the floods near Sydney in March 2021", (150.876, -34.14, 151.524, -33.6)),
        ("Which administrative units were flooded north-west of Sydney between 15 and 25 March 2021?", (150.551, -33.87, 151.2, -33.331)),
        ("Which units lie within 2 km of the flooded areas near Sydney in March 2021?", (150.876, -34.14, 151.524, -33.6)),
        ("Map the floods within 20 km of Sydney in March 2021", (150.984, -34.05, 151.416, -33.69)),
        ("Map the floods near Hawkesbury in March 2021", (149.946, -34.045, 151.054, -32.955)),
        ("How large is the flooded area in Hawkesbury in March 2021?", (150.0, -34.0, 151.0, -33.0)),
        ("Map the floods in Hawkesbury in March 2021", (150.0, -34.0, 151.0, -33.0)),
        ("Assess the flood damage in Hawkesbury in March 2021", (150.0, -34.0, 151.0, -33.0)),
    ],
)
def test_where_a_direction_leads(asker: StoreAsker, question: str, bounds: tuple[float, ...] | None) -> None:
    proposal = asker.ask(question)["proposal"]
    assert (proposal is None) == (bounds is None)
    if bounds is not None:
        assert shapely.from_wkt(proposal["parameters"]["aoi"]).bounds == pytest.approx(bounds, abs=2e-3)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ("Map the floods north-west of Atlantis between 15 and 25 March 2021", "unknown-place"),
        ("Map the floods north-west of Sydney", "missing-time"),
        ("Map the floods between 15 and 25 March 2021", "missing-place"),
        ("Map the floods north-west of Sydney since 15 March 2021", "missing-time"),
        ("Map the purple floods north-west of Sydney between 15 and 25 March 2021", "no-data-layer"),
        ("Map the crops north-west of Sydney between 15 and 25 March 2021", "no-data-layer"),
        ("Will floods be mapped north-west of Sydney between 15 and 25 March 2021?", "prediction"),
    ],
)
def test_what_fits_no_template_is_refused(asker: StoreAsker, question: str, code: str) -> None:
    found = asker.ask(question)
    assert (found["status"], found["proposal"]) == ("refused", None)
    assert found["reason"]["code"] == code


@pytest.mark.parametrize(
    ("question", "missing"),
    [
        ("Which roads were flooded in Hawkesbury between 15 and 25 March 2021?", "roads"),
        ("How many people live in the flooded areas in Hawkesbury in March 2021?", "population"),
        ("Which power plants lie within 2 km of the flooded areas near Sydney in March 2021?", "power plants"),
    ],
)
def test_what_no_run_brings_is_said_to_be_missing(asker: StoreAsker, question: str, missing: str) -> None:
    found = asker.ask(question)
    assert (found["status"], found["proposal"]) == ("refused", None)
    assert found["text"] == f"The store has no data about {missing}, and a run of flood-assessment brings none."
    assert missing in found["reason"]["hint"]


def test_a_run_that_would_fail_says_so(asker: StoreAsker) -> None:
    proposal = asker.ask(QUESTION)["proposal"]
    assert "would fail as things stand" in proposal["text"] and "scenes" in proposal["estimate"]["obstacle"]


def test_without_a_launcher_nothing_is_proposed(places: Store) -> None:
    assert StoreAsker(places).ask(QUESTION)["status"] == "refused"


FLOOD = """
@prefix : <http://example.org/> . @prefix ew: <https://w3id.org/earthweave/ontology#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
:flood a ew:FloodedArea ; ew:phenomenonStart "2021-03-16T00:00:00Z"^^xsd:dateTime ; ew:phenomenonEnd "2021-03-20T00:00:00Z"^^xsd:dateTime ;
    geo:hasGeometry :flood-g .
:flood-g geo:asWKT "POLYGON ((150.1 -33.9, 150.2 -33.9, 150.2 -33.8, 150.1 -33.8, 150.1 -33.9))"^^geo:wktLiteral .
:windsor a ew:AdministrativeUnit ; <http://www.w3.org/2000/01/rdf-schema#label> "Windsor" ; geo:hasGeometry :windsor-g .
:windsor-g geo:asWKT "POLYGON ((150.15 -33.95, 150.3 -33.95, 150.3 -33.7, 150.15 -33.7, 150.15 -33.95))"^^geo:wktLiteral .
"""


def test_the_same_request_is_answered_from_what_the_run_brought(places: Store, asker: StoreAsker, tmp_path: Path) -> None:
    waiting = asker.ask("Which administrative units were flooded between 15 and 25 March 2021 in Hawkesbury?")
    assert waiting["status"] == "proposed"
    (tmp_path / "flood.ttl").write_text(FLOOD, "utf-8")
    with open_store(tmp_path / "after") as after:
        after.load([places.path.parent / "places.ttl", tmp_path / "flood.ttl"])
        found = StoreAsker(after).ask_request(waiting["proposal"]["request"])
        assert (found["status"], [row[1] for row in found["rows"]]) == ("answered", ["Windsor"])
        assert found["columns"][-1] == "flooded areas (km²)"
        assert found["rows"][0][-1] == pytest.approx(51.3, abs=0.2)
        assert len(found["geojson"]["features"]) == 1


def test_an_empty_answer_comes_with_a_proposal(places: Store, launcher: JobLauncher, tmp_path: Path) -> None:
    (tmp_path / "flood.ttl").write_text(FLOOD, "utf-8")
    with open_store(tmp_path / "some") as some:
        some.load([places.path.parent / "places.ttl", tmp_path / "flood.ttl"])
        found = StoreAsker(some, launcher=launcher).ask("Map the floods in Hawkesbury between 15 and 25 May 2021")
    assert (found["status"], found["count"]) == ("answered", 0)
    assert found["proposal"]["service"] == "flood-assessment"
    assert any(notice["code"] == "proposal" for notice in found["notices"])


def test_only_services_whose_slots_fit_are_offered(launcher: JobLauncher) -> None:
    offers = JobLauncher(lambda: launcher.jobs, registry(), {spec.id: {} for spec in registry()}).offers()
    assert "flood-assessment" in {offer.service for offer in offers}
    assert "s2-cd" not in {offer.service for offer in offers}, "its dates go to scenes, which no question can name"


def test_start_adds_what_is_fixed_and_watch_tells_of_failure(asker: StoreAsker, launcher: JobLauncher, tmp_path: Path) -> None:
    proposal: dict[str, Any] = asker.ask(QUESTION)["proposal"]
    (tmp_path / "scenes").mkdir()
    id = launcher.start(proposal["service"], {**proposal["parameters"], "scenes": "/etc"})
    job = launcher.jobs.get(id)
    assert job.parameters["scenes"] == str(tmp_path / "scenes"), "what is fixed wins"
    assert job.parameters["start"].startswith("2021-03-15")
    with launcher.jobs.worker(), pytest.raises(ProcessingError) as error:
        list(launcher.watch(id))
    assert "no pair of scenes was found" in error.value.what
    assert "--days" in error.value.way_out


def test_a_wrong_parameter_is_refused_at_once(launcher: JobLauncher) -> None:
    with pytest.raises(ParameterError):
        launcher.start("flood-assessment", {"bands": "B3"})
    assert launcher.estimate("flood-assessment", {"bands": "B3"}) is None


def test_the_area_of_a_small_place_is_its_box_and_what_it_rests_on_is_told(asker: StoreAsker, places: Store, tmp_path: Path) -> None:
    (tmp_path / "flood.ttl").write_text(FLOOD + ":flood <http://www.w3.org/ns/prov#wasDerivedFrom> :scene .", "utf-8")
    with open_store(tmp_path / "after") as after:
        after.load([places.path.parent / "places.ttl", tmp_path / "flood.ttl"])
        launcher = JobLauncher(lambda: pytest.fail("nothing is started"), registry(), {"flood-assessment": {}})
        told = StoreAsker(after, launcher=launcher)
        proposal = told.ask("Map the floods in Windsor between 15 and 25 May 2021")["proposal"]
        assert shapely.from_wkt(proposal["parameters"]["aoi"]).bounds == pytest.approx((150.15, -33.95, 150.3, -33.7))
        found = told.ask("Which administrative units were flooded in March 2021?")
        listed = [row[0] for row in found["rows"]]
        assert "http://example.org/windsor" in listed
        assert told.provenance(listed) == (), "units themselves come from nowhere"
        assert [one.source for one in told.provenance(listed, found["request"])] == ["http://example.org/scene"]
        assert [one.source for one in told.provenance([], found["request"])] == ["http://example.org/scene"]
