"""Results of a job as a client wants them (OGC 18-062r2, §7.11.4 and §7.13): one output itself, several parts, links, or a document."""

from __future__ import annotations

import base64
import json
import secrets
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast
from urllib.parse import quote

from flask import Response, jsonify, send_file

from earthweave.ontology import NotFoundError, SizeLimitError
from earthweave.server.jobs import Job
from earthweave.server.sparql import POLICY

from ._inputs import Mode, Wishes, result_file
from ._media import is_json, media_type
from ._problems import JobFailed, ResultNotReady
from ._statuses import record_name, result_names

_PORTION = 1 << 20
_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qml")
"""Files that make one shapefile, and its style."""
PACKED = ".shp.zip"
"""A shapefile as one file, as GDAL reads it."""


@dataclass(frozen=True)
class Made:
    """A file that a run made for an output."""

    output: str
    path: Path
    media: str

    @property
    def name(self) -> str:
        """Of the file."""
        return self.path.name

    def href(self, job: Job, address: str) -> str:
        """Where it can be downloaded."""
        return f"{address}/jobs/{job.id}/results/{quote(self.name)}"


def finished(job: Job, address: str) -> Job:
    """The same job, if it has results; raises `ResultNotReady` or `JobFailed`."""
    if not job.ended:
        way_out = f"look at {address}/jobs/{job.id} until it has ended"
        raise ResultNotReady(f"job {job.id} has no results yet", why=f"it is {job.state}, {job.progress} %", way_out=way_out)
    if job.state != "successful":
        raise JobFailed(job.message, job=job)
    return job


def made(job: Job) -> list[Made]:
    """What the run says that it made, each output once under its name, further files of it under ``name-2`` and so on."""
    names = result_names(job)
    record, item = (_json(job.folder / (record_name(names, end) or end)) for end in ("run.json", "item.json"))
    types = {Path(asset.get("href", "")).name: asset.get("type", "") for asset in item.get("assets", {}).values()}
    found: dict[str, Made] = {}
    for row in record.get("outputs", ()):
        path = result_file(job.folder, str(row["file"]))
        if path is not None:
            output = str(row["role"])
            count = sum(one.output == output for one in found.values())
            found[f"{output}-{count + 1}" if count else output] = Made(output, path, types.get(path.name) or media_type(path.name))
    return [Made(name, one.path, one.media) for name, one in found.items()]


def _json(path: Path) -> dict[str, Any]:
    try:
        return cast("dict[str, Any]", json.loads(path.read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def respond_results(job: Job, wishes: Wishes, address: str, most: int) -> Response:
    """The results as wished for; ``most`` bytes may stand in a document."""
    wanted = [one for one in made(job) if not wishes.outputs or one.output.partition("-")[0] in wishes.outputs]
    raw = wishes.response == "raw"
    modes: list[Mode] = [_mode(wishes, one, "value" if raw else "reference") for one in wanted]
    if not raw:
        told = {one.output: _told(one, mode, job, address, most) for one, mode in zip(wanted, modes, strict=True)}
        return dressed(jsonify(told))
    if all(mode == "reference" for mode in modes):
        return _linked(wanted, job, address)
    if len(wanted) == 1:
        return send(wanted[0].path, wanted[0].media)
    return _parts(list(zip(wanted, modes, strict=True)), job, address)


def _mode(wishes: Wishes, one: Made, default: Mode) -> Mode:
    return wishes.outputs.get(one.output.partition("-")[0]) or wishes.mode or default


def _told(one: Made, mode: Mode, job: Job, address: str, most: int) -> dict[str, Any]:
    """An output in a document: a link, JSON itself, or bytes in base 64 (qualifiedInputValue.yaml)."""
    if mode == "reference":
        return {"href": one.href(job, address), "rel": "item", "type": one.media, "title": one.name}
    with _value(one.path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise SizeLimitError(
            f"output {one.output} is larger than {most / 2**20:g} MiB", why="the limit process_value",
            way_out="ask for it by reference (transmissionMode), or raw (response)",
        )  # fmt: skip
    if is_json(one.media):
        return {"mediaType": one.media, "value": json.loads(data)}
    media = "application/zip" if one.path.suffix == ".shp" else one.media
    return {"mediaType": media, "encoding": "base64", "value": base64.b64encode(data).decode("ascii")}


def _value(path: Path) -> IO[bytes]:
    """The bytes of an output; of a shapefile all its parts, packed."""
    return packed(path) if path.suffix == ".shp" else path.open("rb")


def packed(path: Path) -> IO[bytes]:
    """A shapefile as one ZIP file."""
    stream = cast("IO[bytes]", tempfile.TemporaryFile())
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in (path.with_suffix(suffix) for suffix in _PARTS):
            if part.is_file():
                archive.write(part, part.name)
    stream.seek(0)
    return stream


def send(path: Path, media: str) -> Response:
    """A file to keep, in ranges where the client asks for them; a shapefile with all its parts."""
    if path.suffix == ".shp":
        return dressed(send_file(packed(path), "application/zip", as_attachment=True, download_name=f"{path.stem}{PACKED}"))
    return dressed(send_file(path, media, as_attachment=True, download_name=path.name))


def download(folder: Path, name: str) -> Response | None:
    """One file of a result as it lies there; ``x.shp.zip`` is made of the parts of ``x.shp``; None if there is no such file."""
    path = result_file(folder, name)
    if path is not None:
        return dressed(send_file(path, media_type(path.name), as_attachment=True, download_name=path.name))
    parts = result_file(folder, name.removesuffix(".zip")) if name.endswith(PACKED) else None
    return send(parts, "") if parts is not None else None


def dressed(response: Response) -> Response:
    """The same, so that a browser runs nothing in it and asks again next time."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cache-Control"] = "no-cache"
    return response


def _linked(wanted: list[Made], job: Job, address: str) -> Response:
    """Links alone (RFC 8288), each with the name of its output."""
    response = Response(status=204)
    del response.headers["Content-Type"]
    for one in wanted:
        response.headers.add("Link", f'<{one.href(job, address)}>; rel="{one.output}"; type="{one.media}"')
    return dressed(response)


def _parts(wanted: list[tuple[Made, Mode]], job: Job, address: str) -> Response:
    """Several outputs as parts of one body (RFC 2387)."""
    boundary = f"earthweave-{secrets.token_hex(12)}"
    chunks = _chunks(wanted, boundary, job, address)
    return dressed(Response(chunks, content_type=f'multipart/related; boundary="{boundary}"'))


def _chunks(wanted: list[tuple[Made, Mode]], boundary: str, job: Job, address: str) -> Iterator[bytes]:
    for one, mode in wanted:
        packs = mode == "value" and one.path.suffix == ".shp"
        head = [f"--{boundary}", f"Content-Type: {'application/zip' if packs else one.media}", f"Content-ID: {one.output}"]
        head += [f"Content-Location: {one.href(job, address)}"] if mode == "reference" else []
        yield "\r\n".join([*head, "", ""]).encode()
        if mode == "value":
            with _value(one.path) as stream:
                yield from iter(lambda: stream.read(_PORTION), b"")
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def file_of(job: Job, name: str) -> Response:
    """A download from a result; raises `NotFoundError` where there is no such file."""
    found = download(job.folder, name) if job.state == "successful" else None
    if found is None:
        raise NotFoundError(f"job {job.id} has no file of that name", way_out=f"look at /jobs/{job.id}/results")
    return found
