"""Endpoints on the loopback: real ones over stores of their own, and one that misbehaves as its path says."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from waitress.server import create_server

from earthweave.server.api import create_app
from earthweave.server.store import open_store

GOOD = {"head": {"vars": ["row"]}, "results": {"bindings": [{"row": {"type": "literal", "value": "0"}}]}}


class Odd(BaseHTTPRequestHandler):
    """What endpoints do that should not: redirect, flood, drip, stay silent, break off, lie."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        getattr(self, f"_{self.path.strip('/').replace('-', '_')}")()

    def _start(self, code: int = 200, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _good(self) -> None:
        self._start()
        self.wfile.write(json.dumps(GOOD).encode())

    def _away(self) -> None:
        self._start(302, Location="http://192.0.2.1/sparql")

    def _aside(self) -> None:
        self._start(303, Location="/other")

    def _flood(self) -> None:
        self._start()
        self.wfile.write(b" " * 3_000_000)

    def _drip(self) -> None:
        self._start()
        for _ in range(100):
            self.wfile.write(b" ")
            self.wfile.flush()
            threading.Event().wait(0.1)

    def _silent(self) -> None:
        threading.Event().wait(4)

    def _short(self) -> None:
        self._start(**{"Content-Length": "1000"})
        self.wfile.write(b"{")

    def _page(self) -> None:
        self._start(**{"Content-Type": "text/html"})
        self.wfile.write(b"<html>")

    def _refuse(self) -> None:
        self._start(403)
        self.wfile.write(b'{"detail": "not for you"}')

    def _endless(self) -> None:
        self._start()
        while True:
            self.wfile.write(b" " * 65_536)

    def _bomb(self) -> None:
        packed = gzip.compress(b" " * 50_000_000, 9)
        self._start(**{"Content-Encoding": "gzip", "Content-Length": str(len(packed))})
        self.wfile.write(packed)

    def _cut(self) -> None:
        text = json.dumps(GOOD)[:-20].encode()
        self._start(**{"Content-Length": str(len(text)), "Content-Type": "application/sparql-results+json"})
        self.wfile.write(text)

    def _round(self) -> None:
        self._start(302, Location="/round")

    do_GET = do_HEAD = lambda self: getattr(self, f"_{self.path.strip('/')}")()

    def _nested(self) -> None:
        self._start()
        self.wfile.write(b'{"results": {"bindings": [' + b"[" * 90_000)

    def _latin(self) -> None:
        self._start(**{"Content-Type": "application/sparql-results+json; charset=latin-1"})
        self.wfile.write(json.dumps(GOOD).replace("0", "\xe9").encode("latin-1"))

    def _empty(self) -> None:
        self._start(204)

    def _headers(self) -> None:
        self._start(**{f"X-{number}": "x" for number in range(200)})

    def _busy(self) -> None:
        self._start(503, **{"Retry-After": "3600"})

    def _many(self) -> None:
        self._start()
        rows = [{"row": {"type": "literal", "value": "0"}, "v": {"type": "literal", "value": str(n)}} for n in range(500)]
        self.wfile.write(json.dumps({"head": {"vars": ["row", "v"]}, "results": {"bindings": rows}}).encode())

    def _slow_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            threading.Event().wait(0.1)

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""

    def handle(self) -> None:
        """Serve, and take it lightly if the client leaves."""
        try:
            super().handle()
        except OSError:
            return


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """The address of a server for the length of a block."""
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def odd() -> Iterator[str]:
    with running(ThreadingHTTPServer(("127.0.0.1", 0), Odd)) as address:
        yield address


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Serve a store with these triples as the product does; the address of its endpoint is returned."""
    with ExitStack() as stack:

        def start(turtle: str) -> str:
            folder: Path = tmp_path_factory.mktemp("endpoint")
            (folder / "data.ttl").write_text(turtle, "utf-8")
            store = stack.enter_context(open_store(folder / "store"))
            store.load([folder / "data.ttl"])
            server = create_server(create_app(store), host="127.0.0.1", port=0, threads=2)
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            stack.callback(thread.join, 10)
            stack.callback(server.close)
            return f"http://127.0.0.1:{server.effective_port}/sparql"

        yield start
