"""The verbs of jobs, as a user calls them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from click.testing import CliRunner

from earthweave.server.cli import main
from tests.jobs.conftest import eventually

CODE = "from earthweave.server.cli import main; main()"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One call of the command line."""
    return subprocess.run([sys.executable, "-c", CODE, "job", *arguments], cwd=folder, capture_output=True, text=True, timeout=180)


@pytest.fixture
def raster(tmp_path: Path) -> Path:
    """A raster of change with one flooded corner."""
    path = tmp_path / "change.tif"
    pixels = np.zeros((1, 40, 40), dtype="float32")
    pixels[:, :10, :10] = 8
    profile = {"driver": "GTiff", "width": 40, "height": 40, "count": 1, "dtype": "float32", "crs": "EPSG:32756"}
    with rasterio.open(path, "w", **profile, transform=Affine(20, 0, 280000, 0, -20, 6280000)) as dataset:
        dataset.write(pixels)
    return path


def test_from_submission_to_removal(tmp_path: Path, raster: Path) -> None:
    waiting = run(tmp_path, "submit", "flood-mask", "-i", raster.name, "-o", "mask.gpkg")
    assert waiting.returncode == 0, waiting.stderr
    assert "no worker runs" in waiting.stderr
    id = waiting.stdout.strip()
    worker = subprocess.Popen([sys.executable, "-c", CODE, "job", "worker"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        followed = run(tmp_path, "log", id, "--follow")
        assert "outlining" in followed.stdout
        again = run(tmp_path, "submit", "Flood-mask", "-i", str(raster), "-o", "mask.gpkg", "--wait")
        assert again.returncode == 0 and f"the result of job {id}" in again.stdout, again.stdout + again.stderr
    finally:
        worker.send_signal(signal.SIGINT)
        assert worker.wait(180) == 0
        assert worker.stderr is not None
        worker.stderr.close()
    shown = json.loads(run(tmp_path, "show", id, "--json").stdout)["result"]
    assert shown["state"] == "successful" and shown["parameters"]["input"] == str(raster)
    assert (Path(shown["folder"]) / "mask.gpkg").is_file() and (Path(shown["folder"]) / "mask.run.json").is_file()
    listed = run(tmp_path, "list", "--state", "successful")
    assert id in listed.stdout and "MiB in" in listed.stdout
    assert run(tmp_path, "remove", id).returncode == 0
    assert run(tmp_path, "show", id).returncode == 2
    other = json.loads(run(tmp_path, "list", "--json").stdout)["result"]["jobs"]
    assert len(other) == 1 and (Path(other[0]["folder"]) / "mask.gpkg").is_file()


def test_mistakes_are_told(tmp_path: Path) -> None:
    for arguments, told in (
        (["submit", "flood-mask", "-i", "x.tif", "-o", "/elsewhere/mask.shp"], "output_path"),
        (["submit", "flood-mask", "-i", "x.tif", "--threshold", "0"], "threshold"),
        (["cancel", "nobody"], "no job nobody"),
        (["restart", "nobody"], "no job nobody"),
        (["log", "nobody"], "no job nobody"),
    ):
        done = run(tmp_path, *arguments)
        assert done.returncode == 2 and told in done.stderr, done.stderr


def test_sigterm_ends_a_worker_at_once(tmp_path: Path) -> None:
    worker = subprocess.Popen([sys.executable, "-c", CODE, "job", "worker"], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    assert worker.stderr is not None and "stop with Ctrl-C" in worker.stderr.readline()
    eventually(lambda: _catches(worker.pid, signal.SIGTERM))
    worker.terminate()
    assert worker.wait(180) == 0
    worker.stderr.close()


def _catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return bool(int(next(line.split()[1] for line in lines if line.startswith("SigCgt:")), 16) >> number - 1 & 1)


def test_help_says_what_a_job_needs_and_which_services_there_are() -> None:
    runner = CliRunner()
    told = runner.invoke(main, ["job", "submit", "flood-mask", "--help"]).output
    assert "[default:flood-mask.shp]" in "".join(told.split()) and "vector file to write" not in told
    for verb in (["job", "submit"], ["process", "run"]):
        done = runner.invoke(main, [*verb, "flod-mask"])
        assert done.exit_code == 2 and "there is no service flod-mask; services: s2-preprocess" in " ".join(done.output.split())
