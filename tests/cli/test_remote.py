"""``query --endpoint``: another endpoint over real HTTP, and what is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from earthweave.ontology import DeadlineError, ForbiddenError, ProcessingError, SizeLimitError
from earthweave.server.cli import main
from earthweave.server.federation import query_endpoint
from earthweave.server.sparql import blueprint
from earthweave.server.store import Limits, open_store
from tests.federation.conftest import running


class _Odd(BaseHTTPRequestHandler):
    """An endpoint that redirects elsewhere, sends too much, or stays silent, as its path says."""

    def do_POST(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://192.0.2.1/sparql")
            self.end_headers()
        elif self.path == "/flood":
            self.send_response(200)
            self.send_header("Content-Type", "application/sparql-results+json")
            self.end_headers()
            self.wfile.write(b" " * 5000)
        else:
            threading.Event().wait(3)

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""


@pytest.fixture
def odd() -> Iterator[str]:
    with running(ThreadingHTTPServer(("127.0.0.1", 0), _Odd)) as address:
        yield address


def _ask(url: str, deadline: float = 5, largest: int = 1000) -> None:
    query_endpoint(url, "ASK {}", accept="application/sparql-results+json", deadline=deadline, largest=largest)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://user:secret@127.0.0.1/", "no address"])
def test_addresses_that_may_not_be_called(url: str) -> None:
    with pytest.raises(ForbiddenError):
        _ask(url)


def test_redirect_to_another_host_is_refused(odd: str) -> None:
    with pytest.raises(ForbiddenError, match="redirects to another host"):
        _ask(f"{odd}/away")


def test_too_large_an_answer_is_refused(odd: str) -> None:
    with pytest.raises(SizeLimitError):
        _ask(f"{odd}/flood")


def test_a_silent_endpoint_meets_the_deadline(odd: str) -> None:
    with pytest.raises(DeadlineError):
        _ask(f"{odd}/silent", deadline=1)


def test_nobody_there() -> None:
    with pytest.raises(ProcessingError):
        _ask("http://127.0.0.1:9/sparql")


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    from flask import Flask
    from werkzeug.serving import make_server

    (tmp_path / "data.nt").write_text('<http://example.org/a> <http://example.org/p> "näme"@en .\n')
    with open_store(tmp_path / "store") as store:
        store.load([tmp_path / "data.nt"])
        app = Flask("remote")
        app.register_blueprint(blueprint(store, Limits()))
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/sparql"
        server.shutdown()
        thread.join()


def test_select_ask_and_construct_over_http(endpoint: str) -> None:
    def answer(query: str) -> str:
        done = CliRunner().invoke(main, ["query", query, "--endpoint", endpoint])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "näme" in answer("SELECT ?o WHERE { ?s ?p ?o }")
    assert answer("ASK { ?s ?p ?o }").strip() == "yes"
    assert "<http://example.org/p>" in answer("CONSTRUCT WHERE { ?s ?p ?o }")


def test_a_refused_query_names_the_endpoint(endpoint: str) -> None:
    done = CliRunner().invoke(main, ["query", "SELECT ?o WHERE { nonsense", "--endpoint", endpoint])
    assert done.exit_code == 2
    assert endpoint in done.output
