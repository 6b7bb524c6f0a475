"""Ids of computed terms: equal ids are equal terms and the other way round."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from earthweave.ontology import EPSG4326, GEO, XSD
from earthweave.server.store.algebra import Context
from earthweave.server.store.engine._terms import TermSpace, column_of
from earthweave.server.store.snapshot import BNODE, STRING, UNBOUND, Tag, Term, Terms, iri, literal, tagged, tags

STORED = [iri("http://example.org/a"), literal("stored"), literal("01", str(XSD.integer)), tagged("stored", "en"),
    literal("1.50", str(XSD.decimal)),
          literal("POINT (1 2)", str(GEO.wktLiteral)), literal("7", str(XSD.integer)), literal("2.5E0", str(XSD.double))]
ANY_TERM = st.one_of(
    st.sampled_from(STORED), st.text(max_size=4).map(literal),
    st.integers(-(10**20), 10**20).map(lambda one: literal(str(one), str(XSD.integer))),
    st.text("ab", max_size=2).map(lambda one: tagged(one, "en")), st.text("ab", min_size=1, max_size=2).map(lambda one: Term(one, BNODE)),
    st.decimals(-5, 5, places=2).map(lambda one: literal(str(one), str(XSD.decimal))),
    st.booleans().map(lambda one: literal(str(one).lower(), str(XSD.boolean))),
    st.datetimes().map(lambda one: literal(one.isoformat(), str(XSD.dateTime))), st.text("xy:/", max_size=3).map(iri))


@pytest.fixture(scope="module")
def context(context_of: Callable[..., Context]) -> Context:
    return context_of(STORED)


@given(st.lists(ANY_TERM, max_size=12))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_ids_are_equal_exactly_for_equal_terms_and_come_back(context: Context, terms: list[Term]) -> None:
    space = context.terms
    ids = space.listed(terms)
    assert space.listing(ids) == terms == [space.term(one) for one in ids.tolist()]
    assert ids.tolist() == [space.id(term) for term in terms]
    assert len(set(ids.tolist())) == len(set(terms))
    assert (ids != UNBOUND).all()


def test_stored_terms_keep_their_ids_and_new_ones_are_scratch(context: Context) -> None:
    space = TermSpace(context.snapshot)
    assert [space.id(term) for term in STORED] == [context.snapshot.find(term) for term in STORED]
    new = space.id(literal("not there"))
    assert tags(np.array([new])).tolist() == [Tag.SCRATCH]
    assert space.id(literal("not there either"), create=False) == UNBOUND
    assert space.id(literal("not there"), create=False) == new


def test_a_mixture_of_all_tags_is_decoded_in_order(context: Context) -> None:
    space = TermSpace(context.snapshot)
    wanted = [literal("n1"), *STORED, literal("n2"), literal("true", str(XSD.boolean)), literal("n1"), Term("b", BNODE)]
    found = space.terms(space.listed(wanted))
    assert [Term(text, found.types[code]) for text, code in zip(found.text.to_pylist(), found.code.tolist(), strict=True)] == wanted
    assert space.strings(space.listed(wanted)).to_pylist() == [term.text for term in wanted]


def test_a_column_with_repeated_texts_is_interned_once(context: Context) -> None:
    space = TermSpace(context.snapshot)
    texts = pa.array(["x", "y", "x", "stored"], pa.large_string())
    ids = space.ids(Terms(texts, np.zeros(4, dtype=np.int32), (STRING,)))
    assert ids[0] == ids[2] != ids[1]
    assert ids[3] == context.snapshot.find(literal("stored"))


def test_types_of_stored_and_scratch_ids(context: Context) -> None:
    space = TermSpace(context.snapshot)
    terms = [STORED[0], literal("new"), tagged("new", "fr"), STORED[5], literal("z", "http://example.org/type")]
    codes, types = space.types(space.listed(terms))
    assert [types[code] for code in codes] == [term.type for term in terms]


def test_numbers_of_all_tags(context: Context) -> None:
    space = TermSpace(context.snapshot)
    terms = [literal("7", str(XSD.integer)), literal("01", str(XSD.integer)), literal("1.50", str(XSD.decimal)),
        literal("0.25", str(XSD.decimal)),
             literal("1e400", str(XSD.double)), literal("4", str(XSD.byte)), literal("400", str(XSD.byte)), literal("x"),
             iri("http://example.org/a")]
    ids = np.append(space.listed(terms), UNBOUND)
    np.testing.assert_array_equal(space.numbers(ids), [7, 1, 1.5, 0.25, np.inf, 4, np.nan, np.nan, np.nan, np.nan])


def test_fresh_blank_nodes_differ_also_from_those_of_another_query(context: Context) -> None:
    one, other = TermSpace(context.snapshot), TermSpace(context.snapshot)
    labels = [space.term(space.fresh_bnode()) for space in (one, one, other, other)]
    assert len(set(labels)) == 4
    assert all(label.type == BNODE for label in labels)


def test_a_label_gives_one_blank_node_within_a_row_and_others_elsewhere(context: Context) -> None:
    space = TermSpace(context.snapshot)
    first = space.labelled("a", (5,))
    assert space.labelled("a", (5, first)) == first
    assert space.labelled("b", (5, first)) != first
    assert space.labelled("a", (5,)) != first
    assert space.labelled(None, (5,)) == UNBOUND


def test_computed_geometries_are_the_literals_that_are_written_for_them(context: Context) -> None:
    space = TermSpace(context.snapshot)
    shapes: Any = np.array([shapely.Point(1, 2), shapely.Point(3, 4), shapely.Point(3, 4), None], dtype=object)[:3]
    ids = space.shape_ids(shapes)
    assert ids[0] == context.snapshot.find(STORED[5]), "a literal that is stored already keeps its id"
    assert ids[1] == ids[2] == space.shape_id(shapely.Point(3, 4)) == space.id(literal("POINT (3 4)", str(GEO.wktLiteral)))
    assert space.shape_of(int(ids[1])) == shapely.Point(3, 4)
    assert space.shape_of(int(ids[0])) is None
    assert space.term(space.shape_id(shapely.Point(3, 4), EPSG4326)).text == f"<{EPSG4326.iri}> POINT (4 3)"


def test_size_grows_with_what_is_kept(context: Context) -> None:
    space = TermSpace(context.snapshot)
    assert space.size == 0
    space.listed([literal("x" * 1000)])
    assert space.size > 1000


def test_a_column_of_terms_has_each_type_once() -> None:
    column = column_of([literal("a"), iri("b"), literal("c")])
    assert column.types == (STRING, iri("b").type)
    assert column.code.tolist() == [0, 1, 0]
    assert len(column_of([])) == 0
