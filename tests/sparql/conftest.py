"""A real store behind a real server, and a client that speaks plain HTTP."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from earthweave.server.api import create_app
from earthweave.server.cli._listening import listening_server
from earthweave.server.cli._web_verbs import waitress_options
from earthweave.server.settings import EndpointSettings
from earthweave.server.store import Store, open_store

TOKEN = "correct horse"
WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
DATA = r"""
@prefix ex: <http://example.org/> .
@prefix geo: <http://www.opengis.net/ont/geosparql#> .
ex:a ex:name "Ena"@en , "plain", "line\nbreak \"quoted\"	tab", "=1+1", "-5", "é … 漢" ; ex:number 7, 2.50, 1.0e3 ; ex:flag true ;
  ex:link ex:b ; ex:blank [] .
ex:p1 ex:level 3 ; geo:asWKT "POLYGON ((0 0, 0 1, 1 1, 1 0, 0 0))"^^geo:wktLiteral .
ex:p2 ex:level 9 ; geo:asWKT "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (38 23.5)"^^geo:wktLiteral .
ex:p3 ex:level 12 ; geo:asWKT "POLYGON ((0 0, oops))"^^geo:wktLiteral .
ex:p4 ex:level 15 .
"""
NAMED = b"<http://example.org/n> <http://example.org/in> <http://example.org/named> .\n"


@dataclass(frozen=True)
class Reply:
    """Status, headers (lower case names, all values) and body."""

    status: int
    headers: dict[str, list[str]]
    body: bytes

    def header(self, name: str) -> str:
        """The only value of a header, or empty."""
        return ", ".join(self.headers.get(name.lower(), []))

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


Send = Callable[..., Reply]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A small store with every kind of term."""
    folder = tmp_path_factory.mktemp("terms")
    (folder / "data.ttl").write_text(DATA, encoding="utf-8")
    with open_store(folder / "store") as store:
        store.load([folder / "data.ttl"])
        store.load_quads([NAMED], name="named.nq", graph="http://example.org/graph")
        yield store


@contextmanager
def listening(store: Store, **endpoint: Any) -> Iterator[int]:
    """A server over a store, with these settings of the endpoint; where it listens."""
    app = create_app(store, endpoint=EndpointSettings(**endpoint))
    server = listening_server(app, host="127.0.0.1", port=0, threads=4, **waitress_options(2**30))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.effective_port
    finally:
        # its threads first: they wake the loop that is closed then
        server.task_dispatcher.shutdown(cancel_pending=False)
        server.close()
        thread.join(timeout=10)


def sender(port: int) -> Send:
    """Sends one request to a server: ``send(method, path, parameters, body, **headers)``."""

    def request(method: str, path: str = "/sparql", parameters: Any = (), body: bytes | None = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        target = f"{path}?{urlencode(parameters)}" if parameters else path
        connection.request(method, target, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        found: dict[str, list[str]] = {}
        for name, value in response.getheaders():
            found.setdefault(name.lower(), []).append(value)
        reply = Reply(response.status, found, response.read())
        connection.close()
        return reply

    return request


@pytest.fixture(scope="session")
def port(filled: Store) -> Iterator[int]:
    """Where the server listens."""
    with listening(filled) as found:
        yield found


@pytest.fixture(scope="session")
def send(port: int) -> Send:
    """Sends to the server that only reads."""
    return sender(port)


@dataclass(frozen=True)
class Desk:
    """A store of its own behind a server that takes updates."""

    store: Store
    port: int
    folder: Path
    send: Send

    def write(self, method: str, *arguments: Any, **headers: str) -> Reply:
        """Send with the token."""
        return self.send(method, *arguments, Authorization=f"Bearer {TOKEN}", **headers)

    def count(self) -> int:
        """Statements in the store."""
        return self.store.statistics().triples


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """An empty store that can be written to, with a query log, open to one other site."""
    folder = tmp_path_factory.mktemp("desk")
    settings = {"update_token": TOKEN, "query_log": str(folder / "queries.jsonl"), "allowed_origins": "https://maps.example.org"}
    with open_store(folder / "store") as store, listening(store, **settings) as port:
        yield Desk(store, port, folder, sender(port))


@pytest.fixture
def empty(desk: Desk) -> Desk:
    """The same with nothing in it."""
    if desk.count():
        desk.store.update("CLEAR ALL")
    return desk
