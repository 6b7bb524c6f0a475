"""Run a service: check the parameters, work in a staging folder, record what was done, publish by renaming."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel

from earthweave.ontology import EWR, BBox, Crs, Interval, Layer, ParameterError, Progress, ProgressSink, Provenance, Source, silent

from ._key import area_files, content_key, digest, files_of
from ._parameters import Parameters, checked, extra
from ._spec import ServiceSpec
from ._stac import stac_item
from ._staging import staging

_VERSIONS = ("numpy", "rasterio", "shapely", "pyproj", "pyogrio")


@dataclass(frozen=True)
class Product:
    """A file that a service made in its staging folder; attributes as in `earthweave.ontology.Layer`, ``role`` as in `Output`;
    ``fields`` are further ones of its STAC asset."""

    role: str
    path: Path
    kind: Literal["raster", "vector"]
    name: str
    title: str
    media_type: str
    crs: Crs
    bbox: BBox
    time: Interval | None
    meaning: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a service's ``run`` hands back.

    Attributes:
        products: files in the staging folder.
        sources: what was used.
        report: figures worth keeping, JSON values.
        attribution: sentences that must travel with these products.
        properties: further ones of the STAC item.
    """

    products: tuple[Product, ...]
    sources: tuple[Source, ...]
    report: dict[str, Any]
    attribution: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """What a service gets from its caller: where to write, and whom to tell.

    Attributes:
        folder: staging folder on the same file system as the result; only files put here are published.
        sink: receives `earthweave.ontology.Progress`.
    """

    folder: Path
    sink: ProgressSink = silent

    def progress(self, stage: str, fraction: float | None = None, note: str = "") -> None:
        """Tell where the work stands."""
        self.sink(Progress(stage, fraction, note))


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes:
        layers: the products with their provenance.
        report: contents of ``run.json``.
        folder: where the products lie.
        item: the STAC item.
        record: ``run.json``.
    """

    layers: tuple[Layer, ...]
    report: dict[str, Any]
    folder: Path
    item: Path
    record: Path


def run_service(spec: ServiceSpec, parameters: Mapping[str, Any] | BaseModel, *, progress: ProgressSink = silent) -> Result:
    """Run ``spec`` and publish its products, the STAC item and the run record beside them.

    ``output_path`` names the folder (records are ``item.json`` and ``run.json``), or, if the service declares suffixes for it, the
    product itself (``<stem>.item.json``, ``<stem>.run.json``). Nothing appears under its final name before it is complete; the record
    comes last.

    Raises:
        ParameterError: a parameter is missing, unknown, out of bounds or not a choice.
        ProductError: an input cannot be read.
        ProcessingError: valid input cannot be processed.
    """
    values = checked(spec.parameters, parameters, spec.executable)
    output: Path = getattr(values, "output_path")  # noqa: B009 - every service declares it; the base model cannot
    folder, prefix = _target(output, tuple(extra(spec.parameters, "output_path").get("suffixes", ())))
    with staging(_existing(folder)) as stage:
        started = datetime.now(UTC)
        outcome = spec.run(values, Context(stage, progress))
        outcome = replace(outcome, sources=tuple(dict.fromkeys((*outcome.sources, *_areas(values)))))
        ended = datetime.now(UTC)
        provenance = _provenance(spec, values, outcome, started, ended)
        layers = tuple(_layer(product, folder, provenance) for product in outcome.products)
        assets = [(product.role, product.fields) for product in outcome.products]
        _write(stage / f"{prefix}item.json", stac_item(spec, layers, assets, outcome.properties))
        report = _report(spec, provenance, outcome, content_key(spec, values), _made(stage))
        _write(stage / f"{prefix}run.json", report)
        _publish(stage, folder, last=f"{prefix}run.json")
    progress(Progress("done", 1.0, ", ".join(layer.path.name for layer in layers)))
    return Result(layers, report, folder, folder / f"{prefix}item.json", folder / f"{prefix}run.json")


def _target(path: Path, suffixes: tuple[str, ...]) -> tuple[Path, str]:
    """The folder of the results, and what the names of the records begin with."""
    target = path.expanduser().absolute()
    if not suffixes:
        if target.name.endswith(".SAFE"):
            raise ParameterError(f"output_path = {target.name} is a product", why="it would be written into", way_out="give another folder")
        return target, ""
    if target.suffix.lower() not in suffixes or target.is_dir():
        why = "it is a folder" if target.is_dir() else f"{target.suffix or 'no suffix'} is not offered"
        example = f"{target.name if target.is_dir() else target.stem}{'/result' * target.is_dir()}{suffixes[0]}"
        raise ParameterError(
            f"output_path = {target.name} is not a file that can be written",
            why=why,
            way_out=f"name a file that ends in {', '.join(suffixes)}, e.g. {example}",
        )
    return target.parent, f"{target.stem}."


def _existing(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ParameterError(
            f"output_path: cannot make the folder {folder.name}", why=str(error.strerror), way_out="give a folder that can be written"
        ) from error
    if not os.access(folder, os.W_OK):
        raise ParameterError(
            f"output_path: cannot write into {folder.name}", why="no permission", way_out="give a folder that can be written"
        )
    return folder


def _provenance(spec: ServiceSpec, values: Parameters, outcome: Outcome, started: datetime, ended: datetime) -> Provenance:
    said = _said(values)
    key = json.dumps([spec.id, spec.version, said, [source.digest for source in outcome.sources], started.isoformat()], sort_keys=True)
    run = str(EWR[f"run/{spec.id}/{hashlib.sha256(key.encode()).hexdigest()[:20]}"])
    return Provenance(run, spec.id, spec.version, said, outcome.sources, started, ended, outcome.attribution)


def _said(values: Parameters) -> dict[str, Any]:
    """Parameters as JSON values; of paths only the last name, because records are published and folders are private."""
    plain = values.model_dump(mode="json")
    paths = {name: value for name, value in values if isinstance(value, Path)} | area_files(values)
    return {name: paths[name].name if name in paths else value for name, value in plain.items()}


def _areas(values: Parameters) -> tuple[Source, ...]:
    return tuple(Source(path.name, digest(path)) for path in area_files(values).values())


def _layer(product: Product, folder: Path, provenance: Provenance) -> Layer:
    return Layer(
        folder / product.path.name,
        product.kind,
        product.name,
        product.title,
        product.media_type,
        product.crs,
        product.bbox,
        product.time,
        provenance,
        product.meaning,
    )


def _made(stage: Path) -> dict[str, str]:
    """Every file that will be published, by its name in the folder of the results, and its digest."""
    published = [path for path in stage.iterdir() if path.name != ".scratch"]
    return {file.relative_to(stage).as_posix(): digest(file) for path in published for file in files_of(path)}


def _report(spec: ServiceSpec, provenance: Provenance, outcome: Outcome, key: str, made: dict[str, str]) -> dict[str, Any]:
    report = {
        "run": provenance.run,
        "key": key,
        "service": spec.id,
        "version": spec.version,
        "simulated": provenance.simulated,
        "parameters": dict(provenance.parameters),
        "inputs": [vars(source) for source in provenance.used],
        "outputs": [
            {"role": product.role, "file": product.path.name, "digest": made.get(product.path.name) or digest(product.path)}
            for product in outcome.products
        ],
        "files": made,
        "started": provenance.started.isoformat(),
        "ended": provenance.ended.isoformat(),
        "seconds": round((provenance.ended - provenance.started).total_seconds(), 3),
        "software": {
            "earthweave": version("earthweave"),
            "python": platform.python_version(),
            **{name: version(name) for name in _VERSIONS},
        },
        "attribution": list(provenance.attribution),
        "figures": outcome.report,
    }
    plain: dict[str, Any] = json.loads(json.dumps(report))
    return plain


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _publish(stage: Path, folder: Path, *, last: str) -> None:
    """Move each finished file to its final name; ``os.replace`` is atomic on one file system."""
    for path in sorted((path for path in stage.iterdir() if path.name != ".scratch"), key=lambda path: path.name == last):
        final = folder / path.name
        if path.is_dir() and final.exists():
            shutil.rmtree(final)
        path.replace(final)
