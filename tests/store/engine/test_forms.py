"""ASK, CONSTRUCT and DESCRIBE: which statements come out, each once, and how they are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import Batch, Context
from earthweave.server.store.engine import evaluate, ntriples, statements
from earthweave.server.store.engine._forms import PLACES, asked, kinds
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Kind, Snapshot, SnapshotBuilder, Term, TermType, iri, literal, tagged

Build = Callable[..., Context]
DATA = """
PREFIX : <http://e/>
:a :p :b , _:one ; :name "A"@en , "odd \\"\\\\\\n\\r\\t" .
_:one :q _:two , 3 , :b .
_:two :r _:one .
:b :p :c .
:g { :a :p :b , :d . :d :p [ :q 1 ] }
"""
PROLOGUE = "PREFIX : <http://e/> "


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    builder = SnapshotBuilder(tmp_path_factory.mktemp("forms") / "store")
    builder.begin("test", AxisOrder.STRICT)
    for block in quads_of(DATA.encode(), "trig"):
        builder.add(block)
    builder.end()
    return builder.finish()


def written(snapshot: Snapshot, text: str) -> list[ox.Triple]:
    """The statements of an answer, read back from N-Triples."""
    result = evaluate(snapshot, PROLOGUE + text)
    lines = b"".join(ntriples(batch, result.context) for batch in statements(result.query, result.batches(), result.context))
    return [quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)]


def short(triples: list[ox.Triple]) -> Counter[str]:
    """Statements with blank nodes as ``_``."""
    named = [["_" if isinstance(one, ox.BlankNode) else str(one).replace("http://e/", "") for one in triple] for triple in triples]
    return Counter(map(" ".join, named))


def test_construct_gives_each_statement_once(snapshot: Snapshot) -> None:
    found = short(written(snapshot, "CONSTRUCT { :all :has ?x } { ?x :p ?y }"))
    assert found == Counter(["<all> <has> <a>", "<all> <has> <b>", "<all> <has> <d>"])
    assert short(written(snapshot, "CONSTRUCT WHERE { :b :p ?y }")) == Counter(["<b> <p> <c>"])
    assert written(snapshot, "CONSTRUCT { :a :b :c } { :nothing ?p ?y }") == []
    assert short(written(snapshot, "CONSTRUCT { :a :b :c } { }")) == Counter(["<a> <b> <c>"])
    assert written(snapshot, "CONSTRUCT { } { ?x :p ?y }") == []


def test_construct_leaves_out_what_is_no_statement(snapshot: Snapshot) -> None:
    found = short(written(snapshot, "CONSTRUCT { ?y :q ?x . ?x ?y ?x . ?x :none ?unbound . ?x :n ?x } { :a :p|:name ?y BIND(:a AS ?x) }"))
    assert found == Counter(["<b> <q> <a>", "<d> <q> <a>", "_ <q> <a>", "<a> <b> <a>", "<a> <d> <a>", "<a> <n> <a>"])


def test_blank_nodes_of_a_template_are_new_in_each_solution(snapshot: Snapshot) -> None:
    found = written(snapshot, "CONSTRUCT { _:x :about ?x ; :same _:x . [] :other _:x } { VALUES ?x { :a :b :a } }")
    about = {str(one.subject): one.object for one in found if str(one.predicate) == "<http://e/about>"}
    assert Counter(map(str, about.values())) == Counter({"<http://e/a>": 2, "<http://e/b>": 1})
    assert all(one.subject == one.object for one in found if str(one.predicate) == "<http://e/same>")
    others = [one for one in found if str(one.predicate) == "<http://e/other>"]
    assert len(others) == 3 and {str(one.object) for one in others} == set(about) and not {str(one.subject) for one in others} & set(about)


def test_blank_nodes_of_a_pattern_are_not_those_of_the_template(snapshot: Snapshot) -> None:
    (found,) = written(snapshot, "CONSTRUCT { _:x :is :here } { SELECT * { :b :p _:x } }")
    assert isinstance(found.subject, ox.BlankNode)


def test_describe_closes_over_blank_nodes(snapshot: Snapshot) -> None:
    expected = Counter(['<a> <name> "A"@en', '<a> <name> "odd \\"\\\\\\n\\r\\t"', "<a> <p> <b>", "<a> <p> <d>", "<a> <p> _", "_ <q> _",
                        '_ <q> "3"^^<http://www.w3.org/2001/XMLSchema#integer>', "_ <q> <b>", "_ <r> _"])
    assert short(written(snapshot, "DESCRIBE :a")) == expected
    assert short(written(snapshot, "DESCRIBE ?x { ?x :name ?n }")) == expected
    assert short(written(snapshot, "DESCRIBE ?x :b { ?x :name ?n }")) == expected + Counter(["<b> <p> <c>"])
    assert short(written(snapshot, "DESCRIBE * { ?x :p :c }")) == Counter(["<b> <p> <c>"])


def test_describe_knows_no_literals_and_nothing_unknown(snapshot: Snapshot) -> None:
    assert written(snapshot, "DESCRIBE ?n { :a :name ?n }") == []
    assert written(snapshot, "DESCRIBE :unknown") == []


def test_describe_keeps_to_the_default_graph_of_the_query(snapshot: Snapshot) -> None:
    assert short(written(snapshot, "DESCRIBE :a FROM :g")) == Counter(["<a> <p> <b>", "<a> <p> <d>"])
    assert written(snapshot, "DESCRIBE :a FROM NAMED :g") == []
    assert len(written(snapshot, "DESCRIBE :d FROM :g")) == 2


def test_ask(snapshot: Snapshot) -> None:
    assert asked(evaluate(snapshot, PROLOGUE + "ASK { ?x :p :c }").batches())
    assert not asked(evaluate(snapshot, PROLOGUE + "ASK { ?x :p :a }").batches())
    assert asked(evaluate(snapshot, "ASK {}").batches())
    assert not asked([])


TERMS = [iri("http://e/x"), Term("b1", TermType(Kind.BNODE)), literal("a"), tagged("a", "en"), literal("1.50", "http://e/dt"), literal(""),
         literal("1", "http://www.w3.org/2001/XMLSchema#integer"), literal("x" * 300), iri("http://e/é")]


def test_kinds_of_stored_and_computed_terms(context_of: Build) -> None:
    context = context_of(TERMS[1:4])
    ids = np.array([*(context.terms.id(term) for term in TERMS), -1, context.terms.fresh_bnode()])
    assert kinds(context, ids).tolist() == [*(int(term.type.kind) for term in TERMS), -1, Kind.BNODE]


@pytest.fixture(scope="module")
def context(context_of: Build) -> Context:
    return context_of(TERMS)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=1, max_size=6))
def test_what_is_written_can_be_read_again(context: Context, texts: list[str]) -> None:
    terms = [TERMS[2], *map(literal, texts), tagged(texts[-1], "de"), literal(texts[-1], "http://e/dt")]
    ids = np.array([context.terms.id(term) for term in terms])
    subject, predicate = (np.full(len(ids), context.terms.id(iri(f"http://example.org/{name}"))) for name in "sp")
    lines = ntriples(Batch(len(ids), dict(zip(PLACES, (subject, predicate, ids), strict=True))), context)
    found = [quad.object for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)]
    assert [(one.value, one.language or "", one.datatype.value) for one in found if isinstance(one, ox.Literal)] == [
        (term.text, term.type.language, term.type.datatype) for term in terms]


def test_a_computed_iri_is_escaped(context_of: Build) -> None:
    context = context_of([literal("a")])
    odd = np.array([context.terms.id(iri('http://e/a b"<'))])
    assert ntriples(Batch(1, dict.fromkeys(PLACES, odd)), context).split(b" ")[0] == rb"<http://e/a\u0020b\u0022\u003C>"


def test_no_statements_are_no_bytes(context_of: Build, tmp_path: Path) -> None:
    empty = np.empty(0, dtype=np.int64)
    assert ntriples(Batch(0, dict.fromkeys(PLACES, empty)), context_of()) == b""
