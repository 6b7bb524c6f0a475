"""A person runs a process in a browser, with scripts switched off: form, error at the field, progress, result, file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from earthweave.server.api import Processes, create_app
from earthweave.server.jobs import JobLimits, Jobs
from earthweave.server.settings import EndpointSettings
from tests.api.conftest import change_raster
from tests.browser.conftest import serve


@pytest.fixture(scope="module")
def processes(loaded: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with the services of this release, a worker, and one raster of change."""
    folder = tmp_path_factory.mktemp("run")
    change_raster(folder / "change.tif")
    jobs = Jobs(folder / "jobs", JobLimits(), "earthweave.processing:services")
    app = create_app(loaded, endpoint=EndpointSettings(update_token="open-sesame"), processes=Processes(jobs, roots=(folder,)))
    with jobs.worker():
        yield from serve(app)


@pytest.mark.parametrize("watched", [{"java_script_enabled": False, "accept_downloads": True}], indirect=True)
def test_a_flood_mask_from_the_form_to_the_file(watched: Any, processes: str, tmp_path: Path) -> None:
    page = watched.page
    page.goto(f"{processes}/processes")
    page.get_by_role("link", name="Flood mask from a raster of change").click()
    page.get_by_label("input").fill("nowhere.tif")
    page.get_by_label("output path").fill("mask.geojson")
    page.get_by_label("sieve").fill("12")
    page.get_by_label("connectivity").select_option("8")
    page.get_by_label("token of the server").fill("open-sesame")
    page.get_by_role("button", name="Run").click()
    assert "is not there" in page.locator("#input-input-error").inner_text()
    assert page.get_by_label("sieve").input_value() == "12"
    page.get_by_label("input").fill("change.tif")
    page.get_by_label("token of the server").fill("open-sesame")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("heading", name="flood-mask: successful").wait_for(timeout=60_000)
    assert page.get_by_role("progressbar").get_attribute("value") == "100"
    with page.expect_download() as started:
        page.get_by_role("link", name="mask.geojson", exact=True).click()
    started.value.save_as(tmp_path / "mask.geojson")
    found = json.loads((tmp_path / "mask.geojson").read_text())
    assert sorted(one["properties"]["floodLevel"] for one in found["features"]) == [6, 9]
    # the error of the first try is a page with status 400, which the browser reports
    assert [text for text in watched.console if "400" not in text] == []
    assert not [url for url in watched.requests if not url.startswith(processes)]


class Proposer:
    """An asker that proposes a run; the real one is tested in its own room."""

    def ask(self, question: str, **_: Any) -> dict[str, Any]:
        said = {"input": "change.tif", "start": "2021-03-15"}
        proposal = {"service": "flood-mask", "title": "Flood mask", "parameters": said, "estimate": None}
        nothing: dict[str, Any] = {"assumptions": [], "unknown": []}
        return {"question": question, "status": "proposed", "text": "That needs a run.", "proposal": proposal, **nothing}

    def suggestions(self, text: str) -> list[str]:
        return []


def test_a_question_that_needs_a_run_leads_to_its_form(watched: Any, loaded: Any, processes: str, tmp_path: Path) -> None:
    offered = Processes(Jobs(tmp_path / "jobs", JobLimits(), "earthweave.processing:services"))
    for address in serve(create_app(loaded, questions=Proposer(), processes=offered)):
        page = watched.open(address)
        page.get_by_label("Ask a question").fill("Map the floods")
        page.get_by_label("Ask a question").press("Enter")
        page.get_by_role("link", name="Run Flood mask…").click()
        assert page.get_by_label("start").input_value() == "2021-03-15"
        assert page.get_by_label("input").input_value() == "change.tif"
        watched.assert_clean(address)
