"""What a mapping document may say, and how a wrong one is refused before any row is read."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.mapping import Constant, Kind, Options, Plan, Reference, Template, map_source, read_rules
from earthweave.mapping.documents import MAX_BYTES, escape_template, parse_template
from earthweave.ontology import MappingError, NotFoundError, SizeLimitError, UnsupportedError

PREFIXES = """@prefix rr: <http://www.w3.org/ns/r2rml#> .
@prefix rml: <http://w3id.org/rml/> .
@prefix old: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix rrx: <http://www.w3.org/ns/r2rml-ext#> .
@prefix rrxf: <http://www.w3.org/ns/r2rml-ext/functions/def/> .
@prefix ex: <http://example.org/> .
"""
R2RML = PREFIXES + """
<#One>
    rr:logicalTable [ rr:tableName "t" ] ;
    rr:subjectMap [ rr:template "http://example.org/{id}" ; rr:class ex:Thing ; rr:graph ex:g ] ;
    rr:predicateObjectMap [ rr:predicate ex:p , ex:q ; rr:objectMap [ rr:column "name" ; rr:language "en" ] , [ rr:column "name" ] ] .
"""
RML = PREFIXES + """
<#One>
    rml:logicalSource [ rml:source [ rml:path "t.csv" ] ; rml:referenceFormulation rml:CSV ] ;
    rml:subjectMap [ rml:template "http://example.org/{id}" ; rml:class ex:Thing ; rml:graphMap [ rml:constant ex:g ] ] ;
    rml:predicateObjectMap [ rml:predicateMap [ rml:constant ex:p ] ; rml:predicate ex:q ;
        rml:objectMap [ rml:reference "name" ; rml:language "en" ] , [ rml:reference "name" ] ] .
"""
LEGACY = PREFIXES + """
<#One>
    old:logicalSource [ old:source "t.csv" ; old:referenceFormulation ql:CSV ] ;
    rr:subjectMap [ rr:template "http://example.org/{id}" ; rr:class ex:Thing ; rr:graph ex:g ] ;
    rr:predicateObjectMap [ rr:predicate ex:p , ex:q ;
        rr:objectMap [ old:reference "name" ; rr:language "en" ] , [ old:reference "name" ] ] .
