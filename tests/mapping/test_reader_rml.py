"""Mapping documents in RML: sources and targets, term types, functions by name, logical views, collections."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.mapping.documents import read_rules
from earthweave.mapping.plan import (
    Access,
    Call,
    Condition,
    Constant,
    DatabaseAccess,
    Dialect,
    Expression,
    Field,
    FileAccess,
    Fresh,
    Gather,
    Join,
    Kind,
    LogicalSource,
    OtherAccess,
    Reference,
    Root,
    Target,
    Template,
    TermMap,
    TriplesMap,
    View,
    ViewJoin,
)
from earthweave.ontology import MappingError, UnsupportedError

PREFIXES = """@prefix rml: <http://w3id.org/rml/> .
@prefix old: <http://semweb.mmlab.be/ns/rml#> .
@prefix ql: <http://semweb.mmlab.be/ns/ql#> .
@prefix ewm: <https://w3id.org/earthweave/mapping#> .
@prefix d2rq: <http://www.wiwiss.fu-berlin.de/suhl/bizer/D2RQ/0.1#> .
@prefix csvw: <http://www.w3.org/ns/csvw#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
@prefix td: <https://www.w3.org/2019/wot/td#> .
@prefix hctl: <https://www.w3.org/2019/wot/hypermedia#> .
@prefix formats: <http://www.w3.org/ns/formats/> .
@prefix grel: <http://users.ugent.be/~bjdmeest/function/grel.ttl#> .
@prefix idlab: <https://w3id.org/imec/idlab/function#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix ex: <http://example.org/> .
"""
GREL = "http://users.ugent.be/~bjdmeest/function/grel.ttl#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def only(source: str, rest: str = "rml:subjectMap [ rml:template \"{id}\" ]", more: str = "") -> TriplesMap:
    """The one triples map of a document whose logical source says this."""
    return read_rules(f"{PREFIXES}<#One> rml:logicalSource [ {source} ] ; {rest} .\n{more}", base="http://example.org/").triples_maps[0]


def term(text: str, source: str = 'rml:source "t.csv" ; rml:referenceFormulation rml:CSV', more: str = "") -> TermMap | Join:
    """The object that an object map says."""
    body = f'rml:subjectMap [ rml:template "{{id}}" ] ; rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ {text} ] ]'
    return only(source, body, more).statements[0].objects[0]


def refused(text: str) -> str:
    """Why an object map is refused."""
    with pytest.raises((MappingError, UnsupportedError)) as caught:
        term(text)
    assert "triples map <#One>" in caught.value.what
    return caught.value.why


# -- sources


@pytest.mark.parametrize(
    ("description", "access"),
    [
        ('"a.csv"', FileAccess("a.csv")),
        ("<file:///data/a.csv>", FileAccess("file:///data/a.csv")),
        ('[ a rml:RelativePathSource ; rml:path "a.csv" ]', FileAccess("a.csv")),
        ('[ a rml:FilePath ; rml:root rml:CurrentWorkingDirectory ; rml:path "a" ]', FileAccess("a", Root.WORKING)),
        ('[ a rml:FilePath ; rml:root "/data" ; rml:path "a" ]', FileAccess("a", Root.GIVEN, "/data")),
        (
            '[ a rml:FilePath ; rml:path "a.gz" ; rml:encoding rml:UTF-16 ; rml:compression rml:gzip ; rml:null "" , "NULL" ]',
            FileAccess("a.gz", encoding="utf-16", compression="gzip", nulls=("", "NULL")),
        ),
        ('[ a rml:FilePath ; rml:path "a" ; rml:encoding rml:UTF-8 ; rml:compression rml:none ]', FileAccess("a")),
        ('[ a dcat:Distribution ; dcat:downloadURL <http://e.org/a.json> ]', FileAccess("http://e.org/a.json")),
        ('[ a csvw:Table ; csvw:url "a.csv" ; csvw:null "-" ]', FileAccess("a.csv", nulls=("-",))),
        (
            '[ a csvw:Table ; csvw:url "a.csv" ; csvw:dialect [ csvw:delimiter ";" ; csvw:quoteChar "\'" ; csvw:commentPrefix "#" ; '
            'csvw:header false ; csvw:skipRows 2 ; csvw:trim true ; csvw:encoding "latin-1" ] ]',
            FileAccess("a.csv", encoding="iso8859-1", dialect=Dialect(";", "'", "#", False, 2, True)),
        ),
        (
            '[ a d2rq:Database ; d2rq:jdbcDSN "jdbc:postgresql://h/d" ; d2rq:username "u" ; d2rq:password "p" ; d2rq:jdbcDriver "x" ]',
            DatabaseAccess("jdbc:postgresql://h/d", "u", "p"),
        ),
        ("[ a sd:Service ; sd:endpoint <http://e.org/sparql> ]", OtherAccess("Service at http://e.org/sparql")),
        ('[ a td:Thing ; td:hasPropertyAffordance [ td:hasForm [ hctl:hasTarget "kafka://h/t" ] ] ]', OtherAccess("Thing")),
        (
            '[ a td:Thing ; td:hasPropertyAffordance [ td:hasForm [ hctl:hasTarget "http://e.org/a.json" ] ] ]',
            FileAccess("http://e.org/a.json"),
        ),
    ],
)  # fmt: skip
def test_sources(description: str, access: Access) -> None:
    assert only(f"rml:source {description} ; rml:referenceFormulation rml:CSV").source == LogicalSource(formulation="CSV", access=access)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('rml:referenceFormulation rml:SQL2008Table ; rml:iterator "t"', LogicalSource("t", formulation="SQL2008Table")),
        ('rml:referenceFormulation rml:SQL2008Query ; rml:iterator "ASK"', LogicalSource(query="ASK", formulation="SQL2008Query")),
        ('old:query "SELECT 1" ; rml:tableName "t"', LogicalSource(query="SELECT 1")),
        ('rml:referenceFormulation ql:XPath ; rml:iterator "/a"', LogicalSource(formulation="XPath", iterator="/a")),
        ('rml:referenceFormulation ql:JSONPath ; rml:iterator "$"', LogicalSource(formulation="JSONPath", iterator="$", texts=True)),
        ('rml:referenceFormulation rml:JSONPath ; rml:iterator "$"', LogicalSource(formulation="JSONPath", iterator="$")),
        (
            'rml:iterator "//e:a" ; rml:referenceFormulation [ a rml:XPathReferenceFormulation ; '
            'rml:namespace [ rml:namespacePrefix "e" ; rml:namespaceURL "http://e.org" ] ]',
            LogicalSource(formulation="XPath", iterator="//e:a", namespaces=(("e", "http://e.org"),)),
        ),
        (
            'rml:tableName "t" ; rml:referenceFormulation ewm:RasterRegions ; ewm:minPixels 4 ; ewm:values 2 , 1 ; ewm:required "id"',
            LogicalSource("t", ("id",), formulation="RasterRegions", parameters=(("minPixels", "4"), ("values", "1"), ("values", "2"))),
        ),
    ],
)  # fmt: skip
def test_formulations(source: str, expected: LogicalSource) -> None:
    assert only(source).source == expected


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("rml:referenceFormulation rml:CSV", "a logical source rml:source"),
        ('rml:source "a" ; rml:referenceFormulation ql:JSONPaht', "unknown reference formulation"),
        ('rml:source [ rml:path "a" ; rml:root rml:MappingDir ]', "unknown rml:root"),
        ('rml:source [ rml:path "a" ; rml:compression rml:gzp ]', "unknown compression"),
        ('rml:source [ rml:path "a" ; rml:encoding rml:UTF-9 ]', "unknown encoding"),
        ('rml:source [ rml:path "a" ; rml:roots "x" ]', "unknown property 'roots'"),
        ("rml:source [ rml:root rml:MappingDirectory ]", "exactly one path"),
        ("rml:source <#absent>", "is not described"),
        ('rml:source "a" ; rml:referenceFormulation [ rml:namespace [ rml:namespacePrefix "e" ; rml:namespaceURL "u" ] ]', "one class"),
        ('rml:source "a" ; ewm:minPixel 4', "unknown property 'minPixel'"),
        ('rml:query "" ', "an empty table name or query"),
    ],
)
def test_wrong_sources(source: str, why: str) -> None:
    with pytest.raises(MappingError, match="line 17, triples map <#One>") as caught:
        only(source)
    assert why in caught.value.why


# -- term maps


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('rml:reference "a" ; rml:termType rml:UnsafeIRI', TermMap(Reference("a"), Kind.UNSAFE_IRI)),
        ('rml:template "{a}" ; rml:termType rml:URI', TermMap(Template((Reference("a"),)), Kind.URI)),
        ('rml:template "{a}" ; rml:termType rml:UnsafeURI', TermMap(Template((Reference("a"),)), Kind.UNSAFE_URI)),
        ("rml:termType rml:BlankNode", TermMap(Fresh("1"), Kind.BLANK)),
        ('rml:reference "a" ; rml:languageMap [ rml:constant "pt-BR" ]', TermMap(Reference("a"), Kind.LITERAL, language="pt-BR")),
        ('rml:reference "a" ; rml:languageMap [ rml:reference "b" ]', TermMap(Reference("a"), Kind.LITERAL, language_map=Reference("b"))),
        (
            'rml:template "{a}" ; rml:datatypeMap [ rml:template "http://e.org/{b}" ]',
            TermMap(Template((Reference("a"),)), Kind.LITERAL, datatype_map=Template(("http://e.org/", Reference("b")))),
        ),
        ('rml:constant "a" ; rml:language "en"', TermMap(Constant("a"), Kind.LITERAL, language="en")),
        ("rml:constant ex:a ; rml:termType rml:IRI", TermMap(Constant("http://example.org/a"), Kind.IRI)),
    ],
)
def test_terms(text: str, expected: TermMap) -> None:
    assert term(text) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('rml:reference "a" ; rml:language "en" ; rml:languageMap [ rml:constant "en" ]', "exclude each other"),
        ('rml:reference "a" ; rml:language "en" ; rml:datatypeMap [ rml:reference "b" ]', "a datatype or a language, not both"),
        ('rml:reference "a" ; rml:languageMap [ rml:constant "english" ]', "not a language tag"),
        ('rml:reference "a" ; rml:datatypeMap [ rml:constant "integer" ]', "must be an IRI"),
        ('rml:constant "a" ; rml:termType rml:IRI', "not of term type IRI"),
        ("rml:constant ex:a ; rml:termType rml:BlankNode", "not of term type BlankNode"),
        ('rml:constant "a" , "b"', "exactly one constant"),
        ('rml:template "a\\\\b{a}"', "backslash"),
        ("rml:reference ex:a", "must be a text"),
        ("rml:template \"{a}\" ; rml:class ex:C", "unknown property 'class' here"),
        ("rml:joinCondition [ rml:child \"a\" ; rml:parent \"b\" ]", "needs rr:parentTriplesMap"),
        ('rml:parentTriplesMap <#One> ; rml:termType rml:IRI', "has no termType"),
    ],
)
def test_wrong_terms(text: str, why: str) -> None:
    assert why in refused(text)


def test_subjects_graphs_and_bases() -> None:
    body = """rml:baseIRI <http://base.org/x/> ; rml:subjectMap [ rml:termType rml:BlankNode ; rml:class ex:B , ex:A ;
        rml:graph ex:g , rml:defaultGraph ; rml:graphMap [ rml:template "{g}" ; rml:termType rml:BlankNode ] ]"""
    found = only('rml:source "t.csv"', body)
    assert (found.subject, found.base) == (TermMap(Fresh("1"), Kind.BLANK), "http://base.org/x/")
    assert found.classes == ("http://example.org/A", "http://example.org/B")
    assert found.graphs == (
        TermMap(Constant("http://example.org/g"), Kind.IRI), TermMap(Constant(""), Kind.IRI),
        TermMap(Template((Reference("g"),)), Kind.BLANK),
    )  # fmt: skip
    assert only('rml:source "t.csv"', "rml:subject ex:s").subject == TermMap(Constant("http://example.org/s"), Kind.IRI)


def test_targets_of_terms_and_of_their_languages_and_datatypes() -> None:
    targets = """<#T1> a rml:LogicalTarget ; rml:serialization formats:Turtle ; rml:compression rml:gzip ; rml:encoding rml:UTF-16 ;
            rml:target [ a rml:FilePath ; rml:root rml:MappingDirectory ; rml:path "a.ttl.gz" ] .
        <#T2> rml:target [ a sd:Service ; sd:endpoint <http://e.org/update> ] .
        <#T3> rml:target [ rml:path "a.nq" ] ."""
    body = """rml:subjectMap [ rml:template "{a}" ; rml:logicalTarget <#T2> , <#T1> ] ; rml:predicateObjectMap [ rml:predicate ex:p ;
        rml:objectMap [ rml:reference "b" ; rml:languageMap [ rml:reference "c" ; rml:logicalTarget <#T3> ] ] ]"""
    plan = read_rules(f"{PREFIXES}<#One> rml:logicalSource [ rml:source \"t\" ] ; {body} .\n{targets}", base="http://example.org/")
    assert plan.targets == (
        Target("<#T1>", "a.ttl.gz", Root.MAPPING, "", "Turtle", "gzip", "utf-16"), Target("<#T2>", "http://e.org/update", mode="Service"),
        Target("<#T3>", "a.nq"),
    )  # fmt: skip
    only_map = plan.triples_maps[0]
    assert only_map.subject.targets == ("<#T1>", "<#T2>")
    assert [value.targets for value in only_map.terms()][-1] == ("<#T3>",)
    document = f"{PREFIXES}<#One> rml:logicalSource [ rml:source \"t\" ] ; {body} .\n"
    with pytest.raises(MappingError, match="no logical target <#T1>") as caught:
        read_rules(document)
    assert "line 17, triples map <#One>" in caught.value.what
    with pytest.raises(MappingError, match="line 22\\nneeds exactly one target") as caught:
        read_rules(document + targets.replace("rml:target [ rml:path", "rml:mode [ rml:path"))


