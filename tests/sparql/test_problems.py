"""One table from exception to status: complete, and silent about what is inside."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

import earthweave.ontology as ontology
from earthweave.ontology import EarthweaveError, StoreBusyError, StoreError
from earthweave.server.sparql import STATUS, header_text, problem_of, problem_response
from earthweave.server.store import Notice


def kinds(root: type[EarthweaveError] = EarthweaveError) -> Iterator[type[EarthweaveError]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


@pytest.mark.parametrize("kind", sorted(set(kinds()), key=lambda kind: kind.__name__), ids=lambda kind: kind.__name__)
def test_every_exception_of_the_house_has_a_status(kind: type[EarthweaveError]) -> None:
    problem = problem_of(kind("what", why="why", way_out="way out"))
    assert 400 <= problem.status < 600
    assert problem.code == kind.code
    if problem.status != 500:
        assert (problem.detail, problem.why, problem.way_out) == ("what", "why", "way out")


def test_the_table_names_exceptions_of_the_house_only() -> None:
    house = {value for _, value in inspect.getmembers(ontology, inspect.isclass) if issubclass(value, EarthweaveError)}
    assert set(STATUS) <= house


@pytest.mark.parametrize("error", [StoreError("/srv/secret", why="/srv/secret"), ValueError("/srv/secret"), KeyError("/srv/secret")])
def test_a_failure_of_ours_tells_an_incident_number_and_logs_the_rest(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    response = problem_response(error)
    assert response.status_code == 500
    assert "secret" not in response.get_data(as_text=True)
    number = response.get_json()["detail"].split("incident ")[1].rstrip(")")
    assert number in caplog.text
    assert "secret" in caplog.text


def test_busy_says_when_to_come_again() -> None:
    response = problem_response(StoreBusyError("busy"))
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")


@pytest.mark.parametrize("text", ["plain", "ä → 漢", "two\r\nInjected: yes", "x" * 5000, "\x00\x7f"])
def test_a_notice_is_one_printable_line_of_a_header(text: str) -> None:
    value = header_text(Notice("code", text))
    assert value.isascii()
    assert value.isprintable()
    assert len(value) <= 400
    assert value.startswith("code: ")
