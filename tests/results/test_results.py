"""Every result format is read back by rdflib and equals the table it was written from."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pyarrow as pa
import pytest
import rdflib
import rdflib.compare
from hypothesis import given
from hypothesis import strategies as st
from rdflib.query import Result

from earthweave.ontology import XSD, NotAcceptableError
from earthweave.server.results import serialise
from earthweave.server.store import Answer, Notice

TERM = pa.struct([(name, pa.string()) for name in ("kind", "value", "datatype", "language")])
Term = dict[str, str | None] | None


def table_of(columns: dict[str, list[Term]]) -> pa.Table:
    """Arrow table as the store hands it out."""
    schema = pa.schema([(name, TERM) for name in columns])
    return pa.table({name: pa.array(values, TERM) for name, values in columns.items()}, schema=schema)


def uri(value: str) -> Term:
    return {"kind": "uri", "value": value, "datatype": None, "language": None}


def literal(value: str, datatype: str | None = None, language: str | None = None) -> Term:
    return {"kind": "literal", "value": value, "datatype": datatype, "language": language}


def to_rdflib(term: Term) -> Any:
    """The same term for rdflib, value space not normalised."""
    if term is None:
        return None
    if term["kind"] == "uri":
        return rdflib.URIRef(str(term["value"]))
    if term["kind"] == "bnode":
        return rdflib.BNode(str(term["value"]))
    datatype = None if term["datatype"] in (None, str(XSD.string)) else term["datatype"]
    return rdflib.Literal(term["value"], datatype=datatype, lang=term["language"], normalize=False)


def same(found: Any, term: Term) -> bool:
    """Blank nodes by being blank, all else exactly."""
    wanted = to_rdflib(term)
    if isinstance(wanted, rdflib.BNode):
        return isinstance(found, rdflib.BNode)
    if isinstance(wanted, rdflib.Literal):
        same_type = (found.datatype in (None, XSD.string)) if wanted.datatype is None else found.datatype == wanted.datatype
        return isinstance(found, rdflib.Literal) and str(found) == str(wanted) and found.language == wanted.language and same_type
    return bool(found == wanted)


in_xml = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
xml_text = st.text(in_xml | st.sampled_from("\t\n\"'<&>=,"), max_size=12)
text = xml_text | st.text(st.sampled_from("\x01\r\x0b ab\x1f"), max_size=5)
iris = st.sampled_from(["http://example.org/a", "urn:x:y", "http://example.org/ü?a=b&c#d", "https://example.org/'"])
datatypes = st.sampled_from([None, str(XSD.string), "http://example.org/type", str(XSD.token)])


def terms(values: st.SearchStrategy[str]) -> st.SearchStrategy[Term]:
    plain = st.builds(literal, values, datatypes)
    tagged = st.builds(lambda value, tag: literal(value, None, tag), values, st.sampled_from(["en", "el", "zh-Hant"]))
    blank = st.builds(lambda n: {"kind": "bnode", "value": f"b{n}", "datatype": None, "language": None}, st.integers(0, 9))
    return st.none() | st.builds(uri, iris) | plain | tagged | blank


def tables(values: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, list[Term]]]:
    return st.integers(0, 5).flatmap(lambda rows: st.fixed_dictionaries({
        "a": st.lists(terms(values), min_size=rows, max_size=rows), "βeta": st.lists(terms(values), min_size=rows, max_size=rows),
    }))


def assert_equal(result: Result, columns: dict[str, list[Term]]) -> None:
    assert [str(variable) for variable in result.vars or ()] == list(columns)
    wanted = list(zip(*columns.values(), strict=True))
    found = [[binding.get(rdflib.Variable(name)) for name in columns] for binding in result.bindings]
    assert len(found) == len(wanted)
    for left, right in zip(found, wanted, strict=True):
        assert all(same(one, term) for one, term in zip(left, right, strict=True)), (left, right)


@given(tables(text))
def test_json_comes_back(columns: dict[str, list[Term]]) -> None:
    content = serialise(Answer("table", table_of(columns)), "json")
    assert_equal(Result.parse(io.BytesIO(content), format="json"), columns)


@given(tables(xml_text | st.just("return\rreturn")))
def test_xml_comes_back(columns: dict[str, list[Term]]) -> None:
    content = serialise(Answer("table", table_of(columns)), "xml")
    assert_equal(Result.parse(io.BytesIO(content), format="xml"), columns)


UNESCAPE = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}
TSV_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"(?:@([\w-]+)|\^\^<([^>]*)>)?$', re.DOTALL)


def read_tsv(cell: str) -> Term:
    """A small reader of Turtle terms of our own: rdflib's reader of TSV drops blank cells at the end of a line."""
    if cell == "":
        return None
    if cell.startswith("<"):
        return uri(cell[1:-1])
    if cell.startswith("_:"):
        return {"kind": "bnode", "value": cell[2:], "datatype": None, "language": None}
    match = TSV_LITERAL.match(cell)
    assert match, cell
    return literal(re.sub(r"\\(.)", lambda found: UNESCAPE[found[1]], match[1]), match[3], match[2])