# -- functions by name


def execution(function: str, inputs: str, output: str = "grel:stringOut") -> str:
    """An object map with a function execution."""
    return f"rml:functionExecution [ rml:function {function} ; rml:input {inputs} ] ; rml:return {output}"


NAME = '[ rml:parameter grel:valueParam ; rml:inputValueMap [ rml:reference "a" ] ]'


def test_inputs_are_sorted_into_the_order_of_the_parameters() -> None:
    inputs = f'[ rml:parameter grel:param_replace ; rml:inputValue "-" ] , [ rml:parameter grel:param_find ; rml:inputValue " " ] , {NAME}'
    expected = Call(GREL + "string_replace", (Reference("a"), Constant(" "), Constant("-")), GREL + "stringOut")
    assert term(execution("grel:string_replace", inputs)) == TermMap(expected, Kind.LITERAL)
    nested = f"[ rml:parameterMap [ rml:constant grel:valueParam ] ; rml:inputValueMap [ {execution('grel:string_replace', inputs)} ] ]"
    outer = execution("grel:toUpperCase", nested)
    outer = outer.replace("rml:function grel:toUpperCase", "rml:functionMap [ rml:constant grel:toUpperCase ]")
    assert term(outer) == TermMap(Call(GREL + "toUpperCase", (expected,), GREL + "stringOut"), Kind.LITERAL)


