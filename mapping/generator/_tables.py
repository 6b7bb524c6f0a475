"""Tables from flat sources: layers of vector files, Parquet, text tables, tables in memory."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earthweave.ontology import CrsError

from ..plan import COUNTER, FileAccess, LogicalSource, Options, Reference
from ..sources import Place, Source, geometry_names, open_logical, open_source
from ..values import representable
from ._model import Column, Geometry, Rows, Table
from ._names import encoded, identifying, measuring
from ._profile import MOST_CODES, ColumnProfile, GeometryProfile, wkt_dimensions
from ._units import stated_unit, unit_of

TEXT_TABLES = {".csv", ".tsv", ".txt"}
PACKED = {".gz", ".bz2", ".xz", ".zip"}
_MANY_CODES = 10_000
PLACES = (
    (re.compile(r"(?i)(^|.*[_\W])(lon|long|lng|longitude)([_\W].*|$)"), 180.0),
    (re.compile(r"(?i)(^|.*[_\W])(lat|latitude)([_\W].*|$)"), 90.0),
)


@dataclass(frozen=True)
class Wishes:
    """What the caller wants of the tables.

    Attributes:
        codes: columns that are coded, whatever they look like.
        key: columns that identify the rows, of every table that has them; none: found out.
        counted: True to number the rows, as GeoTriples does.
        prefix: of properties' names.
        file: how the mapping names the file; empty: by its name alone.
        blank_is_null: True if quoted empty texts of a text table are no values, as under ``rml:null ""``.
    """

    codes: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    counted: bool = False
    prefix: str = ""
    file: str = ""
    blank_is_null: bool = False


def flat_tables(path: Path | Any, options: Options, wishes: Wishes) -> tuple[Table, ...]:
    """One table a layer; raises what `open_source` raises."""
    if not isinstance(path, Path):
        return (_table(open_source(path, "", options), "table", Rows("table"), wishes, True),)
    inside = path.with_suffix("") if path.suffix.lower() in PACKED else path
    if inside.suffix.lower() in TEXT_TABLES:
        return (_table(_text_table(path, options, wishes), inside.stem, Rows(wishes.file or path.name, "CSV"), wishes, True),)
    names = _layer_names(path, options)
    told = replace(options, source_crs=options.source_crs or "EPSG:4326")
    return tuple(
        _table(open_source(path, name, replace(told, layer=name or None)), name if len(names) > 1 else inside.stem,
               Rows(wishes.file or path.name), wishes, False, _crs_note(path, name, options))
        for name in names
    )


def _text_table(path: Path, options: Options, wishes: Wishes) -> Source:
    """A text table as the mapping will read it."""
    nulls = FileAccess(path.name, nulls=("",)) if wishes.blank_is_null else None
    source = open_logical(LogicalSource(path.stem, formulation="CSV" if nulls else "", access=nulls), Place(path), options)
    assert isinstance(source, Source)
    return source


def _layer_names(path: Path, options: Options) -> list[str]:
    """The layers to describe; one nameless where it does not matter."""
    first = [options.layer or ""]
    if options.layer is not None or path.suffix.lower() not in (".gpkg", ".kml", ".gml"):
        return first
    import pyogrio
    from pyogrio.errors import DataSourceError

    sidecar = path.with_suffix(".gfs")
    there = sidecar.exists() or path.suffix.lower() != ".gml"
    try:
        names = [str(name) for name, _ in pyogrio.list_layers(path)]
    except DataSourceError:
        return first
    finally:
        if not there:
            sidecar.unlink(missing_ok=True)
    return names if len(names) > 1 else first


def _crs_note(path: Path, layer: str, options: Options) -> str:
    if options.source_crs:
        return ""
    try:
        source = open_source(path, layer, options)
    except CrsError:
        return "The file does not say its CRS: say it when you map, --source-crs EPSG:n."
    return f"Coordinates are in {source.crs.iri}; literals are written in CRS84 unless --crs says otherwise." if source.geometry else ""


# -- one table

def _table(source: Source, name: str, rows: Rows, wishes: Wishes, infer: bool, note: str = "") -> Table:
    profiles, shapes, _ = scanned(source, wishes)
    notes = [note, *_left_out(source, profiles)]
    for fid in source.keys:
        if fid in profiles and profiles[fid].counts_rows:
            del profiles[fid]
            notes.append(f"The file's own {fid} only counts the rows, so that it is left out.")
    columns = profiled_columns(source, profiles, infer, wishes)
    key = found_key(profiles, wishes)
    geometry = stored_geometry(source, shapes) if shapes is not None else read_geometry(profiles) if infer else None
    return Table(name, rows, columns, key, geometry, (), encoded(name), tuple(filter(None, [*notes, *key_notes(key)])))


def _unnamable(name: str) -> bool:
    # a name such as $start means a variable; an empty one cannot be written in a template
    return name == "" or Reference(name).variable


def _left_out(source: Source, kept: Collection[str]) -> Iterator[str]:
    for name in source.fields:
        if name not in kept:
            why = "a mapping cannot name it" if _unnamable(name) else "its values are lists or structures"
            yield f"Column {name!r} is left out: {why}."


def scanned(
    source: Source, wishes: Wishes, most: int | None = None
) -> tuple[dict[str, ColumnProfile], GeometryProfile | None, bool]:
    """Profiles of the columns that a mapping can name, and of the geometries, from ``most`` rows; True if these were all."""
    schema = source.empty(source.fields, False).schema
    names = [one for one in source.fields if representable(schema.field(one).type) and not _unnamable(one)]
    profiles = {
        name: ColumnProfile(schema.field(name).type, _MANY_CODES if name in wishes.codes else MOST_CODES) for name in names
    }
    shapes = GeometryProfile() if source.geometry is not None else None
    seen = 0
    for batch in source.batches(names, shapes is not None):
        for name, profile in profiles.items():
            profile.add(batch.column(name))
        if shapes is not None:
            shapes.add(batch.column(source.geometry))
        seen += batch.num_rows
        if most is not None and seen >= most:
            return profiles, shapes, False
    return profiles, shapes, True


def profiled_columns(source: Source, profiles: dict[str, ColumnProfile], infer: bool, wishes: Wishes) -> tuple[Column, ...]:
    """The columns; datatypes of texts are read from their values if ``infer``."""
    schema = source.empty(list(profiles), False).schema
    return tuple(_column(name, profile, schema.field(name), infer, wishes) for name, profile in profiles.items())


def _column(name: str, profile: ColumnProfile, field: Any, infer: bool, wishes: Wishes) -> Column:
    metadata = field.metadata or {}
    stated = next((metadata[one].decode("utf-8", "replace") for one in (b"unit", b"units", b"ucum") if one in metadata), "")
    unit = (stated_unit(stated) if stated else None) or (unit_of(name) if profile.number else None)
    unique = profile.unique
    codes = codes_of(name, name, profile, wishes) if not unit and not unique else ()
    return Column(
        name, profile.datatype(infer), property_name(name, wishes), required=profile.rows > 0 and not profile.missing,
        unique=unique, unit=unit, codes=codes,
    )


def codes_of(reference: str, name: str, profile: ColumnProfile, wishes: Wishes) -> tuple[str, ...]:
    """The codes of a column, if it has some; whole numbers that are named like quantities are none."""
    forced = reference in wishes.codes
    return () if profile.number and measuring(name) and not forced else profile.codes(forced)


def found_key(profiles: dict[str, ColumnProfile], wishes: Wishes) -> tuple[str, ...]:
    """The key that is wished for, or the first column whose values can be one; empty if there is none."""
    if wishes.counted:
        return (COUNTER,)
    if wishes.key and all(one in profiles for one in wishes.key):
        return wishes.key
    candidates = sorted(profiles, key=lambda name: not identifying(name))
    return next(((name,) for name in candidates if profiles[name].names_rows(identifying(name))), ())


def key_notes(key: tuple[str, ...]) -> Iterator[str]:
    """What a key means for the reader."""
    if key == (COUNTER,):
        yield "Subjects are numbered by row: they change when the file is sorted otherwise."
    elif not key:
        yield ("No column identifies the rows, so that a hash of all that a row says names its subject: it stays when the file is sorted "
               "otherwise, changes with any value, and rows that say the same are one.")


def property_name(name: str, wishes: Wishes) -> str:
    """Local name of a column's property."""
    capital = wishes.prefix and not wishes.prefix.endswith("_")
    return wishes.prefix + encoded(name[:1].upper() + name[1:] if capital else name)


