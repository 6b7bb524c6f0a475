"""Tables from JSON and XML documents: every repeated object or element with values of its own is one; what occurs once is a path in it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from earthweave.ontology import NotFoundError, ProductError, SizeLimitError

from ._documents import Found, Group, json_groups, xml_groups
from ._model import Column, Link, Rows, Table
from ._names import Terms, encoded, identifying
from ._profile import MOST_CODES, ColumnProfile
from ._tables import Wishes, codes_of, key_notes, property_name, read_geometry
from ._units import unit_of

NESTED = (".jsonl", ".ndjson")
JSON = (".json", *NESTED)
XML = (".xml",)
_GREATEST = 512 * 1024**2
_LARGEST_INTEGER = 2**63


def nested_tables(path: Path, wishes: Wishes) -> tuple[Table, ...] | None:
    """One table for each kind of record, or None for GeoJSON.

    Raises `NotFoundError`, `SizeLimitError` above 512 MB, `ProductError` if the document cannot be read or holds no record.
    """
    if not path.is_file():
        raise NotFoundError(f"there is no file {path}", way_out="give the path of a vector file, table or document")
    if path.stat().st_size > _GREATEST:
        raise SizeLimitError(f"{path.name} is larger than {_GREATEST:,} bytes", way_out="generate from a part of it, then map the whole")
    formulation = "XPath" if path.suffix.lower() in XML else "JSONPath"
    group = xml_groups(path) if formulation == "XPath" else json_groups(path)
    if group is None:
        return None
    tables: list[Table] = []
    _collect(group, path, formulation, wishes, Terms(), tables)
    if not tables:
        why = "no object or element in it has a value of its own"
        raise ProductError(f"{path.name} holds no record", why=why, way_out="give a document with at least one")
    return tuple(tables)


def _collect(group: Group, path: Path, formulation: str, wishes: Wishes, names: Terms, tables: list[Table]) -> Table | None:
    """The group as a table behind the tables so far, and those inside it; None if it has no values."""
    profiles = {one.reference: _profiled(one, group.rows, wishes) for one in group.values.values()}
    columns = tuple(_column(one, profiles[one.reference], wishes, formulation == "XPath") for one in group.values.values() if one.cells)
    there = any(not one.many for one in columns)
    name = names.take(group.name) if there else ""
    place = len(tables)
    inner = [(step, _collect(child, path, formulation, wishes, names, tables)) for step, child in group.children]
    if not there:
        return None
    single = {one.name: profiles[one.name] for one in columns if not one.many}
    key = _key(single, wishes)
    terms = Terms(one.term for one in columns)
    links = tuple(link for step, child in inner if child is not None for link in _links(step, child, formulation, terms))
    notes = (*group.notes, *_apart(inner), *key_notes(key))
    table = Table(name, Rows(path.name, formulation, group.iterator, group.namespaces), columns, key,
                  read_geometry(single), links, encoded(name), notes)
    tables.insert(place, table)
    return table


def _links(step: str, child: Table, formulation: str, terms: Terms) -> Iterator[Link]:
    """A record points to those inside it by their key."""
    if len(child.key) == 1:
        between = "/" if formulation == "XPath" else "" if child.key[0].startswith("$") else "."
        inside = child.key[0].removeprefix("$")
        yield Link(terms.take(f"has_{child.term}"), (f"{step}{between}{inside}",), child.name, child.key)


def _apart(inner: list[tuple[str, Table | None]]) -> Iterator[str]:
    for _, child in inner:
        if child is not None and len(child.key) != 1:
            yield f"Nothing leads to its {child.name}: they have no key of their own that could be referred to."


def _key(profiles: dict[str, ColumnProfile], wishes: Wishes) -> tuple[str, ...]:
    if wishes.key and all(one in profiles for one in wishes.key):
        return wishes.key
    candidates = sorted(profiles, key=lambda name: not identifying(name))
    return next(((name,) for name in candidates if profiles[name].names_rows(identifying(name))), ())


def _column(one: Found, profile: ColumnProfile, wishes: Wishes, infer: bool) -> Column:
    kinds = {type(value) for _, value in one.cells if value is not None}
    mixed = len(kinds) > 1 and kinds != {int, float}
    unique = not one.many and profile.unique
    unit = unit_of(one.steps[-1]) if profile.number else None
    codes = () if unit or unique or mixed or one.many else codes_of(one.reference, one.steps[-1], profile, wishes)
    name = "_".join(_local(step, infer) for step in one.steps)
    return Column(
        one.reference, "" if mixed else profile.datatype(infer), property_name(name, wishes),
        required=not profile.missing and not one.many and profile.rows > 0, unique=unique, many=one.many, unit=unit, codes=codes,
    )


def _local(step: str, xml: bool) -> str:
    return step.removeprefix("@").rpartition(":")[2] if xml else step


def _profiled(one: Found, rows: int, wishes: Wishes) -> ColumnProfile:
    values: list[Any] = [value for _, value in one.cells] if one.many else [None] * rows
    if not one.many:
        for row, value in one.cells:
            values[row] = value
    array = _array(values)
    profile = ColumnProfile(array.type, 10_000 if one.reference in wishes.codes else MOST_CODES)
    profile.add(array)
    return profile


def _array(values: list[Any]) -> Any:
    """Values as Arrow has them; those of mixed kinds as texts."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {bool}:
        return pa.array(values, pa.bool_())
    if kinds == {int}:
        return _integers(values)
    read, arrow = (float, pa.float64()) if kinds and kinds <= {int, float} else (str, pa.string())
    return pa.array([None if value is None else read(value) for value in values], arrow)


def _integers(values: list[Any]) -> Any:
    if all(value is None or abs(value) < _LARGEST_INTEGER for value in values):
        return pa.array(values, pa.int64())
    return pa.array([None if value is None else Decimal(value) for value in values], pa.decimal256(76, 0))
