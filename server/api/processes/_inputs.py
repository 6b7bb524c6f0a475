"""What a client sends to be executed (execute.yaml): inputs as parameters, references as files that the server may read, and its wishes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import SplitResult, unquote, urlsplit

from earthweave.ontology import EarthweaveError, ParameterError, UnsupportedError
from earthweave.processing import ServiceSpec
from earthweave.processing.frame import footprint
from earthweave.processing.raster import aoi_file
from earthweave.server.jobs import Jobs

from ._descriptions import OUTPUT, media_of, offered, servers, takes_path
from ._media import bare, suffix_of
from ._problems import FieldError

Mode = Literal["value", "reference"]
MODES: tuple[Mode, ...] = ("value", "reference")
Response = Literal["raw", "document"]
RESPONSES: tuple[Response, ...] = ("raw", "document")
_LON_LAT = ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "http://www.opengis.net/def/crs/OGC/0/CRS84h")
_UNREADABLE = (OSError, ValueError, RuntimeError)
"""What ``Path.resolve`` raises for names that are too long or hold a zero byte, and for links in a circle."""
_LONGEST = 100
"""Characters of a name that an error repeats."""
_OUTPUTS = 'an object by output, e.g. {"mask": {"transmissionMode": "reference"}}'


@dataclass(frozen=True)
class Wishes:
    """How a client wants the results.

    Attributes:
        response: the outputs themselves, or a JSON document; empty if nothing was said.
        outputs: those wanted, each with its mode; empty for all.
        mode: of outputs that say none; empty: values if raw, references in a document.
    """

    response: Literal["raw", "document", ""] = ""
    outputs: Mapping[str, Mode | Literal[""]] = field(default_factory=dict)
    mode: Mode | Literal[""] = ""

    def plain(self) -> dict[str, Any]:
        """As JSON values, for `Wishes(**…)`."""
        return {"response": self.response, "outputs": dict(self.outputs), "mode": self.mode}


@dataclass(frozen=True)
class Order:
    """A request to execute, understood: parameters of the service, and wishes for its results."""

    parameters: dict[str, Any]
    wishes: Wishes


@dataclass(frozen=True)
class Places:
    """Which files of this machine clients may name.

    Attributes:
        roots: folders; what lies below them can be read.
        jobs: whose results can be read, by their addresses.
        address: of this server.
        own: values of the parameters that no client may give.
    """

    roots: tuple[Path, ...]
    jobs: Jobs
    address: str
    own: Mapping[str, Any]

    def path(self, name: str, text: str) -> Path:
        """The file or folder that ``text`` names: below a root, absolute or relative to one; ``file:``; or a result of a job of ours.

        Raises `FieldError` for anything else, whether it is there or not.
        """
        parts = _split(name, text)
        if parts.scheme in ("http", "https") or text.startswith("/jobs/"):
            return self._result(name, text, parts.path)
        place = Path(unquote(parts.path)) if parts.scheme == "file" else Path(text)
        inside = [one for one in (root / place for root in self.roots) if self._allowed(one)]
        if not inside:
            known = ", ".join(root.name for root in self.roots)
            raise FieldError(
                f"{name} = {place.name[:_LONGEST]} is not accepted",
                why="it lies in none of the folders that clients may name" if self.roots else "clients may name no file of this server",
                way_out=f"name a file relative to {known}, or the address of a result of a job"
                if self.roots
                else "start the server with EARTHWEAVE_INPUT_ROOTS, or give the address of a result of a job",
                field=name,
            )
        found = next((one for one in inside if _there(one)), None)
        if found is None:
            raise FieldError(
                f"{name} = {place.name[:_LONGEST]} is not there", why="no allowed folder holds it", way_out="check the name", field=name
            )
        return found

    def _allowed(self, path: Path) -> bool:
        try:
            return any(path.resolve().is_relative_to(root.resolve()) for root in self.roots)
        except _UNREADABLE:
            return False

    def _result(self, name: str, text: str, path: str) -> Path:
        """A result of a job by its address, with or without that of the server."""
        local = text.startswith(("/jobs/", f"{self.address}/jobs/"))
        _, _, rest = path.partition("/jobs/")
        id, _, file = rest.partition("/results/")
        if not local or not file:
            raise FieldError(
                f"{name} is the address of something elsewhere", why="this server fetches nothing from other servers",
                way_out="give a file that it has, or the address of a result of one of its jobs", field=name,
            )  # fmt: skip
        try:
            found = result_file(self.jobs.get(id).folder, unquote(file))
        except EarthweaveError as error:
            raise FieldError(f"{name}: {error.what}", why=error.why, way_out=error.way_out, field=name) from error
        if found is None:
            raise FieldError(f"{name}: job {id} has no result {Path(file).name}", way_out=f"look at /jobs/{id}/results", field=name)
        return found


def _split(name: str, text: str) -> SplitResult:
    """The parts of what may be a path or an address; raises `FieldError` if it is neither."""
    try:
        if text.strip():
            return urlsplit(text)
        why = "it is empty"
    except ValueError as error:
        why = str(error)
    raise FieldError(f"{name} = {text[:_LONGEST]} names no file", why=why, way_out="give the name of a file, or leave it out", field=name)


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        # its name is longer than any can be
        return False


def result_file(folder: Path, name: str) -> Path | None:
    """A file of a result by its name; None if there is none, or if it is not inside."""
    try:
        path = (folder / name).resolve(strict=True)
    except _UNREADABLE:
        return None
    return path if path.is_file() and path.is_relative_to(folder.resolve()) else None


def read_order(spec: ServiceSpec, body: Any, places: Places) -> Order:
    """Understand the body of a request to execute.

    Raises:
        ParameterError: it is no such body, or an input is unknown, the server's own, or names a file that is not allowed.
        UnsupportedError: it wants to be called back.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("inputs", {}), Mapping):
        raise ParameterError("the body is no request to execute", way_out='send JSON such as {"inputs": {"input": "file.tif"}}')
    if body.get("subscriber"):
        raise UnsupportedError("this server calls nobody back", way_out="leave subscriber out, and look at the job")
    wishes, suffix = read_wishes(spec, body)
    parameters = read_inputs(spec, body.get("inputs", {}), places)
    if suffix and OUTPUT not in parameters:
        parameters[OUTPUT] = f"{spec.id}{suffix}"
    return Order(parameters, wishes)


