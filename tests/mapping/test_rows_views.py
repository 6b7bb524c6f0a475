"""Logical views: fields, indexes, documents in fields, joins, views on views."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from earthweave.mapping import Kind, Options, Plan, PredicateObjects, Reference, Template, TermMap, TriplesMap, map_source
from earthweave.mapping.plan import Condition, Constant, Field, FileAccess, LogicalSource, Root, View, ViewJoin
from earthweave.ontology import XSD, MappingError

BASE = "https://example.org/"
PEOPLE: list[dict[str, Any]] = [
    {"name": "ada", "year": 1815, "items": [{"type": "pen", "colours": ["red", "blue"]}, {"type": "card", "colours": []}]},
    {"name": "bob", "items": []},
]


def source(folder: Path, records: Any, name: str = "people") -> LogicalSource:
    (folder / f"{name}.json").write_text(json.dumps(records), "utf-8")
    return LogicalSource(iterator="$[*]", formulation="JSONPath", access=FileAccess(f"{name}.json", Root.WORKING))


def table(folder: Path, text: str, name: str = "table") -> LogicalSource:
    (folder / f"{name}.csv").write_text(text, "utf-8")
    return LogicalSource(formulation="CSV", access=FileAccess(f"{name}.csv", Root.WORKING))


def rows(view: View, *names: str) -> list[list[str]]:
    """Each row of a view as the texts of some fields: a missing one ends it."""
    values = [TermMap(Template((Reference(name),)), Kind.LITERAL) for name in names]
    statements = tuple(PredicateObjects((TermMap(Constant(f"p{index}"), Kind.IRI),), (value,)) for index, value in enumerate(values))
    subject = TermMap(Template(tuple(part for name in names[:1] for part in ("urn:", Reference(name)))), Kind.IRI)
    run = map_source(Plan("view.ttl", BASE, (TriplesMap("rule", 1, view, subject, statements=statements),)))
    found = [line.split(" ", 2) for line in b"".join(run).decode().splitlines()]
    return [[predicate.removeprefix(f"<{BASE}").rstrip(">"), value.split('"')[1]] for _, predicate, value in found]


@pytest.fixture(autouse=True)
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


NAME = Field("name", Reference("$.name"))


def test_fields_multiply(tmp_path: Path) -> None:
    items = Field("item", iterator="$.items[*]", fields=(Field("type", Reference("$.type")), Field("colour", Reference("$.colours[*]"))))
    view = View("v", source(tmp_path, PEOPLE), (NAME, items))
    found = rows(view, "name", "item.type", "item.colour", "item.colour.#", "item.#", "#")
    assert [value for key, value in found if key == "p1"] == ["pen", "pen", "card"]
    assert [value for key, value in found if key == "p2"] == ["red", "blue"]
    assert [value for key, value in found if key == "p3"] == ["0", "1"]
    assert [value for key, value in found if key == "p4"] == ["0", "0", "1"]
    assert [value for key, value in found if key == "p5"] == ["0", "0", "0", "1"]


def test_natural_datatypes_are_kept(tmp_path: Path) -> None:
    view = View("v", source(tmp_path, PEOPLE), (NAME, Field("year", Reference("$.year"))))
    value = PredicateObjects((TermMap(Constant("p"), Kind.IRI),), (TermMap(Reference("year"), Kind.LITERAL),))
    made = TriplesMap("rule", 1, view, TermMap(Template(("urn:", Reference("name"))), Kind.IRI), statements=(value,))
    assert b"".join(map_source(Plan("view.ttl", BASE, (made,)))).decode() == f'<urn:ada> <{BASE}p> "1815"^^<{XSD.integer}> .\n'


def test_documents_in_fields(tmp_path: Path) -> None:
    inner = Field("item", iterator="$[*]", formulation="JSONPath", fields=(Field("type", Reference("$.t")),))
    view = View("v", table(tmp_path, 'name,items\nada,"[{""t"":""pen""},{""t"":""card""}]"\nbob,\n'),
                (Field("name", Reference("name")), Field("items", Reference("items"), fields=(inner,))))
    found = rows(view, "name", "items.item.type", "items.item.#")
    assert [value for key, value in found if key == "p1"] == ["pen", "card"]
    assert [value for key, value in found if key == "p2"] == ["0", "1"]
    assert [value for key, value in found if key == "p0"] == ["ada", "ada", "bob"]


@pytest.mark.parametrize(("inner", "names"), [(True, ["ada", "ada"]), (False, ["ada", "ada", "cid"])])
def test_joins(tmp_path: Path, inner: bool, names: list[str]) -> None:
    parent = View("parent", source(tmp_path, PEOPLE), (NAME, Field("item", Reference("$.items[*].type"))))
    join = ViewJoin(parent, inner, (Condition(Reference("n"), Reference("name")),), (Field("thing", Reference("item")),))
    child = View("child", table(tmp_path, "n\nada\ncid\n"), (Field("n", Reference("n")),), (join,))
    found = rows(child, "n", "thing", "thing.#")
    assert [value for key, value in found if key == "p0"] == names
    assert [value for key, value in found if key == "p1"] == ["pen", "card"]
    assert [value for key, value in found if key == "p2"] == ["0", "1"]


def test_views_are_joined_by_equal_values_alone(tmp_path: Path) -> None:
    parent = View("parent", source(tmp_path, PEOPLE), (NAME,))
    near = Condition(Reference("name"), Reference("name"), "http://www.w3.org/ns/r2rml-ext/functions/def/sfWithin")
    with pytest.raises(MappingError, match="sfWithin"):
        rows(View("child", source(tmp_path, PEOPLE), (NAME,), (ViewJoin(parent, True, (near,), ()),)), "name")


def test_views_on_views(tmp_path: Path) -> None:
    first = View("first", source(tmp_path, PEOPLE), (NAME, Field("item", Reference("$.items[*].type"))))
    second = View("second", first, (Field("whole", Template((Reference("name"), "-", Reference("item")))),))
    assert [value for _, value in rows(second, "whole")] == ["ada-pen", "ada-card"]


@pytest.mark.parametrize("name", ["nama", "item", "<it>"])
def test_unknown_fields_fail_before_the_first_row(tmp_path: Path, name: str) -> None:
    view = View("v", source(tmp_path, PEOPLE), (NAME, Field("item", iterator="$.items[*]", fields=(Field("type", Reference("$.type")),))))
    with pytest.raises(MappingError, match="line 1") as caught:
        rows(view, "name", name)
    assert "has no field" in caught.value.why


def test_two_fields_of_one_name(tmp_path: Path) -> None:
    view = View("v", source(tmp_path, PEOPLE), (NAME, Field("name", Reference("$.year"))))
    with pytest.raises(MappingError, match="more than one field"):
        rows(view, "name")


def test_bad_reference_in_a_nested_field(tmp_path: Path) -> None:
    view = View("v", source(tmp_path, PEOPLE), (Field("item", iterator="$.items[*]", fields=(Field("type", Reference("$.[")),)),))
    with pytest.raises(MappingError):
        rows(view, "item.type")


def test_a_broken_document_is_a_fault(tmp_path: Path) -> None:
    inner = Field("item", iterator="$[*]", formulation="JSONPath", fields=(Field("type", Reference("$.t")),))
    fields = (Field("name", Reference("name")), Field("items", Reference("items"), fields=(inner,)))
    view = View("v", table(tmp_path, 'name,items\nada,[\nbob,"[{""t"":""pen""}]"\n'), fields)
    value = PredicateObjects((TermMap(Constant("p"), Kind.IRI),), (TermMap(Reference("items.item.type"), Kind.LITERAL),))
    subject = TermMap(Template(("urn:", Reference("name"))), Kind.IRI)
    made = Plan("view.ttl", BASE, (TriplesMap("rule", 1, view, subject, statements=(value,)),))
    run = map_source(made)
    assert b"".join(run).decode() == f'<urn:bob> <{BASE}p> "pen" .\n'
    assert (run.report.skipped, run.report.problems[0].row, run.report.problems[0].reason) == (1, 1, "items is not JSON")
    with pytest.raises(MappingError, match="record 1"):
        b"".join(map_source(made, options=Options(on_error="fail")))
