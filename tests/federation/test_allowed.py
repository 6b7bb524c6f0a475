"""Which endpoints an allow-list lets through, and what comes of those that misbehave."""

from __future__ import annotations

import time

import pytest

from earthweave.ontology import DeadlineError, EarthweaveError, EndpointError, ForbiddenError, ParameterError
from earthweave.server.federation import allowed_endpoints

ENTRIES = "http://a.example/sparql, https://b.example:8443/open/,http://127.0.0.1:9000,http://c.example/q?graph=1"


def allows(endpoint: str) -> bool:
    allowed = allowed_endpoints(ENTRIES, 1.0)
    assert allowed
    try:
        allowed.check(endpoint)
    except ForbiddenError as error:
        assert "service_allow" in error.way_out or "http and https" in error.why
        return False
    return True


@pytest.mark.parametrize("endpoint", [
    "http://a.example/sparql", "http://A.example:80/sparql", "https://b.example:8443/open/one/sparql", "http://127.0.0.1:9000/x",
    "http://127.0.0.1:9000", "http://c.example/q?graph=1", "https://b.example:8443/open/?x=1",
])
def test_what_is_named_is_allowed(endpoint: str) -> None:
    assert allows(endpoint)


@pytest.mark.parametrize("endpoint", [
    "http://a.example/sparql/", "http://a.example/sparqlx", "https://a.example/sparql", "http://a.example:81/sparql", "http://a.example.org/sparql",
    "http://a.example@evil.example/sparql", "http://user@a.example/sparql", "http://a.example/sparql?x=1", "http://a.example/sparql#x",
    "https://b.example:8443/open", "https://b.example:8443/open/../admin", "https://b.example:8443/open/%2e%2e/admin",
    "https://b.example:8443/open/..\\admin", "https://b.example/open/x", "http://127.0.0.1:90001/x", "http://127.0.0.1:9000.evil.example/",
    "http://127.0.0.1:900", "http://2130706433:9000/x", "http://[::ffff:127.0.0.1]:9000/x", "http://localhost:9000/x", "file:///etc/passwd",
    "ftp://a.example/sparql", "urn:x:y", "http://", "http://c.example/q?graph=2", "http://169.254.169.254/latest/meta-data/", "",
])
def test_nothing_else_is(endpoint: str) -> None:
    assert not allows(endpoint)


def test_an_empty_list_allows_nothing_and_a_wrong_one_is_told() -> None:
    assert allowed_endpoints(" , ", 1.0) is None
    for wrong in ("a.example/sparql", "file:///x", "http://u:p@a.example/", "http://a.example:x/"):
        with pytest.raises(ParameterError, match="service_allow"):
            allowed_endpoints(wrong, 1.0)


def fetch(address: str, *, entries: str = "", seconds: float = 5.0, largest: int = 1_000_000) -> bytes:
    allowed = allowed_endpoints(entries or address, 1.0)
    assert allowed
    return allowed.fetch(address, "SELECT * {}", seconds=seconds, largest=largest)


@pytest.mark.parametrize(("path", "kind"), [
    ("/away", ForbiddenError), ("/aside", ForbiddenError), ("/flood", EndpointError), ("/short", EndpointError),
    ("/refuse", EndpointError), ("/none", EarthweaveError),
])
def test_endpoints_that_misbehave_are_told(odd: str, path: str, kind: type[EarthweaveError]) -> None:
    with pytest.raises(kind):
        fetch(odd + path)


@pytest.mark.parametrize("path", ["/drip", "/silent"])
@pytest.mark.parametrize("seconds", [0.4, 60.0])
def test_time_is_counted_over_the_whole_answer(odd: str, path: str, seconds: float) -> None:
    start = time.monotonic()
    with pytest.raises(DeadlineError):
        fetch(odd + path, seconds=seconds)
    assert time.monotonic() - start < min(seconds, 1.0) + 1.0


def test_an_answer_comes_back_as_it_was_sent(odd: str) -> None:
    assert fetch(f"{odd}/good").startswith(b'{"head"')
    with pytest.raises(ForbiddenError):
        fetch(f"{odd}/good", entries=f"{odd}/other")
    with pytest.raises(EndpointError):
        fetch("http://127.0.0.1:9/sparql")