def test_an_optional_input_left_out_is_an_empty_constant() -> None:
    found = term(execution("grel:string_substring", f'{NAME} , [ rml:parameter grel:p_int_i_from ; rml:inputValue "5" ]'))
    assert isinstance(found, TermMap)
    assert isinstance(found.expression, Call)
    assert found.expression.arguments == (Reference("a"), Constant("5"), Constant(""))


def test_a_condition_is_a_call_around_the_term() -> None:
    found = term(f'rml:reference "b" ; rml:condition [ {execution("grel:toUpperCase", NAME)} ]')
    upper = Call(GREL + "toUpperCase", (Reference("a"),), GREL + "stringOut")
    assert found == TermMap(Call("https://w3id.org/imec/idlab/function#trueCondition", (upper, Reference("b"))), Kind.LITERAL)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (execution("grel:toUperCase", NAME), "function <"),
        (execution("grel:toUpperCase", NAME, "grel:strinOut"), "has no output"),
        (execution("grel:toUpperCase", NAME.replace("valueParam", "valuParam")), "has no parameter"),
        (execution("grel:toUpperCase", f"{NAME} , {NAME}"), "twice"),
        (execution("grel:string_replace", NAME), "needs a value for its parameter"),
        (execution("grel:toUpperCase", NAME.replace("inputValueMap", "inputMap")), "unknown property 'inputMap'"),
        (execution("grel:toUpperCase", "[ rml:parameter grel:valueParam ]"), "exactly one of inputValue, inputValueMap, has none"),
        (execution("grel:toUpperCase", NAME).replace("rml:return grel:stringOut", 'rml:returnMap [ rml:reference "x" ]'), "no constant"),
    ],
)
def test_wrong_executions(text: str, why: str) -> None:
    assert why in refused(text)


