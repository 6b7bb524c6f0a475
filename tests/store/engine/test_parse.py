"""SPARQL text to algebra: what SPARQL 1.1 §18.2 says of each construct, exact terms, and errors with their place."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology import GEOF, RDF, XSD, QueryError, SizeLimitError, UnsupportedError
from earthweave.server.store.algebra import (
    Aggregate,
    Alternative,
    And,
    Bgp,
    Call,
    Constant,
    Distinct,
    EachGraph,
    Exists,
    Extend,
    Filter,
    GraphNames,
    Group,
    Join,
    LeftJoin,
    Link,
    Minus,
    Negated,
    Node,
    Or,
    OrderBy,
    PathPattern,
    Project,
    Repeat,
    Sequence,
    Slice,
    Triple,
    Union,
    Values,
    Variable,
    children,
)
from earthweave.server.store.engine._parse import parse
from earthweave.server.store.snapshot import Term, iri, literal, tagged

NAMESPACE = "http://example.org/"
PROLOGUE = f"PREFIX : <{NAMESPACE}> PREFIX xsd: <{XSD}> PREFIX geof: <{GEOF}>\n"
X, Y, Z, P = (Variable(name) for name in "xyzp")
TRUE = Constant(literal("true", str(XSD.boolean)))


def c(name: str) -> Constant:
    return Constant(iri(NAMESPACE + name))


def n(number: int) -> Constant:
    return Constant(literal(str(number), str(XSD.integer)))


def triple(subject: str, predicate: str, object_: str, graph: Variable | Constant | None = None) -> Triple:
    """``?x`` or a local name at each place."""
    return Triple(*(Variable(one[1:]) if one.startswith(("?", "_")) else c(one) for one in (subject, predicate, object_)), graph)


def where(group: str) -> Node:
    """The pattern of an ASK, which has nothing around it."""
    return parse(PROLOGUE + "ASK " + group).pattern


def objects(text: str) -> list[Term]:
    """Constants that stand as objects."""
    pattern = where(f"{{ ?x :p {text} }}")
    assert isinstance(pattern, Bgp)
    return [one.object.term for one in pattern.patterns if isinstance(one, Triple) and isinstance(one.object, Constant)]


@pytest.mark.parametrize(
    ("group", "pattern"),
    [
        ("{}", Bgp(())),
        ("{ ?x :p ?y . ?y :q ?z }", Bgp((triple("?x", "p", "?y"), triple("?y", "q", "?z")))),
        ("{ ?x :p ?y FILTER(true) ?y :q ?z }", Filter(TRUE, Bgp((triple("?x", "p", "?y"), triple("?y", "q", "?z"))))),
        ("{ {?x :p ?y} {?y :q ?z} }", Bgp((triple("?x", "p", "?y"), triple("?y", "q", "?z")))),
        ("{ {?x :p ?y FILTER(true)} ?y :q ?z }", Join(Filter(TRUE, Bgp((triple("?x", "p", "?y"),))), Bgp((triple("?y", "q", "?z"),)))),
        ("{ OPTIONAL {?x :p ?y} }", LeftJoin(Bgp(()), Bgp((triple("?x", "p", "?y"),)), None)),
        ("{ ?x :p ?y OPTIONAL {?y :q ?z FILTER(true)} }", LeftJoin(Bgp((triple("?x", "p", "?y"),)), Bgp((triple("?y", "q", "?z"),)), TRUE)),
        ("{ ?x :p ?y OPTIONAL {{?y :q ?z FILTER(true)}} }",
         LeftJoin(Bgp((triple("?x", "p", "?y"),)), Filter(TRUE, Bgp((triple("?y", "q", "?z"),))), None)),
        ("{ ?x :p ?y OPTIONAL {?y :q ?z} ?z :r ?x }",
         Join(LeftJoin(Bgp((triple("?x", "p", "?y"),)), Bgp((triple("?y", "q", "?z"),)), None), Bgp((triple("?z", "r", "?x"),)))),
        ("{ {?x :p ?y} UNION {?x :q ?y} UNION {} }",
         Union(Union(Bgp((triple("?x", "p", "?y"),)), Bgp((triple("?x", "q", "?y"),))), Bgp(()))),
        ("{ ?x :p ?y MINUS {?x :q ?y} }", Minus(Bgp((triple("?x", "p", "?y"),)), Bgp((triple("?x", "q", "?y"),)))),
        ("{ ?x :p ?y BIND(?y AS ?z) }", Extend(Bgp((triple("?x", "p", "?y"),)), "z", Y)),
        ("{ BIND(1 AS ?z) ?x :p ?z }", Join(Extend(Bgp(()), "z", n(1)), Bgp((triple("?x", "p", "?z"),)))),
        ("{ VALUES ?x { :a UNDEF } }", Values(("x",), ((iri(NAMESPACE + "a"),), (None,)))),
        ("{ VALUES (?x ?y) { (1 :a) (UNDEF UNDEF) } }", Values(("x", "y"), ((n(1).term, iri(NAMESPACE + "a")), (None, None)))),
        ("{ VALUES () { () () } }", Values((), ((), ()))),
        ("{ FILTER EXISTS {?x :p ?y} }", Filter(Exists(Bgp((triple("?x", "p", "?y"),)), negated=False), Bgp(()))),
        ("{ FILTER(true) FILTER NOT EXISTS {} }", Filter(And((TRUE, Exists(Bgp(()), negated=True))), Bgp(()))),
        ("{ ?x a :C }", Bgp((Triple(X, Constant(iri(str(RDF.type))), c("C")),))),
        ("{ ?x :p :a, :b ; ; :q :c ; . }", Bgp((triple("?x", "p", "a"), triple("?x", "p", "b"), triple("?x", "q", "c")))),
        ("{ _:b :p _:b }", Bgp((Triple(Variable("_:b"), c("p"), Variable("_:b")),))),
    ],
)
def test_a_group_becomes_the_algebra_of_the_recommendation(group: str, pattern: Node) -> None:
    assert where(group) == pattern


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("^:p", (triple("?y", "p", "?x"),)),
        ("^(^:p)", (triple("?x", "p", "?y"),)),
        (":p*", (PathPattern(X, Repeat(Link(NAMESPACE + "p"), 0), Y),)),
        (":p+", (PathPattern(X, Repeat(Link(NAMESPACE + "p"), 1), Y),)),
        (":p?", (PathPattern(X, Repeat(Link(NAMESPACE + "p"), 0, once=True), Y),)),
        ("((:p)*)*", (PathPattern(X, Repeat(Link(NAMESPACE + "p"), 0), Y),)),
        ("((:p)+)+", (PathPattern(X, Repeat(Link(NAMESPACE + "p"), 1), Y),)),
        ("((:p?)?)", (PathPattern(X, Repeat(Link(NAMESPACE + "p"), 0, once=True), Y),)),
        ("((:p)+)?", (PathPattern(X, Repeat(Link(NAMESPACE + "p"), 0), Y),)),
        ("((:p)?)+", (PathPattern(X, Repeat(Link(NAMESPACE + "p"), 0), Y),)),
        ("((:p)?)*", (PathPattern(X, Repeat(Link(NAMESPACE + "p"), 0), Y),)),
        ("((:p)*)+", (PathPattern(X, Repeat(Link(NAMESPACE + "p"), 0), Y),)),
        ("^:p*", (PathPattern(X, Repeat(Link(NAMESPACE + "p", inverse=True), 0), Y),)),
        ("!:p", (PathPattern(X, Negated((NAMESPACE + "p",), None), Y),)),
        ("!^:p", (PathPattern(X, Negated(None, (NAMESPACE + "p",)), Y),)),
        ("^!:p", (PathPattern(X, Negated(None, (NAMESPACE + "p",)), Y),)),
        ("!(:p|^:q|a)", (PathPattern(X, Negated((NAMESPACE + "p", str(RDF.type)), (NAMESPACE + "q",)), Y),)),
        (":p|^:q", (PathPattern(X, Alternative((Link(NAMESPACE + "p"), Link(NAMESPACE + "q", inverse=True))), Y),)),
        ("(:p/^:q)+", (PathPattern(X, Repeat(Sequence((Link(NAMESPACE + "p"), Link(NAMESPACE + "q", inverse=True))), 1), Y),)),
        ("^(:p/:q)", (Triple(Variable("_:.1"), c("q"), X), Triple(Y, c("p"), Variable("_:.1")))),
    ],
)
def test_a_path_keeps_its_direction_and_its_marks(path: str, pattern: tuple[Triple | PathPattern, ...]) -> None:
    assert where(f"{{ ?x {path} ?y }}") == Bgp(pattern)


def test_a_sequence_becomes_patterns_with_variables_that_no_text_can_name() -> None:
    found = where("{ ?x :p/:q*/^:r ?y }")
    one, two = Variable("_:.1"), Variable("_:.2")
    assert found == Bgp((Triple(X, c("p"), one), PathPattern(one, Repeat(Link(NAMESPACE + "q"), 0), two), Triple(Y, c("r"), two)))


def test_a_plus_before_a_digit_is_a_sign_and_no_path() -> None:
    assert objects("+5") == [literal("+5", str(XSD.integer))]


def test_lists_and_brackets_become_triples() -> None:
    first, rest, nil = (Constant(iri(str(RDF[name]))) for name in ("first", "rest", "nil"))
    found = where("{ ?x :p (1 [:q ?y]) , [] , () }")
    inner, one, two, anonymous = (Variable(f"_:.{number}") for number in (1, 2, 3, 4))
    assert found == Bgp((
        Triple(inner, c("q"), Y), Triple(one, first, n(1)), Triple(one, rest, two), Triple(two, first, inner), Triple(two, rest, nil),
        Triple(X, c("p"), one), Triple(X, c("p"), anonymous), Triple(X, c("p"), nil),
    ))


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("01", literal("01", str(XSD.integer))), ("-01.50", literal("-01.50", str(XSD.decimal))), ("+.5", literal("+.5", str(XSD.decimal))),
        ("1e6", literal("1e6", str(XSD.double))), ("1.E0", literal("1.E0", str(XSD.double))), ("TRUE", TRUE.term),
        ('"a"', literal("a")), ('"a"^^xsd:string', literal("a")), ('"a"@EN-us', tagged("a", "en-us")),
        ('"01"^^xsd:integer', literal("01", str(XSD.integer))), (r'"\u00e9dead"', literal("édead")), (r'"a\\u00e9"', literal(r"a\u00e9")),
        (r'"\U0001F600\t\"\'\\"', literal("\U0001f600\t\"'\\")), ("'''a\n'b''c'''", literal("a\n'b''c")), ('"""""a"""', literal('""a')),
        (r"<http://e/\u00e9>", iri("http://e/é")), (r":a\~b\.", iri(NAMESPACE + "a~b.")), (":a%20b.c:d", iri(NAMESPACE + "a%20b.c:d")),
        (":_-1", iri(NAMESPACE + "_-1")), (":", iri(NAMESPACE)),
        (":0a", iri(NAMESPACE + "0a")), (":नमस्ते", iri(NAMESPACE + "नमस्ते")),
    ],
)
def test_terms_keep_their_form(text: str, term: Term) -> None:
    assert objects(text) == [term]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_string_comes_back_from_its_escapes(text: str) -> None:
    marks = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\x00": "\\u0000"}
    assert objects('"' + "".join(marks.get(one, one) for one in text) + '"') == [literal(text)]
    assert objects('"' + "".join(f"\\U{ord(one):08X}" for one in text) + '"') == [literal(text)]


def test_code_points_may_be_escaped_anywhere() -> None:
    assert parse(r"SELECT ?\u0061 { ?\u0061 <http://e/p> \u0022x\u0022 }").names == ("a",)


def test_relative_iris_are_resolved_against_the_base() -> None:
    query = parse("BASE <http://e/a/b> PREFIX : <#> SELECT * FROM <g> { <../c> :d <?q> . <http://e/x/../y> :d <> }")
    pattern = query.pattern
    assert isinstance(pattern, Project) and isinstance(pattern.input, Bgp)
    texts = [place.term.text for one in pattern.input.patterns for place in (one.subject, one.object) if isinstance(place, Constant)]
    assert texts == ["http://e/c", "http://e/a/b?q", "http://e/x/../y", "http://e/a/b"]
    assert query.default_graphs == ("http://e/a/g",) and query.named_graphs == ()


def expression(text: str) -> object:
    found = where(f"{{ FILTER({text}) }}")
    assert isinstance(found, Filter)
    return found.condition


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("?x || ?y && ?z", Or((X, And((Y, Z))))),
        ("(?x || ?y) || ?z", Or((X, Y, Z))),
        ("?x + ?y * ?z - 1", Call("-", (Call("+", (X, Call("*", (Y, Z)))), n(1)))),
        ("?x -1", Call("-", (X, n(1)))),
        ("?x/?y/?z", Call("/", (Call("/", (X, Y)), Z))),
        ("-?x < !?y", Call("<", (Call("neg", (X,)), Call("!", (Y,))))),
        ("?x<?y", Call("<", (X, Y))),
        ("?x IN (1, ?y)", Call("in", (X, n(1), Y))),
        ("?x not in ()", Call("not in", (X,))),
        ("1 + 1 NOT IN (2)", Call("not in", (Call("+", (n(1), n(1))), n(2)))),
        ("xsd:integer(?x)", Call(str(XSD.integer), (X,))),
        ("geof:distance(?x, ?y, :m)", Call(f"{GEOF}distance", (X, Y, c("m")))),
        ("if(bound(?x), rand(), bnode())", Call("IF", (Call("BOUND", (X,)), Call("RAND", ()), Call("BNODE", ())))),
        ("!exists{?x :p ?y}", Call("!", (Exists(Bgp((triple("?x", "p", "?y"),)), negated=False),))),
        ("?x = :a", Call("=", (X, c("a")))),
        ("isURI(URI(?x))", Call("ISIRI", (Call("IRI", (X,)),))),
    ],
)
def test_expressions_bind_as_the_grammar_says(text: str, tree: object) -> None:
    assert expression(text) == tree


def test_iri_takes_the_base_with_it() -> None:
    query = parse("BASE <http://e/> SELECT (IRI(?x) AS ?y) {}")
    assert isinstance(query.pattern, Project) and isinstance(query.pattern.input, Extend)
    assert query.pattern.input.expression == Call("IRI", (X, Constant(literal("http://e/"))))


def test_modifiers_stand_in_the_order_of_the_recommendation() -> None:
    query = parse(PROLOGUE + "SELECT DISTINCT ?x (?x AS ?z) { ?x :p ?y } ORDER BY DESC(?z) ?x OFFSET 2 LIMIT 0 VALUES ?x { 1 }")
    joined = Join(Bgp((triple("?x", "p", "?y"),)), Values(("x",), ((n(1).term,),)))
    ordered = OrderBy(Extend(joined, "z", X), ((Z, True), (X, False)))
    assert query.pattern == Slice(Distinct(Project(ordered, ("x", "z"))), 2, 0)
    assert query.names == ("x", "z")


def test_reduced_counts_as_distinct() -> None:
    assert isinstance(parse("SELECT REDUCED * {}").pattern, Distinct)


def test_groups_bind_their_expressions_below_and_share_equal_aggregates() -> None:
    query = parse(PROLOGUE + "SELECT ?k (SUM(?y)+1 AS ?t) { ?x :p ?y } GROUP BY (STR(?x) AS ?k) ?x HAVING(SUM(?y) > 1) ORDER BY COUNT(*)")
    total, rows = Variable("_:.1"), Variable("_:.2")
    keyed = Extend(Bgp((triple("?x", "p", "?y"),)), "k", Call("STR", (X,)))
    group = Group(keyed, ("k", "x"), ((total.name, Aggregate("SUM", Y)), (rows.name, Aggregate("COUNT", None))))
    kept = Filter(Call(">", (total, n(1))), group)
    told = Extend(kept, "t", Call("+", (total, n(1))))
    assert query.pattern == Project(OrderBy(told, ((rows, False),)), ("k", "t"))


@pytest.mark.parametrize(
    ("text", "aggregate"),
    [
        ("COUNT(DISTINCT ?x)", Aggregate("COUNT", X, distinct=True)),
        ("group_concat(?x)", Aggregate("GROUP_CONCAT", X)),
        ("GROUP_CONCAT(DISTINCT ?x ; SEPARATOR = '')", Aggregate("GROUP_CONCAT", X, distinct=True, separator="")),
        ("GROUP_CONCAT(?x ; separator=\"\\n\")", Aggregate("GROUP_CONCAT", X, separator="\n")),
        ("geof:aggUnion(?x)", Aggregate(f"{GEOF}aggUnion", X)),
        ("geof:aggUnion(distinct ?x)", Aggregate(f"{GEOF}aggUnion", X, distinct=True)),
        (":own(DISTINCT ?x)", Aggregate(NAMESPACE + "own", X, distinct=True)),
    ],
)
def test_aggregates(text: str, aggregate: Aggregate) -> None:
    query = parse(PROLOGUE + f"SELECT ({text} AS ?n) {{ ?x :p ?y }}")
    assert isinstance(query.pattern, Project) and isinstance(query.pattern.input, Extend)
    group = query.pattern.input.input
    assert isinstance(group, Group) and group.keys == () and [one for _, one in group.aggregates] == [aggregate]


def test_distinct_star_does_not_see_blank_nodes() -> None:
    query = parse(PROLOGUE + "SELECT (COUNT(DISTINCT *) AS ?n) { ?x :p [] }")
    group = query.pattern
    while not isinstance(group, Group):
        (group,) = children(group)
    assert isinstance(group.input, Project) and group.input.names == ("x",)


def test_a_star_selects_in_the_order_of_the_text() -> None:
    text = "SELECT * { ?z :p ?a . { SELECT ?y ?b { ?y :p ?b . ?hidden :p ?b } } _:b :p [] FILTER(?f) BIND(1 AS ?c) MINUS { ?m :p ?z } }"
    assert parse(PROLOGUE + text).names == ("z", "a", "y", "b", "c")


def test_graph_goes_down_to_the_leaves() -> None:
    g = Variable("g")
    assert where("{ GRAPH ?g { ?x :p ?y } }") == Bgp((triple("?x", "p", "?y", g),))
    path = PathPattern(X, Repeat(Link(NAMESPACE + "p"), 0), Y, c("g"))
    assert where("{ GRAPH :g { ?x :p* ?y } }") == Join(GraphNames(c("g")), Bgp((path,)))
    assert where("{ GRAPH ?g {} }") == GraphNames(g)
    assert where("{ GRAPH ?g { OPTIONAL { ?x :p ?y } } }") == LeftJoin(GraphNames(g), Bgp((triple("?x", "p", "?y", g),)), None)
    assert where("{ GRAPH ?g { FILTER EXISTS { ?x :p ?y } } }") == Filter(Exists(Bgp((triple("?x", "p", "?y", g),)), False), GraphNames(g))
    assert where("{ GRAPH ?g { GRAPH :h { ?x :p ?y } } ?x :q ?y }") == Join(
        Join(GraphNames(g), Bgp((triple("?x", "p", "?y", c("h")),))), Bgp((triple("?x", "q", "?y"),)))


def test_minus_within_a_graph_does_not_share_the_name_of_the_graph() -> None:
    g = Variable("g")
    left, right = Bgp((triple("?x", "p", "?y", g),)), Bgp((triple("?x", "q", "?z", g),))
    assert where("{ GRAPH ?g { ?x :p ?y MINUS { ?x :q ?z } } }") == Minus(left, right, g)
    assert where("{ GRAPH ?g { ?x :p ?y MINUS { ?z :q ?p } } }") == left


def test_a_pattern_that_minds_the_name_of_its_graph_is_joined_with_it_in_the_end() -> None:
    g, own = Variable("g"), Variable("_:.2")
    left, right = (Bgp((Triple(own, c(name), end, g),)) for name, end in (("p", Y), ("q", Variable("z"))))
    same = Or((Call("!", (Call("BOUND", (own,)),)), Call("SAMETERM", (own, g))))
    assert where("{ GRAPH ?g { ?g :p ?y MINUS { ?g :q ?z } } }") == Filter(same, Minus(left, right, g))
    condition = Call("=", (own, c("g")))
    assert where("{ GRAPH ?g { ?x :p ?y FILTER(?g = :g) } }") == Filter(same, Filter(condition, Bgp((triple("?x", "p", "?y", g),))))


@pytest.mark.parametrize("inner", [
    "?g :p ?y", "?x :p ?y OPTIONAL { ?x :q ?z }", "?g :p ?y OPTIONAL { ?g :q ?z FILTER(?z = ?y) }", "?y :p ?g FILTER(?g = :g)",
    "{ ?g :p ?y } UNION { ?x :q ?y }", "?g :p ?y { ?y :q ?g }",
])
def test_a_pattern_that_does_not_mind_has_the_name_of_its_graph_from_the_start(inner: str) -> None:
    assert "_:" not in repr(where(f"{{ GRAPH ?g {{ {inner} }} }}"))


def test_a_sub_select_in_a_graph_is_asked_of_each_graph() -> None:
    g = Variable("g")
    own = Project(Bgp((triple("?x", "p", "?y", g),)), ("x", "g"))
    assert where("{ GRAPH ?g { SELECT ?x { ?x :p ?y } } }") == Join(GraphNames(g), own)
    assert where("{ GRAPH ?g { SELECT ?x { ?x :p ?y } LIMIT 1 } }") == Join(GraphNames(g), EachGraph(Slice(own, 0, 1), g))


def test_forms() -> None:
    construct = parse(PROLOGUE + "CONSTRUCT { ?x :q _:b . [] :r ?x } FROM NAMED :g { ?x :p _:b } LIMIT 5")
    assert construct.template == (triple("?x", "q", "__:b"), Triple(Variable("_:.1"), c("r"), X))
    assert construct.pattern == Slice(Project(Bgp((Triple(X, c("p"), Variable("_:b")),)), ("x",)), 0, 5)
    assert (construct.default_graphs, construct.named_graphs) == ((), (NAMESPACE + "g",))
    short = parse(PROLOGUE + "CONSTRUCT WHERE { ?x :p ?y }")
    assert short.template == (triple("?x", "p", "?y"),) and short.pattern == Project(Bgp((triple("?x", "p", "?y"),)), ("x", "y"))
    assert parse(PROLOGUE + "DESCRIBE :a").described == (c("a"),)
    assert parse(PROLOGUE + "DESCRIBE * { ?x :p _:b, ?y }").described == (X, Y)


@pytest.mark.parametrize("head", ["ASK", "CONSTRUCT { ?x :q ?x }", "DESCRIBE ?x"])
def test_other_forms_may_group_too(head: str) -> None:
    found = parse(PROLOGUE + head + " { ?x :p ?y } GROUP BY ?x HAVING(COUNT(*) > 1)").pattern
    group = Group(Bgp((triple("?x", "p", "?y"),)), ("x",), (("_:.1", Aggregate("COUNT", None)),))
    kept = Filter(Call(">", (Variable("_:.1"), n(1))), group)
    assert found == (kept if head == "ASK" else Project(kept, ("x",)))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("SELECT ?x WHERE {\n  ?x ?y }", "line 2, column 10"), ("SELECT ?x {", "line 1"), ("SELECT ?x { ?x :p 1 }", "line 1"),
        ("", "line 1"),
        ("SELECT ?x ?y { ?x ?p ?y } GROUP BY ?x", "line 1"), ("SELECT (1 AS ?x) { BIND(1 AS ?x) }", "line 1"),
        ("SELECT * { _:a ?p ?q OPTIONAL { _:a ?r ?s } }", "line 1"), ("SELECT * { ?x ?p <rel> }", "line 1"),
        ("ASK { FILTER(COUNT(?x) > 1) }", "line 1"), ("SELECT (1 AS ?y) { FILTER(COUNT(?x) > 1) }", "line 1"),
        ("SELECT (SUM(COUNT(?x)) AS ?y) { ?x ?p ?o }", "line 1"), ("SELECT * { ?a ?b ?c FILTER(?a<?b&&?c>?d) }", "line 1, column 30"),
        ("INSERT DATA { <http://e/a> <http://e/a> 1 }", "line 1"), ("ASK { ?x ?y 'a\nb' }", "line 1"),
        ("ASK # é\nFROM <http://e/g>\n FROM NAMED <http://e/h> {\n é }", "line 4, column 5"),
        ("PREFIX : <http://e/> ASK FROM :é { ?é :p }", "line 1, column 43"),
        ("CONSTRUCT { ?s ?p }\n{ ?s ?p ?o }", "line 1, column 19"), ("CONSTRUCT { ?s ?p ?o }\n{ ?s ?p }", "line 2, column 10"),
        ("CONSTRUCT { ?s <http://e/p>* ?o } { ?s ?p ?o }", "line 1, column 28"),
        ("CONSTRUCT WHERE { ?s ?p ?o FILTER(true) }", "line 1, column 28"),
        ("CONSTRUCT WHERE { ?s <http://e/p>+ ?o }", "line 1, column 36"), ("CONSTRUCT WHERE { { ?s ?p ?o } }", "line 1, column 19"),
        ("CONSTRUCT { ?s ?p ?o }", "line 1"), ("DESCRIBE", "line 1"), ("DESCRIBE <http://[e> { ?s ?p ?o }", "line 1"),
        ("DESCRIBE ?s\n{ ?s ?p } LIMIT 1", "line 2, column 11"),
        ("SELECT * FROM <http://[e> {}", "line 1"), ("DESCRIBE * <http://e/>", "line 1"),
        ("SELECT * {} }", "line 1, column 13"), ("SELECT * {} LIMIT ?x # last", "line 1, column 19"),
        ("ASK {} FROM <http://e/g>", "line 1"),
        ("SELECT * { ?s ?p ?o }} ; DROP ALL ; INSERT {} WHERE { SELECT * {}", "line 1, column 22"),
        ("BASE <http://e/> PREFIX x <y> ASK {}", "line 1, column 25"), ("PREFIX a:b <http://e/> ASK {}", "line 1"),
    ],
)
def test_what_is_no_sparql_is_refused_with_its_place(text: str, place: str) -> None:
    with pytest.raises(QueryError, match=place):
        parse(text)


def test_a_broken_rule_is_named() -> None:
    with pytest.raises(QueryError) as caught:
        parse("SELECT (1 AS ?x) WHERE {?x ?p ?g}")
    assert "overrides" in caught.value.why and "expected" not in caught.value.why


@pytest.mark.parametrize(
    ("text", "place", "name"),
    [
        ("SELECT ?g ?x { ?x ?p ?g } GROUP BY ?g", "line 1, column 11", "?x"),
        ("SELECT\n?g (COUNT(*) AS ?n) { ?x ?p ?g }", "line 2, column 1", "?g"),
        ("SELECT (COUNT(*) AS ?n) (?n + 1 AS ?m) (?m + ?x AS ?o) { ?x ?p ?g }", "line 1, column 40", "?x"),
        ("SELECT * { { SELECT ?p { ?x ?p ?g } GROUP BY ?x } }", "line 1, column 21", "?p"),
    ],
)
def test_a_variable_that_is_not_grouped_is_named(text: str, place: str, name: str) -> None:
    with pytest.raises(QueryError, match=place) as caught:
        parse(text)
    assert f": {name} is selected" in caught.value.what and name in caught.value.way_out


def test_what_groups_may_select_is_read() -> None:
    for text in ("SELECT ?g (COUNT(*) + 1 AS ?n) { ?x ?p ?g } GROUP BY ?g", "SELECT ?h { ?x ?p ?g } GROUP BY (STR(?g) AS ?h)",
                 "SELECT ?x (COUNT(?p) AS ?n) { ?x ?p ?g } GROUP BY ?x VALUES ?x { 1 }",
                 "SELECT ?g (EXISTS { ?a ?p ?g } AS ?e) { ?x ?p ?g } GROUP BY ?g"):
        assert parse(text).form == "select"


@pytest.mark.parametrize(
    ("text", "what", "way_out"),
    [
        ("ASK { ?x ?p ?o\n FILTER(strln(?x) > 1) }", "line 2, column 9: there is no function strln", "STRLEN"),
        ("SELECT (COUNTT(?x) AS ?n) { ?x ?p ?o }", "line 1, column 9: there is no function COUNTT", "COUNT"),
        ("SELECT * { ?x ?p ?o } ORDER BY sfintersects(?x, ?o)", "line 1, column 32: there is no function", "geof:sfIntersects"),
        ("ASK { FILTER(zzzzzzzzz(1)) }", "line 1, column 14: there is no function zzzzzzzzz", "§17.4"),
        ("ASK { ?x ?p ?o FILTER(strlen(?x,1) > 1) }", "line 1, column 23: STRLEN takes 1 argument, not 2", ""),
        ("ASK { ?x ?p ?o FILTER(BOUND(1)) }", "line 1, column 23: BOUND takes a variable", ""),
        ("SELECT (COUNT(?x, ?o) AS ?n) { ?x ?p ?o }", "line 1, column 9: the aggregate COUNT takes 1 argument", "both"),
        ("ASK { ?x ?p ?o FILTER(?x > TRUEE) }", "line 1, column 28: an expression was expected", ""),
    ],
)
def test_what_is_no_builtin_is_named_with_its_place(text: str, what: str, way_out: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.what.startswith(what) and way_out in caught.value.way_out


def test_characters_that_are_none_are_refused() -> None:
    for text in (r'ASK { ?x ?p "\ud800" }', r'ASK { ?x ?p "\UFFFFFFFF" }', "ASK { ?x ?p '\ud800' }", r"ASK { ?x ?p <http://e/\udc00> }"):
        with pytest.raises(QueryError):
            parse(text)


@pytest.mark.parametrize(
    "text",
    ["ASK { ?a ?b ?c LATERAL { ?d ?e ?f } }", "ASK { << ?a ?b ?c >> ?d ?e }",
     "SELECT (TRIPLE(?x, ?y, ?z) AS ?t) {}"],
)
def test_what_is_more_than_sparql_is_refused_as_such(text: str) -> None:
    with pytest.raises(UnsupportedError):
        parse(text)


@pytest.mark.parametrize("local", ["b.c.d", "GBR.1.50.1_1", r"b\.c.d.e", "b..c...d"])
def test_names_may_have_several_points(local: str) -> None:
    """The checker reads one run of points at most."""
    plain = local.replace("\\", "")
    spelled = parse(f"ASK {{ <http://e/{plain}> <http://e/{plain}> ?o }}")
    assert parse(f"PREFIX a: <http://e/> ASK {{ a:{local} a:{local} ?o }}").pattern == spelled.pattern


def test_deep_nesting_passes_as_far_as_the_gate_lets_it() -> None:
    assert parse("ASK " + "{" * 256 + "}" * 256).pattern == Bgp(())
    assert expression("(" * 256 + "?x" + ")" * 256) == X
    with pytest.raises(SizeLimitError):
        parse("ASK { FILTER(" + "(" * 5000 + "1" + ")" * 5000 + ") }")


@pytest.mark.parametrize("tail", ["", " # no line ends here"])
@pytest.mark.parametrize("text", [
    "DESCRIBE <http://e/a>", "DESCRIBE <http://e/a> # so\n?x FROM <http://e/g>",
    "CONSTRUCT WHERE { _:a ?p _:a . } LIMIT 1", "CONSTRUCT {} {}",
    "CONSTRUCT FROM <http://e/g> # so\nWHERE {}", "CONSTRUCT { _:a ?p ?o } # so\nFROM <http://e/g> WHERE { _:a ?p ?o }",
    "ASK FROM <http://e/g> FROM NAMED <http://e/h>\n# so\n{} GROUP BY ?x",
    "DESCRIBE ?x {} GROUP BY ?x HAVING(COUNT(*) > 1) VALUES ?x { 1 }",
    "SELECT * # so\nFROM <http://e/g> {} ORDER BY ?x VALUES ?x { UNDEF }", "SELECT (TRUE AS ?x) {}", "ASK { FILTER(False) }",
])
def test_every_form_passes_the_check(text: str, tail: str) -> None:
    assert parse(text + tail)


@pytest.mark.parametrize("form", ["?s ?p…(…)", "…{ ?s ?p ?o …}", "…OPTIONAL { ?s ?p ?o …}",
                                  "…FILTER EXISTS { ?s ?p ?o …}", "…{ {} UNION {…} }"])
def test_the_check_of_the_syntax_does_not_plan(form: str) -> None:
    before, opening, closing = form.split("…")
    start = time.perf_counter()
    parse("ASK {" + before + opening * 200 + closing * 200 + "}")
    # to plan two hundred lists within one another took pyoxigraph five seconds, to read them takes a hundredth of one
    assert time.perf_counter() - start < 2


def test_to_check_the_syntax_evaluates_nothing() -> None:
    rows = " ".join(map(str, range(400)))
    text = "ASK {" + "".join(f"VALUES ?v{place} {{ {rows} }}\n" for place in range(3)) + "FILTER(?v0 + ?v1 + ?v2 < 0) }"
    start = time.perf_counter()
    parse(text)
    # 64 million solutions would take half a minute
    assert time.perf_counter() - start < 2


def test_what_was_read_is_remembered() -> None:
    text = PROLOGUE + "SELECT * { ?x :remembered ?y }"
    assert parse(text) is parse(text)
