"""The row executor over flat rows and nested records: products, kinds, joins, collections, bad rows; equal to the columnar executor."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from earthweave.mapping import Options, Plan, PredicateObjects, Reference, Template, TermMap, TriplesMap, map_source
from earthweave.mapping.plan import (
    Call,
    Condition,
    Constant,
    Expression,
    FileAccess,
    Fresh,
    Gather,
    Join,
    Kind,
    LogicalSource,
    Root,
)
from earthweave.mapping.rows import needs_rows
from earthweave.ontology import RDF, XSD, MappingError

BASE = "https://example.org/"
ROWS = Options(executor="rows")
IDLAB = "https://w3id.org/imec/idlab/function#"
Lines = Callable[..., list[str]]


def iri(expression: Expression, **more: Any) -> TermMap:
    return TermMap(expression, Kind.IRI, **more)


def literal(name: str, **more: Any) -> TermMap:
    return TermMap(Reference(name), Kind.LITERAL, **more)


def template(*parts: str) -> Template:
    """Texts and references in turn."""
    return Template(tuple(part if index % 2 == 0 else Reference(part) for index, part in enumerate(parts) if part))


def said(value: TermMap | Join, graphs: tuple[TermMap, ...] = ()) -> PredicateObjects:
    return PredicateObjects((iri(Constant(BASE + "p")),), (value,), graphs)


def rule(*statements: PredicateObjects, source: LogicalSource | None = None, name: str = "rule", **more: Any) -> TriplesMap:
    subject = more.pop("subject", iri(template(BASE, "id")))
    return TriplesMap(name, 1, source or LogicalSource(), subject, statements=statements, **more)


def plan(*maps: TriplesMap) -> Plan:
    return Plan("test.ttl", BASE, maps)


def lines(run: Any) -> list[str]:
    return sorted(b"".join(run).decode().splitlines())


@pytest.fixture(autouse=True)
def working(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def nested(tmp_path: Path) -> Callable[..., LogicalSource]:
    """A JSON file of records as a logical source."""

    def made(records: list[dict[str, Any]], name: str = "data") -> LogicalSource:
        (tmp_path / f"{name}.json").write_text(json.dumps(records), "utf-8")
        return LogicalSource(iterator="$[*]", formulation="JSONPath", access=FileAccess(f"{name}.json", Root.WORKING))

    return made


TABLE = pa.table({
    "id": pa.array([1, 2, 3]), "name": pa.array(["a b", None, 'é"\n']), "size": pa.array([1.5, 2e30, None]),
    "flag": pa.array([True, None, False]), "lang": pa.array(["en", "de-AT", None]), "iri": pa.array(["x", "urn:a:b", None]),
})


@pytest.mark.parametrize("term", [
    literal("name"), literal("size"), literal("flag"), literal("id", datatype=str(XSD.double)), literal("name", language="en"),
    literal("name", language_map=Reference("lang")), literal("name", datatype_map=Constant("urn:type")),
    TermMap(template("", "name", "/", "id"), Kind.LITERAL), iri(Reference("iri")), iri(template("x/", "name")), iri(template("", "name")),
    TermMap(template("x/", "name"), Kind.URI), TermMap(Reference("name"), Kind.BLANK), TermMap(Fresh("one"), Kind.BLANK),
    TermMap(Call("http://users.ugent.be/~bjdmeest/function/grel.ttl#toUpperCase", (Reference("name"),)), Kind.LITERAL),
])
def test_flat_rows_as_columns(term: TermMap) -> None:
    made = plan(rule(said(term), said(iri(Constant("same"))), classes=(BASE + "C",)))
    rows, columns = map_source(made, TABLE, options=ROWS), map_source(made, TABLE)
    assert lines(rows) == lines(columns)
    assert rows.report.quads == columns.report.quads > 6
    assert set(columns.report.executors.values()) == {"columnar"} != set(rows.report.executors.values())


def test_unknown_column_of_a_table() -> None:
    with pytest.raises(MappingError, match=r"test.ttl, line 1, triples map rule") as caught:
        map_source(plan(rule(said(literal("nama")))), TABLE, options=ROWS)
    assert "name" in caught.value.way_out


def test_missing_values_make_no_statement() -> None:
    found = lines(map_source(plan(rule(said(literal("name")), subject=iri(template(BASE, "iri")))), TABLE, options=ROWS))
    assert found == [f'<{BASE}x> <{BASE}p> "a b" .']


def test_products_of_many_values(nested: Any) -> None:
    source = nested([{"id": [1, 2], "v": ["a", "b"], "w": ["c", None]}])
    value = TermMap(template("", "$.v[*]", "-", "$.w[*]"), Kind.LITERAL)
    found = lines(map_source(plan(rule(said(value), source=source, subject=iri(template(BASE, "$.id[*]"))))))
    assert found == [f'<{BASE}{one}> <{BASE}p> "{text}" .' for one in (1, 2) for text in ("a-c", "b-c")]


def test_natural_datatypes_of_json(nested: Any) -> None:
    source = nested([{"id": 1, "v": [1, 1.0, True, "t", 1e-7, 12345678901234567890]}])
    found = lines(map_source(plan(rule(said(literal("$.v[*]")), source=source, subject=iri(template(BASE, "$.id"))))))
    texts = [f'"1"^^<{XSD.integer}>', f'"1.0E0"^^<{XSD.double}>', f'"true"^^<{XSD.boolean}>', '"t"', f'"1.0E-7"^^<{XSD.double}>',
             f'"12345678901234567890"^^<{XSD.integer}>']
    assert found == sorted(f"<{BASE}1> <{BASE}p> {text} ." for text in texts)


@pytest.mark.parametrize(("kind", "expected"), [
    (Kind.IRI, "é%20%2F"), (Kind.URI, "%C3%A9%20%2F"), (Kind.UNSAFE_IRI, r"é\u0020/"),
])
def test_kinds_of_iri(nested: Any, kind: Kind, expected: str) -> None:
    subject = TermMap(template("urn:", "$.id"), kind)
    found = lines(map_source(plan(rule(said(iri(Constant("urn:o"))), source=nested([{"id": "é /"}]), subject=subject))))
    assert found == [f"<urn:{expected}> <{BASE}p> <urn:o> ."]


def test_graphs_of_subject_and_statement() -> None:
    graphs = (iri(Constant("urn:g")),)
    made = rule(said(literal("id"), (iri(Constant("")),)), graphs=graphs, classes=("urn:C",))
    found = lines(map_source(plan(made), TABLE.slice(0, 1), options=ROWS))
    number = f'<{BASE}1> <{BASE}p> "1"^^<{XSD.integer}>'
    assert found == sorted([f"<{BASE}1> <{RDF.type}> <urn:C> <urn:g> .", f"{number} .", f"{number} <urn:g> ."])


def test_bad_rows_are_left_out_and_told() -> None:
    table = pa.table({"id": [1, 2, 3], "n": ["1", "x", "3"]})
    made = plan(rule(said(literal("n", datatype=str(XSD.integer)))), rule(said(literal("id")), name="other"))
    run = map_source(made, table, options=ROWS)
    assert not [line for line in lines(run) if f"<{BASE}2>" in line]
    problem = run.report.problems[0]
    assert (run.report.rows, run.report.skipped) == (3, 1)
    assert (problem.row, problem.rule, problem.reason) == (2, "rule", "a value that is no integer")
    with pytest.raises(MappingError, match="row 2"):
        lines(map_source(made, table, options=Options(executor="rows", on_error="fail")))


def test_an_array_is_no_value(nested: Any) -> None:
    source = nested([{"id": 1, "v": [1]}, {"id": 2, "v": 2}])
    run = map_source(plan(rule(said(literal("$.v")), source=source, subject=iri(template(BASE, "$.id")))))
    assert len(lines(run)) == run.report.skipped == 1


def test_required_values() -> None:
    source = LogicalSource(required=("name",))
    run = map_source(plan(rule(said(literal("id")), source=source)), TABLE, options=ROWS)
    assert len(lines(run)) == 2
    assert run.report.problems[0].reason == "no value for name"


def test_language_tags_of_rows() -> None:
    table = pa.table({"id": [1, 2], "t": ["x", "y"], "l": ["en", "not a tag"]})
    run = map_source(plan(rule(said(literal("t", language_map=Reference("l"))))), table, options=ROWS)
    assert lines(run) == [f'<{BASE}1> <{BASE}p> "x"@en .']
    assert run.report.reasons == {"a language tag that is not well formed": 1}


@pytest.mark.parametrize("term", [
    TermMap(Constant("x"), Kind.LITERAL, datatype=str(XSD.integer)), TermMap(Constant("x"), Kind.LITERAL, language="a-english"),
    iri(Constant("a b")), iri(template("a b/", "id")), literal("name", datatype_map=Constant("a b")),
    TermMap(Call("urn:no-function", ()), Kind.LITERAL),
])
def test_what_can_never_work_fails_before_the_first_row(term: TermMap) -> None:
    with pytest.raises(MappingError, match="line 1"):
        map_source(plan(rule(said(term))), TABLE, options=ROWS)


def test_conditions_keep_templates(nested: Any) -> None:
    test = Call(IDLAB + "equal", (Reference("name"), Constant("a b")))
    subject = iri(Call(IDLAB + "trueCondition", (test, template(BASE, "name"))))
    made = rule(said(literal("id")), subject=subject)
    assert needs_rows((made,)) == "a condition"
    assert lines(map_source(plan(made), TABLE)) == [f'<{BASE}a%20b> <{BASE}p> "1"^^<{XSD.integer}> .']


def test_targets_are_those_of_all_terms() -> None:
    value = literal("id", targets=("two",))
    made = rule(said(value), said(iri(Constant("urn:o"))), subject=iri(template(BASE, "id"), targets=("one",)))
    chunks = list(map_source(plan(made), TABLE, options=ROWS).chunks())
    assert {chunk.targets: chunk.count for chunk in chunks} == {("one", "two"): 3, ("one",): 3}


def test_a_fixed_statement_goes_to_each_of_its_targets() -> None:
    subject = iri(Constant("urn:s"))
    values = [said(iri(Constant("urn:o"), targets=targets)) for targets in ((), ("one",), ("one", "two"))]
    chunks = list(map_source(plan(rule(*values, subject=subject)), TABLE, options=ROWS).chunks())
    assert {chunk.targets: chunk.count for chunk in chunks} == {(): 1, ("one",): 1, ("one", "two"): 1}


# -- joins


def people(nested: Any, conditions: tuple[Condition, ...]) -> list[str]:
    clubs = nested([{"id": "c1", "tag": ["x", "y"]}, {"id": "c2", "tag": ["y"]}, {"id": "c3"}], "clubs")
    folk = nested([{"id": "p1", "likes": ["x", "y"]}, {"id": "p2", "likes": ["z"]}, {"id": "p3", "likes": None}], "folk")
    parent = rule(source=clubs, subject=iri(template(BASE, "$.id")), name="club")
    child = rule(said(Join("club", conditions)), source=folk, subject=iri(template(BASE, "$.id")))
    return lines(map_source(plan(child, parent)))


def test_join_of_many_values_gives_each_pair_once(nested: Any) -> None:
    found = people(nested, (Condition(Reference("$.likes[*]"), Reference("$.tag[*]")),))
    assert found == [f"<{BASE}p1> <{BASE}p> <{BASE}c{number}> ." for number in (1, 2)]


def test_join_on_templates_and_constants(nested: Any) -> None:
    conditions = (Condition(template("t-", "$.likes[*]"), template("t-", "$.tag[*]")), Condition(Constant("p1"), Constant("p1")))
    assert len(people(nested, conditions)) == 2
    assert people(nested, (Condition(Constant("1"), Constant("2")),)) == []


def test_why_rows_are_needed() -> None:
    child = rule(said(Join("parent", (Condition(Reference("id"), Reference("$.id")),))))
    assert needs_rows((child,)) == ""
    assert needs_rows((rule(said(TermMap(Fresh("l"), Kind.BLANK, gather=Gather((literal("id"),), str(RDF.List))))),)) == "collections"


def test_join_without_conditions_is_the_same_row() -> None:
    parent = rule(subject=TermMap(Fresh("node"), Kind.BLANK), name="parent")
    child = rule(said(Join("parent")))
    assert lines(map_source(plan(parent, child), TABLE, options=ROWS)) == lines(map_source(plan(parent, child), TABLE))
    assert len(lines(map_source(plan(parent, child), TABLE, options=ROWS))) == 3


@pytest.mark.parametrize("function", ["sfIntersects", "sfContains", "sfDisjoint", "touches", "disjoint"])
def test_spatial_joins_as_columns(function: str) -> None:
    shapes = ["POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))", "POINT (1 1)", "POINT (4 4)", "LINESTRING (4 4, 9 9)", None]
    table = pa.table({"id": [1, 2, 3, 4, 5], "wkt": shapes})
    condition = Condition(Reference("wkt"), Reference("wkt"), f"http://www.w3.org/ns/r2rml-ext/functions/def/{function}")
    made = plan(rule(said(Join("rule", (condition,)))))
    found = lines(map_source(made, table, options=ROWS))
    assert found == lines(map_source(made, table))
    assert found


def test_joins_by_size_as_columns() -> None:
    condition = Condition(Reference("size"), Reference("id"), "http://www.w3.org/ns/r2rml-ext/functions/def/greaterThan")
    made = plan(rule(said(Join("rule", (condition,)))))
    found = lines(map_source(made, TABLE, options=ROWS))
    assert found == lines(map_source(made, TABLE))
    assert found == sorted(f"<{BASE}{one}> <{BASE}p> <{BASE}{other}> ." for one, other in ((1, 1), (2, 1), (2, 2), (2, 3)))


def test_no_condition_but_a_true_or_false_one() -> None:
    condition = Condition(Reference("id"), Reference("id"), "http://www.w3.org/ns/r2rml-ext/functions/def/add")
    with pytest.raises(MappingError, match="line 1"):
        map_source(plan(rule(said(Join("rule", (condition,))))), TABLE, options=ROWS)


# -- collections


def gathered(nested: Any, expression: Expression, container: str, records: list[dict[str, Any]], **more: Any) -> list[str]:
    items = more.pop("items", (literal("$.v[*]"),))
    kind = Kind.BLANK if isinstance(expression, Fresh) else Kind.IRI
    value = TermMap(expression, kind, gather=Gather(items, container, **more))
    made = rule(said(value), source=nested(records), subject=iri(template(BASE, "$.id")))
    return lines(map_source(plan(made)))


def test_lists_with_a_name_go_on(nested: Any) -> None:
    found = gathered(nested, Constant("urn:list"), str(RDF.List), [{"id": 1, "v": ["a"]}, {"id": 2, "v": ["b", "c"]}])
    assert sum("#first>" in line for line in found) == sum("#rest>" in line for line in found) == 3
    assert sum(f"<{RDF.nil}>" in line for line in found) == 1
    assert f'<urn:list> <{RDF.first}> "a" .' in found


def test_lists_without_a_name_are_each_their_own(nested: Any) -> None:
    found = gathered(nested, Fresh("l"), str(RDF.List), [{"id": 1, "v": ["a"]}, {"id": 1, "v": ["a"]}])
    assert len({line.split()[2] for line in found if f"<{BASE}p>" in line}) == 2
    assert sum(f"<{RDF.nil}>" in line for line in found) == 2


def test_containers_number_their_members(nested: Any) -> None:
    found = gathered(nested, Constant("urn:bag"), str(RDF.Bag), [{"id": 1, "v": ["a", "a"]}, {"id": 1, "v": ["b"]}])
    members = [line.split()[1:3] for line in found if line.startswith("<urn:bag>") and "#_" in line]
    assert members == [[f"<{RDF}_{number}>", f'"{text}"'] for number, text in ((1, "a"), (2, "a"), (3, "b"))]


@pytest.mark.parametrize(("allow_empty", "count"), [(True, 1), (False, 0)])
def test_empty_lists(nested: Any, allow_empty: bool, count: int) -> None:
    found = gathered(nested, Fresh("l"), str(RDF.List), [{"id": 1, "v": []}], allow_empty=allow_empty)
    assert found == [f"<{BASE}1> <{BASE}p> <{RDF.nil}> ."] * count


def test_products_of_gathered_values(nested: Any) -> None:
    items = (literal("$.v[*]"), literal("$.w[*]"))
    found = gathered(nested, Fresh("l"), str(RDF.Seq), [{"id": 1, "v": ["a", "b"], "w": ["c", "d"]}], items=items, product=True)
    assert sum(f"<{RDF.type}>" in line for line in found) == 4
    assert sum(f"<{RDF}_2>" in line for line in found) == 4


def test_a_bad_record_adds_nothing_to_a_list(nested: Any) -> None:
    source = nested([{"id": 1, "v": ["1"]}, {"id": 2, "v": ["x"]}, {"id": 3, "v": ["3"]}])
    value = TermMap(Constant("urn:bag"), Kind.IRI, gather=Gather((literal("$.v[*]", datatype=str(XSD.integer)),), str(RDF.Bag)))
    run = map_source(plan(rule(said(value), source=source, subject=iri(template(BASE, "$.id")))))
    found = lines(run)
    assert f'<urn:bag> <{RDF}_2> "3"^^<{XSD.integer}> .' in found
    assert run.report.skipped == 1