def test_an_execution_cannot_have_itself_as_input() -> None:
    with pytest.raises(MappingError, match="itself as input"):
        term("rml:functionExecution <#F>", more="""<#F> rml:function grel:toUpperCase ;
            rml:input [ rml:parameter grel:valueParam ; rml:inputValueMap [ rml:functionExecution <#F> ] ] .""")


# -- logical views

VIEWS = """
<#Source> rml:source "a.json" ; rml:referenceFormulation rml:JSONPath ; rml:iterator "$[*]" .
<#People> a rml:LogicalView ; rml:viewOn <#Source> ; rml:structuralAnnotation [ rml:onFields "name" ] ;
    rml:field [ rml:fieldName "name" ; rml:reference "$.name" ] , [ rml:fieldName "item" ; rml:iterator "$.items[*]" ;
        rml:field [ rml:fieldName "type" ; rml:reference "$.type" ] ] .
<#Years> rml:viewOn [ rml:source "b.csv" ; rml:referenceFormulation rml:CSV ] ;
    rml:field [ rml:fieldName "who" ; rml:reference "name" ] ;
    rml:leftJoin [ rml:parentLogicalView <#People> ; rml:joinCondition [ rml:child "who" ; rml:parentMap [ rml:template "{name}" ] ] ;
        rml:field [ rml:fieldName "what" ; rml:reference "item.type" ] ] .
<#One> rml:logicalSource <#Years> ; rml:subjectMap [ rml:template "SUBJECT" ] .
"""


