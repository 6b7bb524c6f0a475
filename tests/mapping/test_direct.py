"""The W3C Direct Mapping as a plan: rows, literals and references of tables with and without keys."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.mapping.documents import direct_mapping
from earthweave.mapping.plan import (
    ColumnSchema,
    Condition,
    Constant,
    ForeignKey,
    Fresh,
    Join,
    Kind,
    LogicalSource,
    Reference,
    TableSchema,
    Template,
    TermMap,
    TriplesMap,
)
from earthweave.ontology import MappingError

BASE = "http://example.com/base/"


def column(name: str) -> Reference:
    return Reference(name, delimited=True)


def table(name: str, columns: str, key: str = "", *foreign: ForeignKey, unique: str = "", full: str = "") -> TableSchema:
    """A table; names are separated by blanks, those of ``full`` exclude NULL."""
    made = tuple(ColumnSchema(one, "INTEGER", one not in full.split()) for one in columns.split())
    return TableSchema(name, made, tuple(key.split()), foreign, (tuple(unique.split()),) if unique else ())


def objects(one: TriplesMap) -> dict[str, TermMap | Join]:
    """Predicate → object."""
    found: dict[str, TermMap | Join] = {}
    for statement in one.statements:
        assert isinstance(predicate := statement.predicates[0].expression, Constant)
        found[predicate.text] = statement.objects[0]
    return found


def test_a_table_with_a_key() -> None:
    plan = direct_mapping([table("Task", "worker project note", "worker project")], BASE)
    only = plan.triples_maps[0]
    assert (only.name, only.source, only.classes) == ("Task", LogicalSource('"Task"'), (BASE + "Task",))
    assert only.subject == TermMap(Template(("Task/worker=", column("worker"), ";project=", column("project"))), Kind.IRI)
    assert objects(only) == {
        f"{BASE}Task#{name}": TermMap(column(name), Kind.LITERAL) for name in ("worker", "project", "note")
    }  # fmt: skip
    assert plan.base == direct_mapping([], BASE.rstrip("/")).base == BASE


def test_rows_without_a_key_are_blank_nodes() -> None:
    plain, unique, perhaps = direct_mapping(
        [table("A", "x y"), table("B", "x y", unique="y", full="y"), table("C", "x y", unique="y")], BASE
    ).triples_maps
    assert plain.subject == TermMap(Fresh("A"), Kind.BLANK)
    assert unique.subject == TermMap(Template(("B/y=", column("y"))), Kind.BLANK)
    assert perhaps.subject == TermMap(Fresh("C"), Kind.BLANK)


def test_references_go_by_the_key_or_are_joined() -> None:
    tables = [
        table("Parent", "a b c", "a b", unique="c"),
        table("Bag", "d e"),
        table("Child", "id p q r", "id", ForeignKey(("q", "p"), "Parent", ("b", "a")), ForeignKey(("r",), "Parent", ("c",)),
              ForeignKey(("p",), "Bag", ("d",))),
    ]  # fmt: skip
    child = objects(direct_mapping(tables, BASE).named("Child"))
    assert child[BASE + "Child#ref-q;p"] == TermMap(Template(("Parent/a=", column("p"), ";b=", column("q"))), Kind.IRI)
    assert child[BASE + "Child#ref-r"] == Join("Parent", (Condition(column("r"), column("c")),))
    assert child[BASE + "Child#ref-p"] == Join("Bag", (Condition(column("p"), column("d")),))
    assert child[BASE + "Child#p"] == TermMap(column("p"), Kind.LITERAL)


@given(st.text(min_size=1), st.text(min_size=1))
def test_names_become_parts_of_iris_and_delimited_identifiers(name: str, other: str) -> None:
    only = direct_mapping([TableSchema(name, (ColumnSchema(other),), (other,))], BASE).triples_maps[0]
    assert isinstance(only.subject.expression, Template)
    start, value = only.subject.expression.parts
    assert isinstance(start, str)
    assert value == column(other)
    assert re.fullmatch(r"[\w\-.~%\u00a0-\U000effff]+/[\w\-.~%\u00a0-\U000effff]+=", start)
    assert isinstance(only.source, LogicalSource)
    assert only.source.name[1:-1].replace('""', '"') == name


def test_names_beyond_ascii_stay_and_others_are_percent_encoded() -> None:
    only = direct_mapping([table("植物", "名", "名"), TableSchema("Country Info", (ColumnSchema("a/b"),))], BASE)
    assert [one.classes for one in only.triples_maps] == [(BASE + "植物",), (BASE + "Country%20Info",)]
    assert list(objects(only.triples_maps[1])) == [BASE + "Country%20Info#a%2Fb"]


@pytest.mark.parametrize(
    ("tables", "why"),
    [
        ([table("A", "x", "", ForeignKey(("x",), "B", ("y",)))], "table B is not among the tables"),
        ([table("A", "x", "", ForeignKey(("z",), "A", ("x",)))], "no column z"),
        ([table("A", "x y", "", ForeignKey(("x",), "A", ("x", "y")))], "not as many columns"),
        ([table("A", "x"), table("A", "y")], "the same name"),
    ],
)
def test_schemas_that_do_not_fit_together(tables: list[TableSchema], why: str) -> None:
    with pytest.raises(MappingError) as caught:
        direct_mapping(tables, BASE)
    assert why in caught.value.why
