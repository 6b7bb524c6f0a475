"""What a mapping document may say, and how a wrong one is refused before any row is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.mapping import Constant, Kind, LogicalSource, Options, Plan, Reference, Template, TermMap, map_source, read_rules
from earthweave.mapping.documents import MAX_BYTES, escape_template, parse_template
from earthweave.mapping.plan import Condition, FileAccess, Join
from earthweave.ontology import MappingError, NotFoundError, ParameterError, SizeLimitError, UnsupportedError

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
    ("body", "line", "message"),
    [
        ("rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap [ rr:parentTriplesMap <#Two> ] ] .", 11, "no triples map <#Two>"),
        ("rr:predicateObjectMap [ rr:predicate ex:p ;\n rr:objectMap [ rrx:function rrxf:asGML ; rrx:argumentMap () ] ] .", 12, "asGML"),
        ('rml:logicalSource [ rml:iterator "$.x" ; rml:referenceFormulation rml:JSONPath ] .', 9, "exactly one logicalSource"),
        ('rr:predicateObjectMap [ rr:predicate ex:p ;\n\n rr:objectMap [ rr:tempate "{id}" ] ] .', 13, "unknown property 'tempate'"),
        ("rr:predicateObjectMap\n <#Two> .\n<#Two> rr:predicate ex:p ; rr:objectMap [ rr:column 7 , 8 ] .", 13, "one reference, has 2"),
        ("rr:predicateObjectMap _:b .\n\n_:b rr:predicate ex:p .", 11, "needs a predicate and an object"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_the_triples_map_and_its_own_line(body: str, line: int, message: str) -> None:
    with pytest.raises((UnsupportedError, MappingError)) as caught:
        read_rules(one(body))
    assert caught.value.what == f"mapping, line {line}, triples map <#One>"
    assert message in caught.value.why


@pytest.mark.parametrize(
    ("term", "way_out"),
    [
        ('rr:colum "name"', "known here: "),
        ('rr:templat "{name}"', "did you mean 'template'?"),
        ('rr:column "name" ; rr:termType rr:Literl', "did you mean 'Literal'?"),
        ('rrx:function rrxf:asWkt ; rrx:argumentMap ( [ rr:column "g" ] )', "did you mean <http://www.w3.org/ns/r2rml-ext/functions/def/asWKT>?"),
        ("rr:parentTriplesMap <#on>", "did you mean '<#One>'?"),
    ],
)
def test_a_slip_of_the_pen_is_understood(term: str, way_out: str) -> None:
    with pytest.raises((UnsupportedError, MappingError)) as caught:
        read_rules(value(term))
    assert way_out in caught.value.way_out


def test_a_query_a_nested_source_and_several_files_are_said_by_the_plan() -> None:
    query = read_rules(R2RML.replace('rr:tableName "t"', 'rr:sqlQuery "SELECT 1" ; rr:sqlVersion rr:SQL2008')).triples_maps[0].source
    assert query == LogicalSource(query="SELECT 1")
    nested = LEGACY.replace("ql:CSV", 'ql:JSONPath ; old:iterator "$.a[*]"').replace("{id}", "{$.id}").replace('"name"', "'\"name\"'")
    only = read_rules(nested).triples_maps[0]
    assert only.source == LogicalSource(formulation="JSONPath", iterator="$.a[*]", access=FileAccess("t.csv"), texts=True)
    assert TermMap(Reference('"name"'), Kind.LITERAL, language="en") in only.statements[0].objects
    several = read_rules(LEGACY + LEGACY.replace(PREFIXES, "").replace("<#One>", "<#Two>").replace("t.csv", "u.csv"))
    assert [one.source.access for one in several.triples_maps] == [FileAccess("t.csv"), FileAccess("u.csv")]  # type: ignore[union-attr]


def test_names_of_tables_stay_as_written_and_delimited_columns_are_marked() -> None:
    only = read_rules(R2RML.replace('"t"', "'\"my schema\".t'").replace('"name"', "'\"na\"\"me\"'")).triples_maps[0]
    assert only.source == LogicalSource('"my schema".t')
    assert {term.expression for term in only.statements[0].objects} == {Reference('na"me', delimited=True)}  # type: ignore[union-attr]
    assert only.subject.expression == Template(("http://example.org/", Reference("id")))


def test_constants_keep_their_lexical_forms() -> None:
    xsd = "http://www.w3.org/2001/XMLSchema#"
    listed = f'007 , 1.50 , "x"@en-GB , "y" , "1"^^<{xsd}boolean>'
    terms = read_rules(one(f"rr:predicateObjectMap [ rr:predicate ex:p ; rr:object {listed} ] .")).triples_maps[0].statements[0].objects
    assert {term.expression for term in terms} == {  # type: ignore[union-attr]
        Constant("007", xsd + "integer"), Constant("1.50", xsd + "decimal"), Constant("x", language="en-gb"), Constant("y"),
        Constant("1", xsd + "boolean"),
    }  # fmt: skip


JOINED = R2RML + """
<#Two> rr:logicalTable [ rr:tableName "u" ] ;
    rr:subjectMap [ rr:template "http://example.org/u/{id}" ] ;
    rr:predicateObjectMap [ rr:predicate ex:q ; rr:objectMap [ rr:parentTriplesMap <#One> ;
        rr:joinCondition [ CONDITION ] ] ] .
