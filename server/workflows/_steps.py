"""Steps of a workflow that outlive it: a run that was cut off goes on behind the last step that it finished.

::

    <store>.steps/<key>/            held by the one run that has this key
        <service>/                  products, run.json, layers.json of a finished step
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from earthweave.ontology import BBox, Crs, Interval, Layer, Progress, ProgressSink, Provenance, Source
from earthweave.processing import Result, ServiceSpec
from earthweave.processing.frame import altered, checked, content_key
from earthweave.server.records import run_recorded

_LAYERS = "layers.json"
_PLAIN = ("item.json", "run.json", "prov.ttl")
"""Records of a service that fills a folder; the workflow has its own of these names."""


@contextmanager
def held(folder: Path, waiting: Callable[[], None]) -> Iterator[Path]:
    """A folder that nobody else has meanwhile; another run with the same steps waits, and is told."""
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            # who finished meanwhile has removed it, or what it lies in
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            waiting()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if folder.is_dir() and os.fstat(descriptor).st_ino == folder.stat().st_ino:
            break
        # who held it has finished and removed it
        os.close(descriptor)
    try:
        yield folder
    finally:
        os.close(descriptor)


@dataclass
class Steps:
    """Runs services one after the other, each once.

    Attributes:
        folder: where finished steps are kept.
        target: where their products are wanted.
        sink: told where the whole stands.
        count: how many stages there are in all, for the fraction.
        done, fraction: stages that began, and how far the whole is.
        reused: names of steps that were taken over from an earlier run.
    """

    folder: Path
    target: Path
    sink: ProgressSink
    count: int
    done: int = 0
    fraction: float = 0.0
    reused: list[str] = field(default_factory=list)

    def stage(self, title: str) -> ProgressSink:
        """Begin the next stage; the sink that its own progress goes to."""
        start, self.done = self.done, self.done + 1

        def told(progress: Progress) -> None:
            self.fraction = max(self.fraction, min((start + (progress.fraction or 0.0)) / self.count, 1.0))
            self.sink(Progress(f"{start + 1}/{self.count} {title}", self.fraction, progress.note or progress.stage))

        told(Progress(title))
        return told

    def run(self, title: str, spec: ServiceSpec, given: Mapping[str, Any], output: str = "") -> Result:
        """The result of a service in the target folder: made now, or found complete and unaltered among the finished steps."""
        sink, home = self.stage(title), self.folder / spec.id
        values = checked(spec.parameters, {**given, "output_path": home / output}, spec.executable)
        record = home / f"{Path(output).stem}.run.json" if output else home / "run.json"
        if spec.reusable and _finished(record, content_key(spec, values)):
            self.reused.append(spec.id)
            sink(Progress("taken over from the run that was cut off", 1.0))
        else:
            shutil.rmtree(home, ignore_errors=True)
            result = run_recorded(spec, values, progress=sink)
            (home / _LAYERS).write_text(json.dumps([written(layer) for layer in result.layers], default=str), "utf-8")
        return self._placed(spec, home, record)

    def _placed(self, spec: ServiceSpec, home: Path, record: Path) -> Result:
        """Link the files of a step into the target; records with plain names get the name of the service in front."""
        item = record.name.replace("run.json", "item.json")
        names = {name: f"{spec.id}.{name}" for name in _PLAIN}
        for path in home.iterdir():
            if path.is_file() and path.name != _LAYERS and not path.name.startswith("."):
                _link(path, self.target / names.get(path.name, path.name))
        kept_layers = map(_read, json.loads((home / _LAYERS).read_text("utf-8")))
        layers = tuple(replace(one, path=self.target / one.path.name) for one in kept_layers)
        report = json.loads(record.read_text("utf-8"))
        kept = [self.target / names.get(name, name) for name in (item, record.name)]
        return Result(layers, report, self.target, *kept)


def _finished(record: Path, key: str) -> bool:
    if not record.is_file() or not record.with_name(_LAYERS).is_file() or altered(record):
        return False
    return bool(json.loads(record.read_text("utf-8"))["key"] == key)


def _link(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        # a file system without hard links
        shutil.copy2(source, target)


def written(layer: Layer) -> dict[str, Any]:
    """A layer as JSON values."""
    made = layer.provenance
    return {
        **{name: getattr(layer, name) for name in ("kind", "name", "title", "media_type")},
        "path": layer.path.name,
        "crs": str(layer.crs),
        "bbox": layer.bbox.bounds,
        "time": layer.time and layer.time.texts,
        "meaning": dict(layer.meaning),
        "provenance": {**asdict(made), "started": made.started.isoformat(), "ended": made.ended.isoformat()},
    }


def _read(said: Mapping[str, Any]) -> Layer:
    made = said["provenance"]
    times = {name: datetime.fromisoformat(made[name]) for name in ("started", "ended")}
    used = tuple(Source(**one) for one in made["used"])
    provenance = Provenance(**{**made, **times, "used": used, "attribution": tuple(made["attribution"])})
    time = Interval.parse(*said["time"]) if said["time"] else None
    plain = {name: said[name] for name in ("kind", "name", "title", "media_type", "meaning")}
    return Layer(path=Path(said["path"]), crs=Crs.parse(said["crs"]), bbox=BBox(*said["bbox"]), time=time, provenance=provenance, **plain)
