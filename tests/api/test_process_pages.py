"""The pages of processes and jobs as a browser without scripts gets them: forms from descriptors, errors at their fields, progress."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from earthweave.processing.frame import described
from tests.api.conftest import TOKEN, Served, offering

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SECRET = {"token": "open-sesame"}


class Page(HTMLParser):
    """Fields, errors and links of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, str]] = {}
        self.choices: dict[str, list[str]] = {}
        self.scripts = self.depth = 0
        self.labels: set[str] = set()
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag in ("input", "select", "textarea"):
            self.fields[said["name"]] = {**said, "tag": tag}
            self._select = said["name"] if tag == "select" else ""
        elif tag == "option":
            self.choices.setdefault(self._select, []).append(said["value"])
        elif tag == "label":
            self.labels.add(said["for"])
        self.scripts += tag == "script" or any(name.startswith("on") or name == "style" for name in said)


def page_of(served: Served, address: str) -> Page:
    """A page, which must be one that no script runs in."""
    reply = served.web.get(address, headers=HTML)
    assert reply.status_code == 200 and reply.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = reply.headers["Content-Security-Policy"]
    assert "script-src" not in policy and "default-src 'none'" in policy and "form-action 'self'" in policy
    page = Page(reply.text)
    assert page.scripts == 0
    return page


def send(served: Served, process: str, **fields: str) -> Any:
    """Send the form of a process as a browser does."""
    data = {**SECRET, **{f"input-{name}": text for name, text in fields.items()}}
    return served.web.post(f"/processes/{process}/execution", data=data, headers=HTML)


def test_every_form_has_a_field_for_every_input_with_its_help(served: Served) -> None:
    for spec in served.jobs.services():
        reply = served.web.get(f"/processes/{spec.id}", headers=HTML)
        page = page_of(served, f"/processes/{spec.id}")
        offered = served.web.get(f"/processes/{spec.id}").json()["inputs"]
        assert set(page.fields) == {"token", *(f"input-{name}" for name in offered)}
        assert page.labels == set(page.fields)
        text = html.unescape(reply.text)
        for one in described(spec.parameters):
            if one.name not in offered or one.role == "output":
                continue
            field = page.fields[f"input-{one.name}"]
            assert ("required" in field) is one.required
            assert one.description in text and (not one.unit or one.unit in text)
            if one.choices and not one.free:
                assert set(map(str, one.choices)) <= set(page.choices[f"input-{one.name}"])


def test_bounds_stand_in_the_fields(served: Served) -> None:
    fields = page_of(served, "/processes/flood-mask").fields
    assert (fields["input-sieve"]["type"], fields["input-sieve"]["min"], fields["input-sieve"]["step"]) == ("number", "0", "1")
    assert fields["input-sieve"]["placeholder"] == "10"
    assert fields["token"]["type"] == "password" and "value" not in fields["token"]


@pytest.mark.parametrize(("field", "text", "words"), [
    ("sieve", "-1", "greater than or equal to 0"),
    ("sieve", "many", "valid integer"),
    ("connectivity", "5", "4 or 8"),
    ("field", "1 bad name", "match pattern"),
    ("start", "yesterday", "datetime"),
    ("input", "../jobs/jobs.db", "none of the folders"),
    ("output_path", "mask.exe", "ends in"),
    ("output_path", "../mask.shp", "folder of that job"),
])  # fmt: skip
def test_an_error_stands_at_its_field_and_what_was_filled_in_stays(served: Served, field: str, text: str, words: str) -> None:
    reply = send(served, "flood-mask", **{"input": "change.tif", "layer": "kept_text", field: text})
    assert reply.status_code == 400
    (error,) = re.findall(rf'id="input-{field}-error">([^<]*)<', reply.text)
    assert words in html.unescape(error)
    page = Page(reply.text)
    assert page.fields[f"input-{field}"]["aria-invalid"] == "true"
    assert page.fields["input-layer"]["value"] == "kept_text"
    assert "open-sesame" not in reply.text
    assert [name for name, one in page.fields.items() if "aria-invalid" in one] == [f"input-{field}"]


def test_a_missing_input_is_told_at_its_field(served: Served) -> None:
    assert 'id="input-input-error">Field required' in send(served, "flood-mask").text


def test_what_was_filled_in_is_text_in_the_page(served: Served) -> None:
    bad = '"><script>alert(1)</script>'
    reply = send(served, "flood-mask", input=bad, layer=bad, start=bad)
    assert "<script" not in reply.text and Page(reply.text).scripts == 0