"""
PAIR = '( [ rr:column "a" ; rr:triplesMap <#%s> ] [ rr:column "b" ; rr:triplesMap <#%s> ] )'
CONTAINS = "http://www.w3.org/ns/r2rml-ext/functions/def/contains"


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ('rr:child "a" ; rr:parent "b"', Condition(Reference("a"), Reference("b"))),
        (
            'rml:childMap [ rml:template "x{a}" ] ; rml:parentMap [ rml:constant "7" ]',
            Condition(Template(("x", Reference("a"))), Constant("7")),
        ),
        (f"rrx:function rrxf:contains ; rrx:argumentMap {PAIR % ('Two', 'One')}", Condition(Reference("a"), Reference("b"), CONTAINS)),
        (
            f"rrx:function rrxf:contains ; rrx:argumentMap {PAIR % ('One', 'Two')}",
            Condition(Reference("b"), Reference("a"), CONTAINS.replace("contains", "within")),
        ),
        (
            'rrx:function rrxf:contains ; rrx:argumentMap ( [ rr:column "a" ] [ rr:column "b" ; rr:triplesMap <#One> ] )',
            Condition(Reference("a"), Reference("b"), CONTAINS),
        ),
    ],
)
def test_join_conditions(condition: str, expected: Condition) -> None:
    two = read_rules(JOINED.replace("CONDITION", condition)).named("<#Two>")
    assert two.statements[0].objects == (Join("<#One>", (expected,)),)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ('rr:child "a"', "exactly one of parent, parentMap"),
        ("", "exactly one of child, childMap"),
        (f"rrx:function rrxf:contains ; rrx:argumentMap {PAIR % ('One', 'One')}", "the other of its parent"),
        (f"rrx:function rrxf:contains ; rrx:argumentMap {PAIR % ('Two', 'Two')}", "the other of its parent"),
        (f"rrx:function rrxf:greaterThan ; rrx:argumentMap {PAIR % ('One', 'Two')}", "parent's value first"),
        (f"rrx:function rrxf:distance ; rrx:argumentMap {PAIR % ('Two', 'One')}", "whether two values belong together"),
        ('rrx:function rrxf:contains ; rrx:argumentMap ( [ rr:column "a" ] )', "takes 2 arguments, not 1"),
    ],
)
def test_wrong_join_conditions(condition: str, why: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_rules(JOINED.replace("CONDITION", condition))
    assert why in caught.value.why


def test_a_join_without_condition_needs_the_same_rows() -> None:
    same = JOINED.replace("rr:joinCondition [ CONDITION ]", "").replace('"u"', '"t"')
    assert read_rules(same).named("<#Two>").statements[0].objects == (Join("<#One>"),)
    with pytest.raises(MappingError, match="line 16, triples map <#Two>") as caught:
        read_rules(same.replace('<#Two> rr:logicalTable [ rr:tableName "t" ]', '<#Two> rr:logicalTable [ rr:tableName "u" ]'))
    assert "reads other rows" in caught.value.why


def test_triples_maps_may_be_blank_nodes() -> None:
    body = 'rr:logicalTable [ rr:tableName "t" ] ; rr:subjectMap [ rr:template "{id}" ]'
    plan = read_rules(PREFIXES + f"[] {body} .\n[ {body} ] .\n_:x {body} .")
    assert [(found.name, found.line) for found in plan.triples_maps] == [
        ("[line 8, column 1]", 8), ("[line 9, column 1]", 9), ("[line 10, column 1]", 10),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("prologue", "name"),
    [
        ("@prefix m: <http://example.org/m#> .", "m:One"), ("PREFIX m: <m#>", "m:One"),
        ("@base <http://other.org/> .\n@prefix : <#> .", ":One"),
        ("BASE <http://other.org/a/b>", "<../One>"), ("@prefix : <> .", ":One"), ("@prefix m: <http://example.org/> .", "m:a\\#One"),
    ],
)  # fmt: skip
def test_names_are_found_in_every_way_to_write_them(prologue: str, name: str) -> None:
    text = f'{PREFIXES}{prologue}\n{name}\n rr:logicalTable [ rr:tableName "t" ] ; rr:subjectMap [ rr:template "{{id}}" ] .'
    assert read_rules(text).triples_maps[0].line == PREFIXES.count("\n") + prologue.count("\n") + 2


def test_the_folder_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "rules.ttl").write_text("\ufeff" + R2RML, "utf-8")
    plan = read_rules(tmp_path / "rules.ttl")
    assert (plan.folder, plan.origin) == (str(tmp_path.resolve()), "rules.ttl")
    assert read_rules(R2RML).folder == ""


def nested(shapes: list[str], separator: str = ",") -> str:
    """Objects inside one another; members of lists stand without commas."""
    if not shapes:
        return "ex:last"
    first, rest = shapes[0], shapes[1:]
    if first == "[":
        return f"[ ex:p {nested(rest)} ]"
    return f"( {nested(rest, '')} )" if first == "(" else f"{first} {separator} {nested(rest, separator)}"


@given(st.lists(st.sampled_from(["[", "(", '"[ ( # <a>"', "\'\'\'a ] \n\'\'\'", "<#x>", "_:a # [ (\n", "1.5", "[]", "()"]), max_size=6))
def test_lines_are_right_whatever_stands_before(shapes: list[str]) -> None:
    text = nested(shapes)
    before = PREFIXES + f"ex:a ex:p {text} .\n[ ex:p {text} ] ex:q ex:r .\n"
    broken = before + '<#One> rr:logicalTable [ rr:tableName "t" ] ;\n rr:subjectMap\n [ rr:tem "a" ] .'
    with pytest.raises(MappingError) as caught:
        read_rules(broken)
    assert caught.value.what == f"mapping, line {before.count(chr(10)) + 3}, triples map <#One>"


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


@pytest.mark.parametrize("wrong", [{"validity": "maybe"}, {"on_error": "maybe"}, {"compat": "strabon"}, {"batch_rows": 0}])
def test_options_are_checked(wrong: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        Options(**wrong)


@pytest.mark.parametrize(
    "body",
    [
        "rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap <#F> ] .\n<#F> rrx:transformation <#F> .",
        "rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap <#F> ] .\n<#F> rrx:function rrxf:asWKT ; rrx:argumentMap ( <#F> ) .",
        "rr:predicateObjectMap [ rr:predicate ex:p ; rr:objectMap " + 90 * "[ rrx:transformation " + '[ rr:column "a" ]' + 91 * " ]" + " .",
    ],
)
def test_descriptions_inside_themselves_or_without_end_are_refused(body: str) -> None:
    with pytest.raises(MappingError, match="inside one another") as caught:
        read_rules(one(body))
    assert "triples map <#One>" in caught.value.what


@pytest.mark.parametrize("base", ["nobase", "e.org/d", "http://e.org/a b", "<http://e.org/>"])
def test_a_base_that_is_no_iri_is_told_as_such(base: str) -> None:
    with pytest.raises(ParameterError, match="base .* is no absolute IRI") as caught:
        read_rules("@prefix rr: <http://www.w3.org/ns/r2rml#> .\n", base=base)
    assert "http://example.org/" in caught.value.way_out
