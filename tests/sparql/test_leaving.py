"""A query ends when nobody waits for it: the client left, or asked for that, or somebody with the token did."""

from __future__ import annotations

import http.client
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from earthweave.ontology import ParameterError
from earthweave.server.sparql._watch import Watch

SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l FILTER(?c + ?f + ?i + ?l = -1) }"
NAME = "0123456789abcdef"


def until(holds: Callable[[], Any], seconds: float = 20.0) -> float:
    """Wait until something holds; how long that took."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() - start < seconds
        time.sleep(0.01)
    return time.monotonic() - start


@pytest.fixture
def busy(desk):
    if not desk.count():
        desk.store.update("INSERT DATA {" + "".join(f"<http://e/s{i}> <http://e/p> {i} ." for i in range(600)) + "}")
    assert not desk.store.running()
    yield desk
    until(lambda: not desk.store.running())


def ask(port: int, **headers: str) -> tuple[threading.Thread, list[Any]]:
    """Send the slow query in a thread; status and body come into the list."""
    found: list[Any] = []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(
            "GET", f"/sparql?query={quote(SLOW)}", headers={name.replace("_", "-"): value for name, value in headers.items()}
        )
        response = connection.getresponse()
        found.extend((response.status, response.read(), response.headers))
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread, found


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_client_that_leaves_takes_its_query_with_it(busy) -> None:
    with socket.create_connection(("127.0.0.1", busy.port)) as client:
        client.sendall(f"GET /sparql?query={quote(SLOW)} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        until(lambda: [one for one in busy.store.running() if one.kind == "query"])
        (pid,) = [one.pid for one in busy.store.running()]
        time.sleep(0.3)
        assert alive(pid)
    # half a second for two looks at the client on a busy machine, and for the system to reap the worker
    assert until(lambda: not alive(pid)) < 1.0
    until(lambda: not busy.store.running())
    assert busy.send("GET", "/sparql", {"query": "ASK {}"}).json()["boolean"] is True


def test_a_client_stops_its_own_query_by_the_id_it_chose(busy) -> None:
    thread, found = ask(busy.port, Earthweave_Query_Id=NAME)
    until(busy.store.running)
    assert busy.send("GET", "/sparql", {"query": "ASK {}"}, Earthweave_Query_Id=NAME).json()["code"] == "bad-parameter"
    assert busy.send("DELETE", f"/queries/{NAME}").status == 204
    thread.join(10)
    assert found[0] == 503
    assert b'"aborted"' in found[1]
    assert busy.send("DELETE", f"/queries/{NAME}").status == 401


def test_the_bearer_of_the_token_sees_and_stops_every_query(busy) -> None:
    thread, found = ask(busy.port)
    until(busy.store.running)
    (listed,) = busy.write("GET", "/queries").json()["queries"]
    assert (listed["kind"], listed["text"]) == ("query", SLOW)
    assert listed["seconds"] >= 0
    assert busy.send("GET", "/queries").status == busy.send("DELETE", f"/queries/{listed['id']}").status == 401
    assert busy.write("DELETE", f"/queries/{listed['id']}").status == 204
    thread.join(10)
    assert (found[0], busy.write("DELETE", f"/queries/{listed['id']}").status) == (503, 404)


def test_every_answer_tells_the_id_it_ran_under(busy) -> None:
    assert len(busy.send("GET", "/sparql", {"query": "ASK {}"}).header("Earthweave-Query-Id")) == 12
    assert busy.send("GET", "/sparql", {"query": "ASK {}"}, Earthweave_Query_Id=NAME).header("Earthweave-Query-Id") == NAME


@pytest.mark.parametrize("name", ["short", "x" * 65, "../../etc/passwd-and-more", "a b c d e f g h i j"])
def test_a_name_that_can_be_guessed_is_refused(name: str) -> None:
    with pytest.raises(ParameterError), Watch(lambda _: None).visit(name, None):
        pass


def test_the_watch_looks_after_many_and_forgets_them() -> None:
    stopped: list[str] = []
    watch = Watch(stopped.append)
    left = threading.Event()
    with watch.visit("", left.is_set) as gone, watch.visit("", lambda: False) as stays, watch.visit("", left.is_set):
        gone.began("1")
        stays.began("2")
        time.sleep(0.3)
        assert stopped == []
        left.set()
        until(lambda: stopped)
    seen = len(stopped)
    time.sleep(0.3)
    assert set(stopped) == {"1"}
    assert len(stopped) == seen
