"""Files that name web addresses: nothing is fetched for them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

EARTHWEAVE = [sys.executable, "-c", "from earthweave.server.cli import main; main()"]


class Listener(ThreadingHTTPServer):
    """Counts who comes by."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Listener)
        self.server.seen.append(self.path)
        self.send_error(404)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _linked(folder: Path, listener: Listener) -> Path:
    """A GeoJSON whose reference system lies on the web."""
    address = f"http://127.0.0.1:{listener.server_port}/crs"
    feature = {"type": "Feature", "properties": {"a": 1}, "geometry": {"type": "Point", "coordinates": [150.0, -33.0]}}
    crs = {"type": "link", "properties": {"href": address, "type": "esriwkt"}}
    file = folder / "linked.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [feature]}))
    return file


def _run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name != "GDAL_HTTP_PROXY"}
    return subprocess.run([*map(str, command)], env=clean | environment, capture_output=True, text=True, check=False)


def test_gdal_left_alone_goes_there(tmp_path: Path, listener: Listener) -> None:
    """Else the tests below would show nothing."""
    _run(sys.executable, "-c", f"import pyogrio; pyogrio.read_info({str(_linked(tmp_path, listener))!r})")
    assert listener.seen


def test_the_command_line_fetches_nothing(tmp_path: Path, listener: Listener) -> None:
    done = _run(*EARTHWEAVE, "map", "generate", "-b", "http://example.org/", _linked(tmp_path, listener))
    assert done.stdout and not done.returncode
    assert not listener.seen


def test_a_job_fetches_nothing(tmp_path: Path, listener: Listener) -> None:
    request = {"job": "j", "root": str(tmp_path), "registry": "", "service": "", "parameters": {}, "memory": 1 << 30}
    code = "import sys, earthweave.server.jobs._child as child\nimport pyogrio\ntry:\n    child.main()\nfinally:\n"
    code += f"    pyogrio.read_info({str(_linked(tmp_path, listener))!r})"
    silent = subprocess.DEVNULL
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=silent, stderr=silent) as child:
        assert child.stdin is not None
        child.stdin.write(json.dumps(request).encode() + b"\n")
        child.stdin.flush()
        child.wait(60)
    assert not listener.seen
