"""The guarded door to catalogues, on a loopback server: who may be asked, how long, how much, and where redirects may lead."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from earthweave.ontology import DeadlineError, EndpointError, ForbiddenError, ParameterError, SizeLimitError
from earthweave.processing.catalogue import Retrying
from earthweave.server.federation import AllowedServices, allowed_services


class Odd(BaseHTTPRequestHandler):
    """What services do, as the path says."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        code = {"/busy": 503, "/away": 302, "/aside": 302, "/out": 302, "/none": 404}.get(path, 200)
        self.send_response(code)
        places = {"/away": "http://192.0.2.1/", "/aside": "/echo?aside=1", "/out": "/forbidden"}
        if path in places:
            self.send_header("Location", places[path])
        if code == 503:
            self.send_header("Retry-After", "3")
        self.end_headers()
        if path == "/flood":
            self.wfile.write(b" " * 100_000)
        elif path == "/drip":
            for _ in range(50):
                self.wfile.write(b" ")
                self.wfile.flush()
                threading.Event().wait(0.05)
        else:
            self.wfile.write(f"{self.path} {self.headers['User-Agent']} {self.headers['Accept']}".encode())

    def log_message(self, *_: object) -> None:
        """Keep the test output clean."""

    def handle(self) -> None:
        """Serve, and take it lightly if the client leaves."""
        try:
            super().handle()
        except OSError:
            return


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def door(address: str, *paths: str, deadline: float = 10.0) -> AllowedServices:
    return AllowedServices(tuple(address + path for path in paths or ("/",)), deadline, 50_000)


def test_a_reply_and_its_parameters(address: str) -> None:
    status, headers, body = door(address).get(f"{address}/echo", [("$filter", "Name eq 'a b'"), ("x", "1"), ("x", "ü&")])
    assert (status, body.decode().split()[0]) == (200, "/echo?%24filter=Name%20eq%20%27a%20b%27&x=1&x=%C3%BC%26")
    assert "earthweave" in body.decode()
    assert "server" in headers
    assert door(address).get(f"{address}/echo?page=2", [("x", "1")])[2].startswith(b"/echo?page=2&x=1 ")


def test_refusals_are_replies(address: str) -> None:
    assert door(address).get(f"{address}/none")[0] == 404
    status, headers, _ = door(address).get(f"{address}/busy")
    assert (status, headers["retry-after"]) == (503, "3")
    pauses: list[float] = []
    assert Retrying(door(address), pauses.append, attempts=2).get(f"{address}/busy")[0] == 503
    assert pauses == [3]


def test_only_what_is_allowed_is_asked(address: str) -> None:
    for url in ("http://192.0.2.1/x", f"{address}/other", "file:///etc/passwd", f"{address}/api/../other", "http://me@127.0.0.1/api/x"):
        with pytest.raises(ForbiddenError) as raised:
            door(address, "/api/").get(url)
        assert raised.value.way_out
    assert door(address, "/api/").get(f"{address}/api/x")[0] == 200
    with pytest.raises(ForbiddenError, match="is not asked") as raised:
        door(address).get("https://catalogue.example/odata")
    assert "127.0.0.1" in raised.value.why
    assert "EARTHWEAVE_CATALOGUE_ALLOW" in raised.value.way_out


def test_redirects_stay_within(address: str) -> None:
    assert door(address).get(f"{address}/aside")[2].startswith(b"/echo?aside=1")
    with pytest.raises(ForbiddenError, match="redirects to another host"):
        door(address).get(f"{address}/away")
    with pytest.raises(ForbiddenError):
        door(address, "/out").get(f"{address}/out")


def test_time_and_size_are_bounded(address: str) -> None:
    with pytest.raises(SizeLimitError, match="larger than 50,000"):
        door(address).get(f"{address}/flood")
    with pytest.raises(DeadlineError, match="within 0.2 s"):
        door(address, deadline=0.2).get(f"{address}/drip")
    with pytest.raises(EndpointError, match="cannot be reached"):
        AllowedServices(("http://127.0.0.1:9/",), 5, 10).get("http://127.0.0.1:9/x")


def test_the_list_of_a_setting() -> None:
    known = ["https://a.example/odata/v1", "https://b.example/v1"]
    assert allowed_services(known, "", deadline=1, largest=1).entries == ("https://a.example/", "https://b.example/")
    more = allowed_services(known, " https://c.example/stac/ ,", deadline=1, largest=1)
    more.check("https://c.example/stac/search?x=1")
    more.check("https://a.example/other/page")
    with pytest.raises(ForbiddenError):
        more.check("https://c.example/else")
    with pytest.raises(ForbiddenError, match="is not asked") as raised:
        allowed_services(known, "none", deadline=1, largest=1).check("https://a.example/odata/v1")
    assert "none is allowed" in raised.value.why
    with pytest.raises(ParameterError, match="catalogue_allow names c.example"):
        allowed_services(known, "c.example", deadline=1, largest=1)
