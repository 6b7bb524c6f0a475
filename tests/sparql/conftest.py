"""A real store behind a real server, and a client that speaks plain HTTP."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
from waitress.server import create_server

from earthweave.server.api import create_app
from earthweave.server.store import Store, open_store

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


@pytest.fixture(scope="session")
def port(filled: Store) -> Iterator[int]:
    """Where the server listens."""
    server = create_server(create_app(filled), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server.effective_port
    server.close()
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def send(port: int) -> Send:
    """Send one request to the server: ``send(method, path, parameters, body, **headers)``."""

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