def test_views_with_fields_and_joins() -> None:
    found = read_rules(PREFIXES + VIEWS.replace("SUBJECT", "{who}/{what}/{#}/{what.#}")).triples_maps[0].source
    people = View(
        "<#People>", LogicalSource(formulation="JSONPath", iterator="$[*]", access=FileAccess("a.json")),
        (Field("name", Reference("$.name")), Field("item", iterator="$.items[*]", fields=(Field("type", Reference("$.type")),))),
    )  # fmt: skip
    join = ViewJoin(
        people, False, (Condition(Reference("who"), Template((Reference("name"),))),), (Field("what", Reference("item.type")),)
    )
    source = LogicalSource(formulation="CSV", access=FileAccess("b.csv"))
    assert found == View("<#Years>", source, (Field("who", Reference("name")),), (join,))


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("SUBJECT", "{whom}", 26, "no field 'whom'"),
        ('rml:reference "item.type"', 'rml:reference "item"', 25, "no field 'item'"),
        ('rml:child "who"', 'rml:child "name"', 24, "no field 'name'"),
        ('"what"', '"who"', 22, "two fields are named 'who'"),
        ("rml:viewOn <#Source>", "rml:viewOn <#Years>", 22, "a cycle of logical views"),
        ('rml:fieldName "type" ;', "", 21, "exactly one fieldName"),
        ('rml:iterator "$.items[*]" ;', 'rml:iterator "$.items[*]" ; rml:reference "$.x" ;', 20, "an expression or an iterator"),
        ("rml:parentLogicalView <#People>", "rml:parentLogicalView <#Source>", 24, "must be a logical view"),
        ('rml:joinCondition [ rml:child "who" ; rml:parentMap [ rml:template "{name}" ] ] ;', "", 24, "needs a join condition"),
    ],
)
def test_wrong_views(old: str, new: str, line: int, why: str) -> None:
    text = PREFIXES + VIEWS.replace(old, new).replace("SUBJECT", "{who}")
    with pytest.raises(MappingError) as caught:
        read_rules(text)
    assert why in caught.value.why
    assert f"line {line}, triples map <#One>" in caught.value.what


# -- collections and containers


