"""The content key of a run: what makes two runs the same run, so that the result of one will do for the other.

::

    key = SHA-256 of the canonical JSON of [service, version, parameters]
          parameters: all of them, said or not, in the order of their names
          an input, or the file of an area of interest: its name and the digest of its content, wherever it lies; the same of the
          files that are read with it by their names: parts of a shapefile, georeference, mask and overviews of a raster
          the output: the name of the file to write, if the service writes to one; a folder does not count
          any other path: absolute

The name of an input counts because services read dates from names and write them into records.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..raster import aoi_file
from ._parameters import Parameters, extra
from ._spec import ServiceSpec

_SETTLED = 2e9
"""Nanoseconds after which a file that changes gets another time stamp on every file system."""
_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".tfw", ".wld")
_ADDED = (".aux.xml", ".msk", ".ovr")
"""What GDAL reads with a file: instead of its suffix, and behind it."""


def content_key(spec: ServiceSpec, values: Parameters) -> str:
    """``sha256:<hex>`` of service, version, canonical parameters and contents of the inputs; one that is not there counts as absent."""
    roles = {name: str(extra(type(values), name)["role"]) for name in type(values).model_fields}
    said = _mapped(values, lambda name, path: _canonical(path, roles[name], bool(extra(type(values), name).get("suffixes"))))
    text = json.dumps([spec.id, spec.version, said], sort_keys=True, ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def spelled_out(values: Parameters) -> dict[str, Any]:
    """The parameters that were said, as JSON values with absolute paths: what another process in another folder can be given."""
    found = _mapped(values, lambda _, path: str(_absolute(path)))
    return {name: found[name] for name in values.model_fields_set}


def altered(record: Path) -> tuple[str, ...]:
    """Names of the files of a run, by its ``run.json``, that are no longer as the run left them; the record itself if it is unreadable."""
    try:
        files: dict[str, str] = json.loads(record.read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError):
        return (record.name,)
    return tuple(name for name, made in files.items() if _state(record.parent / name) != made)


def area_files(values: Parameters) -> dict[str, Path]:
    """Parameters that name the file of an area of interest."""
    found = {name: aoi_file(value) for name, value in values if isinstance(value, str) and extra(type(values), name)["role"] == "aoi"}
    return {name: path for name, path in found.items() if path}


def digest(path: Path, members: tuple[Path, ...] = ()) -> str:
    """``sha256:<hex>`` of a file, or of the sorted list of relative names and digests of the ``members`` of a folder.

    A file is read once per process for as long as its time stamps stay; one that was touched just now is read again.
    """
    if path.is_dir():
        rows = sorted(f"{member.relative_to(path).as_posix()} {digest(member)}" for member in members)
        return f"sha256:{hashlib.sha256(chr(10).join(rows).encode()).hexdigest()}"
    status = path.stat()
    if time.time_ns() - status.st_ctime_ns < _SETTLED:
        return _read(path)
    return _remembered(path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def files_of(path: Path) -> tuple[Path, ...]:
    """The path itself if it is a file, else all files below the folder; links to folders are not followed."""
    if not path.is_dir():
        return (path,) if path.is_file() else ()
    return tuple(Path(folder, name) for folder, _, names in os.walk(path) for name in sorted(names) if Path(folder, name).is_file())


def _mapped(values: Parameters, replace: Callable[[str, Path], Any]) -> dict[str, Any]:
    """The parameters as JSON values, each path among them replaced."""
    plain, areas = values.model_dump(mode="json"), area_files(values)
    for name, value in values:
        if isinstance(value, Path) or name in areas:
            plain[name] = replace(name, areas.get(name) or value)
        elif isinstance(value, tuple | list) and any(isinstance(one, Path) for one in value):
            plain[name] = [replace(name, one) for one in value]
    return plain


def _canonical(path: Path, role: str, named: bool) -> Any:
    if role == "output":
        return path.name if named else None
    if role in ("input", "aoi"):
        home = at_home(path)
        return [_absolute(path).name, _state(home), *(f"{one.name} {_state(one)}" for one in _beside(home))]
    return str(_absolute(path))


def _beside(path: Path) -> list[Path]:
    """The files that are read with a file by their names."""
    if not path.is_file():
        return []
    named = [*(path.with_suffix(suffix) for suffix in _PARTS), *(path.with_name(path.name + suffix) for suffix in _ADDED)]
    return [one for one in named if one != path and one.is_file()]


def at_home(path: Path) -> Path:
    """With ``~`` expanded; one that stands for nobody is a name like any other."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def _absolute(path: Path) -> Path:
    """Without ``..``; links are not followed, because a service sees the name that it was given."""
    return Path(os.path.normpath(at_home(path).absolute()))


def _state(path: Path) -> str:
    """The digest of whatever lies there; ``absent`` if that is nothing, or nothing that can be read as files."""
    found = files_of(path)
    try:
        return digest(path, found) if found else "absent"
    except OSError:
        return "absent"


@lru_cache(maxsize=4096)
def _remembered(path: Path, *_: int) -> str:
    return _read(path)


def _read(path: Path) -> str:
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
