"""The app over a real store."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import rasterio
from affine import Affine
from flask import Flask
from flask.testing import FlaskClient
from waitress.server import create_server

from earthweave.server.api import PresetLayer, Processes, create_app
from earthweave.server.jobs import JobLimits, Jobs
from earthweave.server.settings import EndpointSettings, ProcessSettings, WebSettings
from earthweave.server.store import Store, open_store
from tests.jobs.conftest import eventually

DATA = b"""<http://e/a> <https://w3id.org/earthweave/ontology#simulated> "true"^^<http://www.w3.org/2001/XMLSchema#boolean> .
<http://e/a> <http://e/b> "c" .
"""


class Parrot:
    """An asker that says what it was asked; the real one is tested in its own room and in the browser."""

    def ask(self, question: str) -> dict[str, Any]:
        return {"question": question, "status": "refused", "text": f"You said: {question}"}


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store whose data are simulated."""
    with open_store(tmp_path_factory.mktemp("api") / "store") as store:
        store.load_quads([DATA], name="data.nq")
        yield store


@pytest.fixture
def app(filled: Store) -> Flask:
    """Everything switched on."""
    layer = PresetLayer("Flooded areas", "SELECT * {}", colour="#1f6fb5", simulated=True)
    return create_app(filled, questions=Parrot(), banner="SIMULATED DATA", layers=[layer], settings=WebSettings(question_characters=40))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Speaks to the app."""
    return app.test_client()


TOKEN = {"Authorization": "Bearer open-sesame"}
ROOT = Path(__file__).resolve().parents[2]
REGISTRY = "tests.api.services:registry"


@dataclass(frozen=True)
class Served:
    """A server on loopback whose processes run in real jobs.

    Attributes:
        web: speaks to it, without the token.
        jobs: what is behind it.
        data: the folder whose files clients may name.
        gate: what the server itself puts into a ``task``, which waits until something is there.
    """

    web: httpx.Client
    jobs: Jobs
    data: Path
    gate: Path

    def run(self, process: str, body: dict[str, Any], **headers: str) -> httpx.Response:
        """Execute with the token; ``Prefer`` and the like as headers."""
        return self.web.post(f"/processes/{process}/execution", json=body, headers={**TOKEN, **headers})

    def start(self, process: str, **inputs: Any) -> str:
        """The id of a new job."""
        reply = self.run(process, {"inputs": inputs}, Prefer="respond-async")
        assert reply.status_code == 201, reply.text
        return str(reply.json()["jobID"])

    def until(self, job: str, *, stage: str = "") -> dict[str, Any]:
        """The status of a job once it has ended, or is at a stage."""
        told: dict[str, Any] = {}

        def there() -> bool:
            told.update(self.web.get(f"/jobs/{job}").json())
            return told["status"] not in ("accepted", "running") or bool(stage and told["stage"] == stage)

        eventually(there, lambda: str(told))
        return told

    def done(self, process: str, **inputs: Any) -> dict[str, Any]:
        """The status of a new job once it has ended."""
        return self.until(self.start(process, **inputs))


def change_raster(path: Path) -> Path:
    """A raster of change with two flooded patches: 6 x 6 pixels of level 6, and 5 x 4 of level 9; simulated, and says so."""
    values = np.ones((32, 40), dtype=np.float32)
    values[4:10, 5:11], values[20:25, 30:34] = 6.2, 8.9
    transform = Affine(20, 0, 500_000, 0, -20, 6_300_000)
    how = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:32756", "transform": transform}
    with rasterio.open(path, "w", width=40, height=32, **how) as out:
        out.write(values, 1)
        out.update_tags(TITLE="simulated change", SIMULATED="true")
    return path


@contextmanager
def listening(app: Any, *, threads: int = 8) -> Iterator[str]:
    """An app behind waitress on a free port of loopback; its address."""
    server = create_server(app, host="127.0.0.1", port=0, threads=threads, channel_request_lookahead=1)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # its threads first: they wake the loop, which then closes itself
        server.task_dispatcher.shutdown(cancel_pending=False)
        with suppress(OSError):
            # it may be awake already, and have closed by now
            server.trigger.pull_trigger(server.close)
        thread.join(timeout=10)


@contextmanager
def offering(store: Store, folder: Path, **settings: Any) -> Iterator[Served]:
    """Processes over a folder, without a worker."""
    jobs = Jobs(folder / "jobs", JobLimits(), REGISTRY)
    data = folder / "data"
    data.mkdir(exist_ok=True)
    change_raster(data / "change.tif")
    gate = folder / "of-the-server"
    processes = Processes(jobs, ProcessSettings(**settings), (data,), {"task": {"store": str(gate)}})
    app = create_app(store, endpoint=EndpointSettings(update_token="open-sesame"), processes=processes)
    with listening(app) as address, httpx.Client(base_url=address, timeout=180) as web:
        yield Served(web, jobs, data, gate)


@pytest.fixture(scope="session")
def children() -> Iterator[None]:
    """Let the processes of jobs find the registry of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        yield


@pytest.fixture(scope="session")
def served(filled: Store, children: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with a worker beside it."""
    with offering(filled, tmp_path_factory.mktemp("processes")) as found, found.jobs.worker():
        yield found
