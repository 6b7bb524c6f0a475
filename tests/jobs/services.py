"""Services for the tests of jobs, found by child processes through ``tests.jobs.services:registry``."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np

from earthweave.ontology import CRS84, BBox, Interval, ProcessingError, Source
from earthweave.processing import Estimate, Output, Parameters, ServiceSpec
from earthweave.processing.frame import Context, Outcome, Product, digest, parameter

_TIME = Interval(datetime(2021, 3, 15, tzinfo=UTC), datetime(2021, 3, 25, tzinfo=UTC))


class Task(Parameters):
    """What a job of the tests shall do."""

    output_path: Path = parameter(..., "folder for the results", options=["--output_path"], role="output")
    input: Path | None = parameter(None, "file to copy", options=["--input"], role="input")
    aoi: str = parameter("", "area of interest", options=["--aoi"], role="aoi")
    store: Path = parameter(Path("nowhere"), "a place that is no input; who waits goes on once something is there", options=["--store"])
    act: Literal["copy", "native", "python", "fork", "eat", "fail", "bug", "crash", "chatter", "fill", "steps"] = parameter(
        "copy", "what to do", options=["--act"]
    )
    seconds: float = parameter(0.0, "how long", options=["--seconds"], unit="s", ge=0)
    traces: Path | None = parameter(None, "file that gets a line per run", options=["--traces"])


def _trace(p: Task, text: str) -> None:
    if p.traces:
        with p.traces.open("a") as stream:
            stream.write(f"{text}\n")


def _wait(gate: Path, seconds: float) -> None:
    """Until something is there, but so long at most."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not gate.exists():
        time.sleep(0.02)


def _act(p: Task, context: Context) -> None:
    """Misbehave as told."""
    if p.act == "native" and not p.store.exists():
        # native code that keeps the interpreter's lock and hears no signal handler
        ctypes.PyDLL(None).sleep(int(p.seconds))
    elif p.act == "python":
        _wait(p.store, p.seconds)
    elif p.act == "fork":
        started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        _trace(p, str(started.pid))
        time.sleep(p.seconds)
    elif p.act == "eat":
        hoard = []
        while True:
            hoard.append(np.ones(4 << 20, dtype=np.uint8))
            time.sleep(0.002)
    elif p.act == "fail":
        raise ProcessingError("it cannot be done", why="it was told to fail", way_out="tell it otherwise")
    elif p.act == "bug":
        raise ValueError("nobody thought of this")
    elif p.act == "crash":
        ctypes.string_at(0)
    elif p.act == "chatter":
        while True:
            os.write(2, b"x" * 4095 + b"\n")
    elif p.act == "fill":
        for number in range(200):
            (context.folder / f"{number}").write_bytes(b"x" * (1 << 20))
            time.sleep(0.01)
        time.sleep(p.seconds)
    elif p.act == "steps":
        for step in range(5):
            context.progress(f"step {step}", step / 5, f"note {step}")
            _wait(Path(f"{p.store}-{step}"), p.seconds)


def _run(p: Task, context: Context) -> Outcome:
    context.progress("working", 0.5, "half")
    _trace(p, "run")
    (context.folder / "half").write_text("half a result")
    _act(p, context)
    (context.folder / "half").unlink()
    path = context.folder / "copy.txt"
    path.write_bytes(p.input.read_bytes() if p.input else b"nothing")
    sources = (Source(p.input.name, digest(p.input)),) if p.input else ()
    product = Product("copy", path, "vector", "copy", "A copy", "text/plain", CRS84, BBox(0, 0, 1, 1), _TIME)
    return Outcome((product,), sources, {})


def _spec(id: str, **more: Any) -> ServiceSpec:
    outputs = (Output("copy", "vector", "text/plain", "copy.txt", "the input"),)
    return ServiceSpec(id, id.title(), "1.0", "A task", "Limits: all.", Task, outputs, _run, **more)


def registry() -> tuple[ServiceSpec, ...]:
    """The services."""
    return _spec("task", estimate=lambda p: Estimate(p.seconds, 10.0, "as told")), _spec("deed", reusable=False)
