"""A served store under load: errors, throughput, latencies and memory with 50 clients, and how a canary fares beside every known hazard.

Run ``python -m benchmarks.endpoint [--minutes 5] [--clients 50]``. The server is a process of its own, as ``earthweave serve`` starts it;
clients are threads of this process, each with one connection, that ask one thing after another without a pause.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from earthweave.server.store import open_store

TOKEN = "benchmark"
PLACES = 20_000
_GEO = "PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX geof: <http://www.opengis.net/def/function/geosparql/> "
_WKT = "^^<http://www.opengis.net/ont/geosparql#wktLiteral>"
_SERVE = "import sys; from earthweave.server.cli import main; sys.exit(main(sys.argv[1:]))"
_OK = {200, 201, 204}
_PAUSE, _LATE, _LEAST = 0.05, 60.0, 20
_GOAL = 100
"""Milliseconds that no question of the canary should take."""
_CANARY = "ASK { <http://e/7> <http://e/p> 7 }"
_TWO = "?a <http://e/p> ?c . ?d <http://e/p> ?f"

HAZARDS = {
    "braces": "SELECT * " + "{" * 2_200 + "}" * 2_200,
    "signs": "SELECT * { ?s ?p ?o FILTER(" + "!" * 9_300 + "1) }",
    "unions": "ASK { {}" + "UNION{}" * 6_400 + "}",
    "cross product sorted": f"SELECT * {{ {_TWO} }} ORDER BY (?c * ?f) STR(?a)",
    "doubling": "SELECT (STRLEN(?x6) AS ?n) { BIND('0123456789abcdef' AS ?x0) " + "".join(
        f"BIND(CONCAT({','.join([f'?x{i}'] * 16)}) AS ?x{i + 1}) " for i in range(6)) + "}",
    "pattern": f"SELECT (COUNT(*) AS ?n) {{ {_TWO} FILTER(REGEX(CONCAT(STR(?a), STR(?d)), '(a|aa|[0-9]+)+x$')) }}",
    "nested WKT": f"{_GEO}SELECT (geof:metricArea('{'GEOMETRYCOLLECTION(' * 1500}{')' * 1500}'{_WKT}) AS ?x) {{}}",
    "buffers": f"{_GEO}SELECT (COUNT(?g) AS ?n) {{ {_TWO} BIND(geof:metricBuffer(STRDT(CONCAT('POINT(', STR(?c/1000), ' 1)'), "
               "geo:wktLiteral), 1000) AS ?g) }",
    "long path": "SELECT (COUNT(*) AS ?n) { ?a (<http://e/n>|^<http://e/n>)+ ?b }",
}
_ENTITIES = "".join(f'<!ENTITY {after} "{f"&{before};" * 20}">' for before, after in zip("abcdefgh", "bcdefghi", strict=True))
DOCUMENTS = {
    "nested JSON-LD": ("application/ld+json", b"[" * 20_000 + b"]" * 20_000),
    "entities": ("application/rdf+xml", f'<!DOCTYPE r [<!ENTITY a "ha">{_ENTITIES}]><r>&i;</r>'.encode()),
}


def data() -> Iterator[bytes]:
    """N-Quads: places with a number, a neighbour and a point; simulated."""
    chance = random.Random(7)
    for first in range(0, PLACES, 5000):
        yield "".join(
            f'<http://e/{i}> <http://e/p> "{i}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
            f"<http://e/{i}> <http://e/n> <http://e/{(7 * i + 1) % PLACES}> .\n<http://e/{i}> <http://e/type> <http://e/t{i % 9}> .\n"
            f'<http://e/{i}> <http://www.opengis.net/ont/geosparql#asWKT> "POINT ({chance.uniform(0, 10):.5f} {chance.uniform(0, 10):.5f})"'
            f"{_WKT} .\n" for i in range(first, first + 5000)).encode()


@dataclass(frozen=True)
class Served:
    """A server: its port and its process."""

    port: int
    pid: int

    def ask(self, connection: http.client.HTTPConnection, text: str) -> int:
        """Send a query; the status."""
        connection.request("GET", f"/sparql?query={quote(text)}", headers={"Accept": "application/sparql-results+json"})
        return _status(connection)

    def update(self, connection: http.client.HTTPConnection, text: str) -> int:
        """Send an update; the status."""
        connection.request("POST", "/sparql", text, {"Content-Type": "application/sparql-update", "Authorization": f"Bearer {TOKEN}"})
        return _status(connection)

    def put(self, connection: http.client.HTTPConnection, kind: str, body: bytes) -> int:
        """Send a document for a graph; the status."""
        connection.request("POST", "/rdf-graph-store?graph=http://e/g", body, {"Content-Type": kind, "Authorization": f"Bearer {TOKEN}"})
        return _status(connection)

    def connect(self) -> AbstractContextManager[http.client.HTTPConnection]:
        """A new connection, for a block."""
        return closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=_LATE))

    def memory(self) -> tuple[int, float]:
        """Processes of the server, and the MiB they have; what several share is counted once."""
        family, known = {self.pid}, 0
        parents = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdecimal()}
        while len(family) > known:
            known = len(family)
            family |= {child for child, parent in parents.items() if parent in family}
        return len(family), sum(map(_proportional, family))


def _status(connection: http.client.HTTPConnection) -> int:
    answer = connection.getresponse()
    answer.read()
    return answer.status


def _parent(folder: Path) -> int:
    with suppress(OSError):
        return int((folder / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[1])
    return 0


def _proportional(pid: int) -> float:
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
        return sum(int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))
    return 0.0


@contextmanager
def served(folder: Path, **settings: str) -> Iterator[Served]:
    """A server over a store with the simulated data; ``settings`` by their names."""
    with open_store(folder / "store") as store:
        store.load_quads(data(), name="simulated")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    environment = {**os.environ, "EARTHWEAVE_UPDATE_TOKEN": TOKEN, "EARTHWEAVE_QUERY_DEADLINE": "20",
                   **{f"EARTHWEAVE_{name.upper()}": value for name, value in settings.items()}}
    command = [sys.executable, "-c", _SERVE, "serve", "--store", str(folder / "store"), "--port", str(port)]
    with (folder / "server.log").open("wb") as log, subprocess.Popen(command, env=environment, stderr=log, stdout=log) as process:
        try:
            yield _answering(Served(port, process.pid), process)
        finally:
            process.terminate()


def _answering(server: Served, process: subprocess.Popen[bytes]) -> Served:
    end = time.monotonic() + _LATE
    while time.monotonic() < end and process.poll() is None:
        with suppress(ConnectionError), server.connect() as connection:
            if server.ask(connection, _CANARY) in _OK:
                return server
        time.sleep(0.1)
    raise RuntimeError("the server does not answer; see its log")


@dataclass
class Load:
    """What clients met.

    Attributes:
        took: seconds of each request, by what it was. errors: status, or what was raised, and how often.
    """

    took: dict[str, list[float]] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, kind: str, seconds: float, error: str) -> None:
        """Take down a request."""
        with self._lock:
            self.took.setdefault(kind, []).append(seconds)
            if error:
                self.errors[error] = self.errors.get(error, 0) + 1

    @property
    def requests(self) -> int:
        """How many there were."""
        return sum(map(len, self.took.values()))


Wish = tuple[str, Callable[[Served, http.client.HTTPConnection], int]]


def mixed(chance: random.Random, name: str) -> Wish:
    """What one client wants next: lookups for the most part, also maps, counts and updates."""
    number, x, y = chance.randrange(PLACES), chance.uniform(0, 9), chance.uniform(0, 9)
    box = f"'POLYGON(({x} {y}, {x + 0.3} {y}, {x + 0.3} {y + 0.3}, {x} {y + 0.3}, {x} {y}))'{_WKT}"
    texts = {
        "lookup": f"SELECT ?p ?o {{ <http://e/{number}> ?p ?o }}",
        "spatial": f"{_GEO}SELECT ?s {{ ?s geo:asWKT ?g FILTER(geof:sfWithin(?g, {box})) }}",
        "aggregate": "SELECT ?t (COUNT(*) AS ?n) { ?s <http://e/type> ?t } GROUP BY ?t",
    }
    kind = chance.choices(["lookup", "spatial", "aggregate", "update"], [60, 20, 5, 15])[0]
    if kind == "update":
        return kind, lambda server, connection: server.update(connection, f"INSERT DATA {{ <http://e/new/{name}> <http://e/q> {number} }}")
    return kind, lambda server, connection: server.ask(connection, texts[kind])


def updates(chance: random.Random, name: str) -> Wish:
    """The same of a client that updates only."""
    text = f"INSERT DATA {{ <http://e/new/{name}> <http://e/q> {chance.random()} }}"
    return "update", lambda server, connection: server.update(connection, text)


def load(server: Served, clients: int, seconds: float, wish: Callable[[random.Random, str], Wish]) -> Load:
    """Let clients want one thing after another for some time."""
    met, end = Load(), time.monotonic() + seconds

    def work(client: int) -> None:
        chance, number = random.Random(client), 0
        with server.connect() as connection:
            while (start := time.monotonic()) < end:
                kind, run = wish(chance, f"{client}/{number}")
                error = ""
                try:
                    status = run(server, connection)
                    error = "" if status in _OK else str(status)
                except (OSError, http.client.HTTPException) as raised:
                    error = type(raised).__name__
                    connection.close()
                met.note(kind, time.monotonic() - start, error)
                number += 1

    _together([lambda client=client: work(client) for client in range(clients)])  # type: ignore[misc]
    return met


def _together(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def canary(server: Served, hazard: Callable[[http.client.HTTPConnection], int]) -> tuple[int, float, list[float]]:
    """Status and seconds of a hazard, and how long each question of a canary beside it took."""
    took: list[float] = []
    ended = threading.Event()
    found: list[tuple[int, float]] = []

    def work() -> None:
        start = time.monotonic()
        with server.connect() as own:
            status = hazard(own)
        found.append((status, time.monotonic() - start))
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    with server.connect() as connection:
        while not ended.is_set() or len(took) < _LEAST:
            start = time.monotonic()
            if server.ask(connection, _CANARY) not in _OK:
                raise RuntimeError("the canary is dead")
            took.append(time.monotonic() - start)
            time.sleep(_PAUSE)
    thread.join()
    return (*found[0], sorted(took))


def quantile(took: list[float], part: float) -> float:
    """Milliseconds below which a part of some sorted seconds lies."""
    return took[min(int(len(took) * part), len(took) - 1)] * 1000


def _print_load(name: str, met: Load, seconds: float) -> None:
    for kind, took in sorted(met.took.items()):
        took.sort()
        print(f"{name:<10}{kind:<24}{len(took) / seconds:>12,.1f}{quantile(took, 0.5):>10,.0f}{quantile(took, 0.99):>10,.0f}")
    print(f"{name:<10}{'errors':<24}{sum(met.errors.values()):>12}  {met.errors or ''}", flush=True)


def _print_hazards(server: Served) -> None:
    print(f"\n{'canary beside':<34}{'status':>12}{'seconds':>10}{'p50 ms':>10}{'p99 ms':>10}{'most ms':>10}  {f'< {_GOAL} ms':>8}")
    jobs: dict[str, Callable[[http.client.HTTPConnection], int]] = {}
    for name, text in HAZARDS.items():
        jobs[name] = lambda connection, text=text: server.ask(connection, text)  # type: ignore[misc]
    for name, document in DOCUMENTS.items():
        jobs[name] = lambda connection, document=document: server.put(connection, *document)  # type: ignore[misc]
    for name, job in {"nothing": lambda _: 200, **jobs}.items():
        status, seconds, took = canary(server, job)
        figures = (quantile(took, 0.5), quantile(took, 0.99), took[-1] * 1000)
        print(f"{name:<34}{status:>12}{seconds:>10.1f}" + "".join(f"{one:>10.0f}" for one in figures)
              + f"  {'all' if figures[2] < _GOAL else 'not all':>8}", flush=True)


def main() -> None:
    """Print how a served store fares under load, then beside hazards."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--hazards", type=int, default=1, help="0 leaves the hazards away")
    parser.add_argument("--threads", default="", help="of the server; the default of serve_threads if empty")
    chosen = parser.parse_args()
    seconds, settings = chosen.minutes * 60, {"serve_threads": chosen.threads} if chosen.threads else {}
    with tempfile.TemporaryDirectory() as name, served(Path(name), **settings) as server:
        print(f"{chosen.clients} clients on {4 * PLACES:,} simulated statements for {seconds:g} s\n")
        print(f"{'clients':<10}{'what':<24}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}")
        load(server, chosen.clients, min(seconds / 10, 10), mixed)
        before = server.memory()
        met = load(server, chosen.clients, seconds, mixed)
        _print_load("mixed", met, seconds)
        after = server.memory()
        print(f"{'memory':<10}" + ", ".join(f"{number} processes with {size:,.0f} MiB" for number, size in (before, after)), flush=True)
        _print_load("updating", load(server, chosen.clients, min(seconds, 10), updates), min(seconds, 10))
        if chosen.hazards:
            _print_hazards(server)
    if met.errors:
        raise SystemExit("requests failed")


if __name__ == "__main__":
    main()