"""
TABLE = pa.table({"id": [1, 2], "name": ["a", None]})


def one(body: str) -> str:
    start = '\n<#One> rr:logicalTable [ rr:tableName "t" ] ;\n    rr:subjectMap [ rr:template "http://example.org/{id}" ] ;\n    '
    return PREFIXES + start + body


def value(term: str) -> str:
    return one(f"rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ {term} ] ] .")


def output(text: str, **options: str) -> bytes:
    return b"".join(sorted(b"".join(map_source(read_rules(text), TABLE, variables=options)).splitlines(keepends=True)))


def test_r2rml_rml_and_legacy_rml_say_the_same() -> None:
    assert output(R2RML) == output(RML) == output(LEGACY)
    assert output(R2RML).count(b"\n") == 2 + 4
    assert b'<http://example.org/1> <http://example.org/q> "a"@en <http://example.org/g> .\n' in output(R2RML)


def test_a_plan_is_plain_data() -> None:
    plan = read_rules(R2RML)
    assert isinstance(plan, Plan)
    only = plan.triples_maps[0]
    assert (only.name, only.line, only.classes) == ("<#One>", 9, ("http://example.org/Thing",))
    assert only.subject.expression == Template(("http://example.org/", Reference("id")))
    assert (only.subject.kind, only.graphs[0].expression) == (Kind.IRI, Constant("http://example.org/g"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (value('rr:colum "name"'), "unknown property 'colum'"),
        (one("rr:predicateObjectMap [ rr:predicate ex:p ] ."), "needs a predicate and an object"),
        (one('rr:predicateObjectMap [ rr:predicate "p" ; rr:object 1 ] .'), "where an IRI must be"),
        (value('rr:column "name" ; rr:language "english please"'), "not a language tag"),
        (value('rr:template "{name"'), "unbalanced"),
        (value('rr:column "name" , "id"'), "exactly one reference, has 2"),
        (value('rr:column "name" ; rr:template "{id}"'), "exactly one of"),
        (value('rr:column "name" ; rr:datatype ex:d ; rr:termType rr:IRI'), "only literals"),
        (value('rrx:function rrxf:asWKT'), "takes 1 arguments, not 0"),
        (R2RML.replace("rr:class ex:Thing", "rr:termType rr:Literal"), "cannot be a literal"),
        (PREFIXES + "<#One> rr:subject ex:a ; rr:predicateObjectMap [ rr:predicate ex:p ; rr:object 1 ] .", "both a logical table"),
        (PREFIXES, "no triples map"),
    ],
)  # fmt: skip
def test_wrong_documents_are_refused_with_a_reason(text: str, message: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_rules(text)
    assert message in caught.value.why


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ rr:parentTriplesMap <#Two> ] ] .", "joins"),
        ("rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ rrx:function rrxf:asGML ; rrx:argumentMap () ] ] .", "asGML"),
        ("rml:logicalSource [ rml:iterator \"$.x\" ; rml:referenceFormulation rml:JSONPath ] .", "logicalSource"),
    ],
)
def test_what_is_not_offered_names_the_triples_map(body: str, message: str) -> None:
    with pytest.raises((UnsupportedError, MappingError)) as caught:
        read_rules(one(body))
    assert "<#One>" in caught.value.what
    assert "line 9" in caught.value.what
    assert message in caught.value.why


def test_nested_sources_and_queries_are_not_offered() -> None:
    nested = LEGACY.replace("ql:CSV", "ql:JSONPath")
    query = R2RML.replace('rr:tableName "t"', 'rr:sqlQuery "SELECT 1"')
    for text, message in ((nested, "JSONPath"), (query, "SQL queries")):
        with pytest.raises(UnsupportedError) as caught:
            read_rules(text)
        assert message in caught.value.why


def test_several_source_files_are_not_offered() -> None:
    other = LEGACY + LEGACY.replace(PREFIXES, "").replace("<#One>", "<#Two>").replace("t.csv", "u.csv")
    with pytest.raises(UnsupportedError, match="several source files") as caught:
        read_rules(other)
    assert "t.csv, u.csv" in caught.value.why


def test_bad_turtle_says_the_line() -> None:
    with pytest.raises(MappingError, match="line 9") as caught:
        read_rules(PREFIXES + "\n<#One> rr:subjectMap [ ;; .")
    assert caught.value.why


def test_a_huge_document_and_an_absent_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SizeLimitError):
        read_rules("#\n" * MAX_BYTES)
    (tmp_path / "big.ttl").write_text("#\n" * MAX_BYTES)
    with pytest.raises(SizeLimitError):
        read_rules(tmp_path / "big.ttl")
    with pytest.raises(NotFoundError):
        read_rules(tmp_path / "absent.ttl")


def test_a_missing_column_fails_before_the_first_row_and_suggests_one() -> None:
    with pytest.raises(MappingError, match=r"line 9, triples map <#One>: no column 'nme'") as caught:
        map_source(read_rules(R2RML.replace('"name"', '"nme"')), TABLE)
    assert caught.value.way_out == "did you mean 'name'?"


def test_a_column_may_differ_in_case_and_be_quoted() -> None:
    assert output(R2RML.replace('"name"', '"NAME"')) == output(R2RML.replace('"name"', '"\\"name\\""')) == output(R2RML)


VARIABLES = value('rr:column "$start" ; rr:datatype ex:d ] , [ rr:template "{$where}/{id}"')


def test_variables_are_handed_in_as_they_are() -> None:
    found = output(VARIABLES, start='say "now"', where="http://example.org/a/b#")
    assert rb'<http://example.org/1> <http://example.org/p> "say \"now\""^^<http://example.org/d> .' in found
    assert b"<http://example.org/a/b#/1>" in found


@pytest.mark.parametrize(
    ("given", "message"),
    [({"start": "x"}, "$where"), ({"start": "x", "where": "http://e.org", "more": "1"}, "no variable $more")],
)
def test_missing_and_unknown_variables_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(MappingError) as caught:
        map_source(read_rules(VARIABLES), TABLE, variables=given)
    assert message in caught.value.what


@pytest.mark.parametrize("where", ["http://e.org/a b", "http://e.org/<x>", "http://e.org/\n"])
def test_a_variable_that_no_iri_may_hold_is_refused_before_the_first_row(where: str) -> None:
    with pytest.raises(MappingError, match="<#One>"):
        map_source(read_rules(VARIABLES), TABLE, variables={"start": "x", "where": where})


def test_an_ill_typed_variable_is_refused_before_the_first_row() -> None:
    text = value('rr:column "$start" ; rr:datatype <http://www.w3.org/2001/XMLSchema#dateTime>')
    with pytest.raises(MappingError) as caught:
        map_source(read_rules(text), TABLE, variables={"start": "yesterday"})
    assert "'yesterday' is no dateTime" in caught.value.why


def test_relative_iris_get_the_base_in_both_slash_forms() -> None:
    text = PREFIXES + '<#One> rr:logicalTable [ rr:tableName "t" ] ; rr:subjectMap [ rr:template "{id}" ] ;' \
        ' rr:predicateObjectMap [ rr:predicate <ontology#p> ; rr:objectMap [ rr:column "name" ; rr:termType rr:IRI ] ] .\n'
    for base in ("http://ai.di.uoa.gr/flood", "http://ai.di.uoa.gr/flood/"):
        run = map_source(read_rules(text, base=base), TABLE)
        assert b"".join(run) == b"<http://ai.di.uoa.gr/flood/1> <http://ai.di.uoa.gr/flood/ontology#p> <http://ai.di.uoa.gr/flood/a> .\n"


@given(st.lists(st.one_of(st.text(min_size=1), st.builds(Reference, st.text(min_size=1).filter(lambda name: '"' not in name)))))
def test_templates_read_what_was_written(parts: list[str | Reference]) -> None:
    text = "".join(escape_template(part) if isinstance(part, str) else "{" + escape_template(part.name) + "}" for part in parts)
    joined: list[str | Reference] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    assert list(parse_template(text)) == joined


def test_options_are_checked() -> None:
    from earthweave.ontology import ParameterError

    for wrong in ({"validity": "maybe"}, {"on_error": "null"}, {"compat": "strabon"}, {"batch_rows": 0}):
        with pytest.raises(ParameterError):
            Options(**wrong)  # type: ignore[arg-type]