def test_a_form_needs_the_token_and_our_own_page(served: Served) -> None:
    for secret in ({}, {"token": "guess"}):
        reply = served.web.post("/processes/flood-mask/execution", data={"input-input": "change.tif", **secret}, headers=HTML)
        assert (reply.status_code, 'id="token-error"' in reply.text) == (403, True)
        assert Page(reply.text).fields["input-input"]["value"] == "change.tif"
    away = served.web.post("/processes/flood-mask/execution", data=SECRET, headers={**HTML, "Sec-Fetch-Site": "cross-site"})
    assert (away.status_code, away.json()["code"]) == (403, "forbidden")


def test_a_form_becomes_a_job(filled, children, tmp_path: Path) -> None:
    with offering(filled, tmp_path) as served:
        filled_in = served.web.get("/processes/flood-mask?input-sieve=7&input-input=change.tif", headers=HTML).text
        assert Page(filled_in).fields["input-sieve"]["value"] == "7"
        reply = send(served, "flood-mask", input="change.tif", connectivity="8", output_path="mask.geojson", layer="")
        assert reply.status_code == 303
        kept = served.jobs.get(reply.headers["Location"].rpartition("/")[2]).parameters
        assert kept == {"input": str(served.data / "change.tif"), "connectivity": 8, "output_path": "mask.geojson"}


def test_the_page_of_a_job_follows_it_cancels_it_and_runs_it_again(filled, children, tmp_path: Path) -> None:
    with offering(filled, tmp_path) as served:
        job = served.start("task", act="fail")
        at = f"/jobs/{job}"
        text = served.web.get(at, headers=HTML).text
        assert 'http-equiv="refresh"' in text and "accepted" in text and f"{at}?act=dismiss" in text
        asked = served.web.get(f"{at}?act=dismiss", headers=HTML).text
        assert 'http-equiv="refresh"' not in asked and f'action="{at}/dismiss"' in asked
        refused = served.web.post(f"{at}/dismiss", data={"token": "guess"}, headers=HTML)
        assert (refused.status_code, served.jobs.get(job).state) == (403, "accepted")
        assert served.web.post(f"{at}/dismiss", data=SECRET, headers=HTML).headers["Location"] == at
        assert served.jobs.get(job).state == "dismissed"
        assert served.web.post(f"{at}/restart", data=SECRET, headers=HTML).headers["Location"] == at
        assert served.jobs.get(job).state == "accepted"
        served.web.post(f"{at}/dismiss", data=SECRET, headers=HTML)
        assert served.web.post(f"{at}/dismiss", data=SECRET, headers=HTML).headers["Location"] == "/jobs"
        assert served.web.get(at).status_code == 404
        assert "No worker runs" in served.web.get("/jobs", headers=HTML).text


def test_the_page_of_a_job_shows_the_end_of_a_long_log(filled, children, tmp_path: Path) -> None:
    with offering(filled, tmp_path) as served:
        job = served.start("task")
        log = served.jobs.folder / "jobs" / job / "log"
        log.parent.mkdir()
        log.write_text("early\n" * 300_000 + "late\n" * 30_000 + "the last words\n")
        text = served.web.get(f"/jobs/{job}", headers=HTML).text
        assert "the last words" in text and text.count("late\n") == 39 and "early" not in text


@pytest.mark.parametrize("address", ["/processes", "/jobs", "/conformance", "/processes/flood-mask"])
def test_every_page_has_a_twin_and_the_choice_is_by_accept_or_f(served: Served, address: str) -> None:
    text = served.web.get(address, headers=HTML).text
    (twin,) = re.findall(r'<link rel="alternate" href="([^"]+)" type="application/json">', text)
    told = served.web.get(html.unescape(twin), headers=HTML)
    plain = served.web.get(address, headers={"Accept": "application/json"})
    assert told.headers["Content-Type"] == plain.headers["Content-Type"] == "application/json"
    assert served.web.get(f"{address}?f=html", headers={"Accept": "application/json"}).text == text
    assert "Accept" in plain.headers["Vary"]


def test_the_failure_of_a_job_stands_on_its_page(served: Served) -> None:
    listed = served.web.get("/jobs?status=failed").json()["jobs"] or [served.done("task", act="fail")]
    text = served.web.get(f"/jobs/{listed[0]['jobID']}", headers=HTML).text
    assert 'role="alert"' in text and "?act=restart" in text
    assert served.web.get(f"/jobs/{listed[0]['jobID']}", headers={**HTML, **TOKEN}).status_code == 200