def read_inputs(spec: ServiceSpec, given: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """The parameters of the service that some inputs are, with those that the server fills."""
    known, own = offered(spec), servers(spec)
    for name in given:
        if name not in known:
            why = "the server decides it" if name in own | {OUTPUT} else "the process has no such input"
            raise FieldError(f"{name} is not accepted", why=why, way_out=f"the inputs are {', '.join(known)}", field=name)
    read = {name: _value(name, known[name], value, places) for name, value in given.items()}
    return {**read, **{name: places.own[name] for name in sorted(own) if name in places.own}}


def _value(name: str, details: Mapping[str, Any], given: Any, places: Places) -> Any:
    """One input: inline, qualified (``value``), by reference (``href``), or a list of such."""
    if isinstance(given, list):
        return [_value(name, details, one, places) for one in given]
    if isinstance(given, Mapping) and "href" in given:
        if not takes_path(details) and details["role"] != "aoi":
            raise FieldError(f"{name} takes no reference", why="it is a plain value", way_out="give the value itself", field=name)
        return str(places.path(name, str(given["href"])))
    value = given["value"] if isinstance(given, Mapping) and "value" in given else given
    if details["role"] == "aoi":
        return _area(name, value, places)
    if details["role"] != "output" and isinstance(value, str) and takes_path(details) and value not in _choices(details):
        return str(places.path(name, value))
    return value


def _choices(details: Mapping[str, Any]) -> set[Any]:
    kinds = [details, *details.get("anyOf", ())]
    return {choice for kind in kinds for choice in [*kind.get("enum", ()), *([kind["const"]] if "const" in kind else [])]}


def _area(name: str, value: Any, places: Places) -> Any:
    """An area of interest as the text that services read."""
    if isinstance(value, Mapping) and "bbox" in value:
        return _box(name, value)
    if isinstance(value, Mapping):
        return json.dumps(value)
    path = aoi_file(value) if isinstance(value, str) else None
    return str(places.path(name, str(path))) if path else value


def _box(name: str, given: Mapping[str, Any]) -> str:
    """A box as GeoJSON (bbox.yaml): west, south, east, north in degrees; west is greater than east across the antimeridian."""
    corners, crs = given["bbox"], given.get("crs") or _LON_LAT[0]
    if crs not in _LON_LAT:
        raise FieldError(f"{name}: crs = {crs} is not accepted", way_out=f"give longitudes and latitudes, {_LON_LAT[0]}", field=name)
    numbers = isinstance(corners, list) and all(isinstance(one, int | float) and math.isfinite(one) for one in corners)
    if not numbers or len(corners) != 4:
        raise FieldError(f"{name}: bbox = {corners} is no box", way_out="give [west, south, east, north] in degrees", field=name)
    return json.dumps(footprint(*map(float, corners)))


def read_wishes(spec: ServiceSpec, body: Mapping[str, Any]) -> tuple[Wishes, str]:
    """What is wanted of the results, and the ending of the file that this takes; empty if any will do."""
    response, wanted, suffix = body.get("response", ""), body.get("outputs", {}), ""
    if response not in ("", *RESPONSES):
        raise ParameterError(f"response = {response} is not accepted", way_out=f"one of {', '.join(RESPONSES)}")
    if not isinstance(wanted, Mapping) or not all(isinstance(one, Mapping) for one in wanted.values()):
        raise ParameterError("outputs is not accepted", way_out=f"give {_OUTPUTS}")
    known = {one.role: one for one in spec.outputs}
    modes: dict[str, Any] = {}
    for name, wish in wanted.items():
        if name not in known:
            raise ParameterError(f"there is no output {name}", way_out=f"the outputs are {', '.join(known)}")
        modes[name] = _mode(wish.get("transmissionMode", ""))
        suffix = _suffix(spec, name, media_of(spec, known[name]), wish.get("format") or {}) or suffix
    return Wishes(response, modes), suffix


def _mode(text: Any) -> Mode | Literal[""]:
    if text not in ("", *MODES):
        raise ParameterError(f"transmissionMode = {text} is not accepted", way_out=f"one of {', '.join(MODES)}")
    return cast("Mode", text)


def _suffix(spec: ServiceSpec, name: str, known: Sequence[str], format: Any) -> str:
    """The ending of the file in a format that is asked for; empty if none is, or if there is but one."""
    media = str(format.get("mediaType", "")) if isinstance(format, Mapping) else ""
    if not media:
        return ""
    if bare(media) not in map(bare, known):
        raise ParameterError(f"output {name} cannot be {media}", way_out=f"one of {', '.join(known)}")
    return suffix_of(media, offered(spec).get(OUTPUT, {}).get("suffixes", ())) or ""


def queried_wishes(spec: ServiceSpec, said: Wishes, query: Mapping[str, str]) -> Wishes:
    """The same wishes with what ``response``, ``outputs`` and ``transmissionMode`` of a query change."""
    names = [name for name in query.get("outputs", "").split(",") if name]
    body = {"response": query.get("response", said.response), "outputs": {name: {} for name in names}}
    read, _ = read_wishes(spec, body)
    return Wishes(read.response, read.outputs or said.outputs, _mode(query.get("transmissionMode", "")) or said.mode)
