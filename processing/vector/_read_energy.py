"""Data sets of power plants as their publishers wrote them, recognised by their columns: CSV tables and GeoJSON replies of a WFS."""

from __future__ import annotations

import csv
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from earthweave.ontology import CRS84, EPSG4326, Crs, CrsError, ProductError

from ..raster import project

_TABLE = Path(__file__).parent / "data" / "energy.toml"
_LARGEST = 256 * 2**20
"""Bytes of a file; the whole Global Power Plant Database has 12 million."""
_SUFFIXES = (".csv", ".geojson", ".json")


@dataclass
class Unit:
    """A generating unit.

    Attributes:
        source: of the table of sources.
        origin: file and number of the row in it.
        said: column of ours → text as the source wrote it; what it left empty is not there.
        values: what it means, filled by the checks.
        geometry: lon lat, None if the source has none.
        doubts: flag and reason, in the order of the checks.
    """

    source: str
    origin: str
    said: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    geometry: Any = None
    doubts: list[tuple[str, str]] = field(default_factory=list)

    def doubt(self, flag: str, reason: str) -> None:
        """Flag it."""
        self.doubts.append((flag, reason))


@dataclass
class Found:
    """What a file or folder holds.

    Attributes:
        units: in the order of the files.
        rows: of the tables that join units: table → key → texts by column.
        files: file → source or table, or why it was passed over.
        cut: sources of which a reply has fewer features than it says match.
        simulated: True if a file says so.
    """

    units: list[Unit] = field(default_factory=list)
    rows: dict[str, list[tuple[tuple[str, ...], dict[str, str]]]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    paths: list[Path] = field(default_factory=list)
    cut: dict[str, str] = field(default_factory=dict)
    simulated: bool = False


@lru_cache(maxsize=1)
def energy_table() -> Mapping[str, Any]:
    """The table of sources, vocabularies and flags, ``data/energy.toml``."""
    return tomllib.loads(_TABLE.read_text("utf-8"))


def read_energy(path: Path, wanted: str = "auto") -> Found:
    """Read all files of known sources in a folder, or one file; ``wanted`` takes one source alone.

    Raises `ProductError` if there is nothing of a known source, or a file cannot be read.
    """
    files = sorted(one for one in path.rglob("*") if one.suffix.lower() in _SUFFIXES) if path.is_dir() else [path]
    found = Found()
    for file in files:
        if not file.is_file():
            raise _refused(file, "there is no such file")
        if file.suffix.lower() not in _SUFFIXES:
            raise _refused(file, f"its name ends in none of {', '.join(_SUFFIXES)}")
        if file.stat().st_size > _LARGEST:
            raise _refused(file, f"it has more than {_LARGEST >> 20} MiB")
        (_read_csv if file.suffix.lower() == ".csv" else _read_json)(file, wanted, found)
    if not found.units:
        known = "; ".join(f"{name}: {', '.join(source['known'])}" for name, source in energy_table()["sources"].items())
        what = f"input = {path.name} holds no power plants of a known source" + (f" {wanted}" if wanted != "auto" else "")
        raise ProductError(
            what, why=f"sources are known by their columns: {known}", way_out="give a table with one of these sets of columns"
        )
    return found


def _known(names: set[str], wanted: str) -> tuple[str, str, Mapping[str, Any]] | None:
    """``sources`` or ``tables``, name, description of what has these columns."""
    for kind in ("tables", "sources"):
        for name, entry in energy_table()[kind].items():
            if set(entry["known"]) <= names and wanted in ("auto", entry.get("source", name)):
                return kind, name, entry
    return None


def _read_csv(path: Path, wanted: str, found: Found) -> None:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = csv.DictReader(stream)
            known = _known(set(rows.fieldnames or ()), wanted)
            found.files[path.name] = known[1] if known else "passed over: not of a source that is known, or wanted"
            if known:
                found.paths.append(path)
                _take(known, (_filled(row) for row in rows), path, found)
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refused(path, str(error)) from error


def _filled(row: Mapping[str | None, Any]) -> dict[str, str]:
    """Texts without outer spaces; empty ones, and those beyond the header, are not there."""
    return {name: value.strip() for name, value in row.items() if name and isinstance(value, str) and value.strip()}


def _take(known: tuple[str, str, Mapping[str, Any]], rows: Iterator[dict[str, str]], path: Path, found: Found) -> None:
    kind, name, entry = known
    if kind == "tables":
        table = found.rows.setdefault(name, [])
        table.extend((tuple(row.get(key, "") for key in entry["by"]), _renamed(row, entry)) for row in rows)
        return
    for number, row in enumerate(rows, 1):
        said = {**_renamed(row, entry), "source_id": _identity(row, entry), "key": "\n".join(row.get(key, "") for key in entry["id"])}
        if "yearly" in entry:
            prefix = entry["yearly"]["prefix"]
            said |= {f"@{key.removeprefix(prefix)}": value for key, value in row.items() if key.startswith(prefix)}
        if entry.get("country_in_name") and "country" not in said:
            said["country"] = path.stem
        found.units.append(Unit(name, f"{path.stem}-{number}", said))


def _renamed(row: Mapping[str, str], entry: Mapping[str, Any]) -> dict[str, str]:
    """Our columns: the first of theirs that is filled."""
    said = dict(entry.get("constant", {}))
    for ours, theirs in entry["columns"].items():
        for column in [theirs] if isinstance(theirs, str) else theirs:
            if value := row.get(column.rpartition("@")[0] or column):
                said[ours] = value
                break
    return said


def _identity(row: Mapping[str, str], entry: Mapping[str, Any]) -> str:
    parts = [row[key] for key in entry["id"] if row.get(key)]
    return entry.get("id_prefix", "") + parts[-1] if parts else ""


def _read_json(path: Path, wanted: str, found: Found) -> None:
    """A GeoJSON feature collection, as a WFS answers ``outputFormat=application/json``; any other JSON is passed over."""
    reply = _reply(path, found)
    features = _features(reply)
    known = _known({name for one in features for name in _said(one)}, wanted)
    found.files.setdefault(path.name, known[1] if known else "passed over: not of a source that is known, or wanted")
    if known and known[0] == "sources":
        found.paths.append(path)
        found.simulated |= bool(reply.get("simulated"))
        matched = reply.get("numberMatched", reply.get("totalFeatures"))
        if isinstance(matched, int) and matched > len(features):
            found.cut[path.name] = f"{len(features)} of {matched} features: the reply of the service was cut"
        first, crs = len(found.units), _crs(reply, path)
        _take(known, (_properties(feature) for feature in features), path, found)
        for unit, feature in zip(found.units[first:], features, strict=True):
            unit.geometry = _shape(feature.get("geometry"), crs, unit)


def _reply(path: Path, found: Found) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        if path.suffix.lower() != ".json":
            raise _refused(path, str(error)[:200]) from error
        found.files[path.name] = f"passed over: {error}"  # whatever lies beside the tables
        return None


def _features(reply: Any) -> list[dict[str, Any]]:
    """Features of a collection; none of anything else."""
    rows = reply.get("features") if isinstance(reply, dict) and reply.get("type") == "FeatureCollection" else None
    return [one for one in rows if isinstance(one, dict)] if isinstance(rows, list) else []


def _said(feature: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a feature; none if they are no object."""
    found = feature.get("properties")
    return found if isinstance(found, dict) else {}


def _properties(feature: Mapping[str, Any]) -> dict[str, str]:
    said = {name: _text(value) for name, value in _said(feature).items() if value not in (None, "")}
    return {**said, "@id": _text(feature.get("id") or "")}


def _text(value: Any) -> str:
    """As text that a file can hold; JSON may write half a character."""
    return str(value).encode("utf-8", "replace").decode().strip()


def _crs(reply: Mapping[str, Any], path: Path) -> Crs:
    """WFS servers say it the old way, of GeoJSON 2008; coordinates are longitude first in any case."""
    try:
        name = str(reply["crs"]["properties"]["name"])
    except (KeyError, TypeError):
        return CRS84
    try:
        return Crs.parse(name)
    except CrsError as error:
        raise _refused(path, f"its CRS {name!r} is not known") from error


def _shape(geometry: Any, crs: Crs, unit: Unit) -> Any:
    import shapely

    if geometry is None:
        return None
    try:
        shape = shapely.from_geojson(json.dumps(geometry))
    except (shapely.errors.ShapelyError, RecursionError):
        unit.doubt("no_place", "the geometry cannot be read")
        return None
    if shape.is_empty or shapely.get_type_id(shape) == 7:
        unit.doubt("no_place", "the geometry is empty or a collection of several")
        return None
    shape = shapely.make_valid(shapely.force_2d(shape))
    return shape if crs in (CRS84, EPSG4326) else project(shape, crs, CRS84)


def _refused(path: Path, why: str) -> ProductError:
    return ProductError(
        f"input = {path.name} cannot be read", why=why, way_out="give a CSV table or GeoJSON file of a known source, or a folder of them"
    )