# -- geometries

def stored_geometry(source: Source, shapes: GeometryProfile) -> Geometry:
    """The geometry that a source holds as such."""
    free = [name for name in ("the_geom", *geometry_names(source)) if name not in source.fields]
    return Geometry((free[0],), frozenset(shapes.dimensions), not shapes.missing, stored=True)


def read_geometry(profiles: dict[str, ColumnProfile]) -> Geometry | None:
    """The first column of WKT, else the first pair of longitude and latitude."""
    for name, profile in profiles.items():
        if "wkt" in profile.forms and profile.filled:
            return Geometry((name,), wkt_dimensions(profile.keywords), not profile.missing)
    east, north = (_placed(profiles, pattern, bound) for pattern, bound in PLACES)
    stem = next((one for one in east if one in north), None)
    if stem is None:
        return None
    pair = (east[stem], north[stem])
    return Geometry(pair, frozenset({0}), all(not profiles[one].missing for one in pair))


def _placed(profiles: dict[str, ColumnProfile], pattern: re.Pattern[str], bound: float) -> dict[str, str]:
    """Columns of degrees by the rest of their names."""
    matches = {name: pattern.fullmatch(_snake(name)) for name, profile in profiles.items() if profile.within(bound)}
    return {_stem(match): name for name, match in matches.items() if match}


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


def _stem(match: re.Match[str]) -> str:
    return f"{match.group(1)}*{match.group(3)}".lower()