def plain(term: Term) -> Term:
    return {**term, "datatype": None} if term and term["datatype"] == str(XSD.string) else term


@given(tables(text))
def test_tsv_comes_back(columns: dict[str, list[Term]]) -> None:
    lines = serialise(Answer("table", table_of(columns)), "tsv").decode().split("\n")
    assert lines.pop() == ""
    assert lines.pop(0) == "\t".join(f"?{name}" for name in columns)
    found = [tuple(read_tsv(cell) for cell in line.split("\t")) for line in lines]
    assert found == [tuple(map(plain, row)) for row in zip(*columns.values(), strict=True)]


@given(tables(text))
def test_csv_comes_back_but_for_the_guard_against_formulas(columns: dict[str, list[Term]]) -> None:
    content = serialise(Answer("table", table_of(columns)), "csv").decode()
    found = list(csv.reader(io.StringIO(content, newline=""), strict=True))
    assert found.pop(0) == list(columns)

    def cell(term: Term) -> str:
        value = "" if term is None else f"_:{term['value']}" if term["kind"] == "bnode" else str(term["value"])
        guarded = value[:1] in tuple("=+-@\t\r") and not re.match(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$", value)
        return f"'{value}" if guarded else value

    assert found == [[cell(term) for term in row] for row in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize(("value", "written"), [
    ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+cmd", "'+cmd"), ("-cmd", "'-cmd"), ("\t=1", "'\t=1"),
    ("-5", "-5"), ("+3.5", "+3.5"), ("-1e-7", "-1e-7"), ("a=b", "a=b"), ("-5\n=1", '"\'-5\n=1"'),
])
def test_a_cell_never_is_a_formula_and_numbers_stay_numbers(value: str, written: str) -> None:
    content = serialise(Answer("table", table_of({"x": [literal(value)]})), "csv").decode()
    assert content == f"x\r\n{written}\r\n"


def test_a_character_that_xml_cannot_hold_is_refused_not_dropped() -> None:
    answer = Answer("table", table_of({"x": [literal("a\x01b")]}))
    with pytest.raises(NotAcceptableError, match=r"U\+0001"):
        serialise(answer, "xml")
    assert json.loads(serialise(answer, "json"))["results"]["bindings"][0]["x"]["value"] == "a\x01b"


@pytest.mark.parametrize("format", ["json", "xml"])
@pytest.mark.parametrize("value", [True, False])
def test_booleans_come_back(format: str, value: bool) -> None:
    content = serialise(Answer("boolean", boolean=value), format)
    assert Result.parse(io.BytesIO(content), format=format).askAnswer is value


def test_notices_and_the_cut_stand_in_the_json() -> None:
    answer = Answer("table", table_of({"x": []}), notices=(Notice("alias", "a → b"),), truncated=True)
    told = json.loads(serialise(answer, "json"))["earthweave"]
    assert (told["notices"], told["truncated"]) == ([{"code": "alias", "text": "a → b"}], True)


def test_a_table_without_columns_keeps_its_rows() -> None:
    empty = pa.table({"x": pa.array([None, None], TERM)}).drop_columns(["x"])
    assert json.loads(serialise(Answer("table", empty), "json"))["results"]["bindings"] == [{}] * empty.num_rows


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own JSON-LD reader uses it
@pytest.mark.parametrize(("format", "name"), [("turtle", "turtle"), ("ntriples", "nt"), ("rdfxml", "xml"), ("jsonld", "json-ld")])
def test_graphs_come_back(format: str, name: str) -> None:
    triples = b'<http://e/a> <http://e/b> "x\\n\\u00e9"@en .\n<http://e/a> <http://www.opengis.net/ont/geosparql#hasGeometry> _:g .\n'
    found = rdflib.Graph().parse(data=serialise(Answer("graph", graph=triples), format), format=name)
    assert rdflib.compare.isomorphic(found, rdflib.Graph().parse(data=triples, format="nt"))


@pytest.mark.parametrize(("kind", "format"), [("table", "turtle"), ("graph", "csv"), ("boolean", "geojson")])
def test_a_format_that_cannot_hold_the_answer_is_refused(kind: Any, format: str) -> None:
    with pytest.raises(NotAcceptableError):
        serialise(Answer(kind, table_of({}), boolean=True, graph=b""), format)
