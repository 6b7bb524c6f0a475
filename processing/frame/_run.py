"""Run a service: check the parameters, work in a staging folder, record what was done, publish by renaming."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from earthweave.ontology import (
    EWR,
    BBox,
    Crs,
    Interval,
    Kind,
    Layer,
    ParameterError,
    ProcessingError,
    Progress,
    ProgressSink,
    Provenance,
    Source,
    silent,
)

from ._key import area_files, at_home, content_key, digest, files_of
from ._parameters import Parameters, checked, extra
from ._spec import ServiceSpec
from ._stac import stac_item
from ._staging import staging
from ._style import give_styles

_VERSIONS = ("numpy", "rasterio", "shapely", "pyproj", "pyogrio")


@dataclass(frozen=True)
class Product:
    """A file that a service made in its staging folder; attributes as in `earthweave.ontology.Layer`, ``role`` as in `Output`;
    ``fields`` are further ones of its STAC asset, ``legend`` names the classes of a raster's first band or of a vector's first explained
    field, which is what its style shows."""

    role: str
    path: Path
    kind: Kind
    name: str
    title: str
    media_type: str
    crs: Crs
    bbox: BBox
    time: Interval | None
    meaning: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)
    legend: Mapping[Any, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """One more record that a run leaves beside ``item.json`` and ``run.json``, in words of a room above this one.

    Attributes:
        name: of the file, e.g. ``prov.ttl``.
        media_type: of it.
        title: for people.
        text: makes it from each layer and the digest of its content.
    """

    name: str
    media_type: str
    title: str
    text: Callable[[Sequence[tuple[Layer, str]]], str]


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


def run_service(
    spec: ServiceSpec, parameters: Mapping[str, Any] | BaseModel, *, progress: ProgressSink = silent, records: Sequence[Record] = ()
) -> Result:
    """Run ``spec`` and publish its products with their styles, the STAC item, further ``records`` and the run record beside them.

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
        give_styles(outcome.products)
        files = _made(stage, outcome.products)
        files |= _describe(spec, outcome, layers, files, records, (stage, prefix))
        report = _report(spec, provenance, outcome, content_key(spec, values), files)
        _write(stage / f"{prefix}run.json", _json(report))
        _publish(stage, folder, last=f"{prefix}run.json")
    progress(Progress("done", 1.0, ", ".join(layer.path.name for layer in layers)))
    return Result(layers, report, folder, folder / f"{prefix}item.json", folder / f"{prefix}run.json")


def _target(path: Path, suffixes: tuple[str, ...]) -> tuple[Path, str]:
    """The folder of the results, and what the names of the records begin with."""
    target = at_home(path).absolute()
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
    areas = area_files(values)
    return {name: _bare(areas.get(name, getattr(values, name)), value) for name, value in plain.items()}


def _bare(value: Any, plain: Any) -> Any:
    if isinstance(value, Path):
        return value.name
    if isinstance(value, tuple | list):
        return [_bare(one, said) for one, said in zip(value, plain, strict=True)]
    return plain


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


def _made(stage: Path, products: Sequence[Product]) -> dict[str, str]:
    """Every file that will be published, by its name in the folder of the results, and its digest."""
    published = [path for path in stage.iterdir() if path.name != ".scratch"]
    lost = [product.path.name for product in products if product.path not in published]
    if lost:
        raise ProcessingError(
            f"{', '.join(lost)} was not made", why="the service names it among its products", way_out="report it: this is a fault of ours"
        )
    return {file.relative_to(stage).as_posix(): digest(file) for path in published for file in files_of(path)}


def _content(path: Path) -> str:
    """Digest of a product that is a folder."""
    return digest(path, files_of(path))


def _describe(
    spec: ServiceSpec,
    outcome: Outcome,
    layers: tuple[Layer, ...],
    files: Mapping[str, str],
    records: Sequence[Record],
    place: tuple[Path, str],
) -> dict[str, str]:
    """Write the STAC item and the further records into ``place``, a folder and what names begin with; their names and digests."""
    stage, prefix = place
    contents = [(layer, files.get(layer.path.name) or _content(stage / layer.path.name)) for layer in layers]
    texts = {f"{prefix}{record.name}": record.text(contents) for record in records}
    links = [(f"{prefix}{record.name}", record.media_type, record.title) for record in records]
    links.append((f"{prefix}run.json", "application/json", "Record of the run"))
    assets = [(product.role, product.fields) for product in outcome.products]
    texts[f"{prefix}item.json"] = _json(stac_item(spec, layers, assets, outcome.properties, links))
    return {name: _write(stage / name, text) for name, text in texts.items()}


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
            {"role": product.role, "file": product.path.name, "digest": made.get(product.path.name) or _content(product.path)}
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


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _write(path: Path, text: str) -> str:
    """Write a record; its digest."""
    data = text.encode()
    path.write_bytes(data)
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _publish(stage: Path, folder: Path, *, last: str) -> None:
    """Move each finished file to its final name; ``os.replace`` is atomic on one file system."""
    for path in sorted((path for path in stage.iterdir() if path.name != ".scratch"), key=lambda path: path.name == last):
        final = folder / path.name
        if path.is_dir() and final.exists():
            shutil.rmtree(final)
        path.replace(final)