@pytest.mark.parametrize(
    ("text", "expression", "kind", "gather"),
    [
        ('rml:gather ( [ rml:reference "a" ] )', Fresh("1"), Kind.BLANK, Gather((TermMap(Reference("a"), Kind.LITERAL),), RDF + "List")),
        (
            'rml:template "c/{b}" ; rml:gather ( [ rml:template "{a}" ] ) ; rml:strategy rml:cartesianProduct',
            Template(("c/", Reference("b"))), Kind.IRI,
            Gather((TermMap(Template((Reference("a"),)), Kind.IRI),), RDF + "List", product=True),
        ),
        (
            'rml:reference "b" ; rml:termType rml:BlankNode ; rml:allowEmptyListAndContainer true ; '
            "rml:gather ( [ rml:parentTriplesMap <#One> ] )",
            Reference("b"), Kind.BLANK, Gather((Join("<#One>"),), RDF + "List", allow_empty=True),
        ),
        (
            'rml:gather ( [ rml:gather ( [ rml:reference "a" ] ) ; rml:gatherAs rdf:Bag ] ) ; rml:strategy rml:append',
            Fresh("2"), Kind.BLANK,
            Gather((TermMap(Fresh("1"), Kind.BLANK, gather=Gather((TermMap(Reference("a"), Kind.LITERAL),), RDF + "Bag")),), RDF + "List"),
        ),
    ],
)  # fmt: skip
def test_collections(text: str, expression: Expression, kind: Kind, gather: Gather) -> None:
    assert term(f"{text} ; rml:gatherAs rdf:List") == TermMap(expression, kind, gather=gather)
    assert only('rml:source "t.csv"', f"rml:subjectMap [ {text} ; rml:gatherAs rdf:List ]").subject.gather == gather


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('rml:gather ( [ rml:reference "a" ] )', "exactly one gatherAs"),
        ('rml:gather ( [ rml:reference "a" ] ) ; rml:gatherAs rdf:Set', "rml:gatherAs cannot be"),
        ('rml:gather [ rml:reference "a" ] ; rml:gatherAs rdf:List', "must be a list"),
        ("rml:gather () ; rml:gatherAs rdf:List", "must be a list"),
        ('rml:gather ( [ rml:reference "a" ] ) ; rml:gatherAs rdf:List ; rml:strategy rml:zip', "unknown strategy"),
        ('rml:gather ( [ rml:reference "a" ] ) ; rml:gatherAs rdf:List ; rml:allowEmptyListAndContainer 3', "true or false"),
        ('rml:gather ( [ rml:reference "a" ] ) ; rml:gatherAs rdf:List ; rml:termType rml:Literal', "cannot be a literal"),
        ('rml:reference "a" ; rml:gatherAs rdf:List', "needs rml:gather"),
    ],
)
def test_wrong_collections(text: str, why: str) -> None:
    assert why in refused(text)


def test_a_collection_cannot_gather_itself() -> None:
    with pytest.raises(MappingError, match="gathers itself"):
        term("rml:gather ( <#G> ) ; rml:gatherAs rdf:List", more="<#G> rml:gather ( <#G> ) ; rml:gatherAs rdf:List .")


WHOLE = PREFIXES + VIEWS.replace("SUBJECT", "{who}") + f"""
<#Two> a rml:TriplesMap ; rml:logicalSource <#Source> ; rml:subjectMap [ rml:termType rml:BlankNode ; rml:logicalTarget <#T> ] ;
    rml:predicateObjectMap [ rml:predicate ex:p ; rml:objectMap [ {execution("grel:toUpperCase", NAME)} ] , [ rml:gatherAs rdf:Bag ;
        rml:gather ( [ rml:reference "$.a" ]
            [ rml:parentTriplesMap <#One> ; rml:joinCondition [ rml:child "$.a" ; rml:parent "#" ] ] ) ] ] .
<#T> rml:target [ rml:path "a.nq" ] .
"""
TOKENS = re.findall(r'\s+|"[^"]*"|<[^<>\s]*>|[\[\]();,]|[^\s\[\]();,<>"]+', WHOLE[len(PREFIXES):])


@given(st.data())
@settings(max_examples=150)
def test_whatever_is_wrong_is_told_as_such_with_its_line(data: st.DataObject) -> None:
    tokens = list(TOKENS)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(tokens) - 1))
        tokens[place] = data.draw(st.sampled_from(["", *sorted(set(TOKENS))]))
    try:
        plan = read_rules(PREFIXES + "".join(tokens))
    except (MappingError, UnsupportedError) as error:
        assert error.why
        assert "line" in error.what or "no triples map in it" in error.why
    else:
        assert all(one.line > PREFIXES.count("\n") for one in plan.triples_maps)


def test_the_document_that_is_mutilated_is_whole() -> None:
    assert [one.name for one in read_rules(WHOLE).triples_maps] == ["<#One>", "<#Two>"]
