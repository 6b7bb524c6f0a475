"""No name, label or text changes the shape of a query."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from rdflib import Literal, URIRef
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.parserutils import CompValue

from earthweave.ontology import ParameterError
from earthweave.qa.knowledge import ClassEntry, Knowledge, PropertyEntry
from earthweave.qa.planning import plan
from earthweave.qa.request import Compare, Concept, Has, Named, Property, Request, Spatial, Text, Things
from earthweave.server.store.engine import parse

E = "http://example.org/"
HOSTILE = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30) | st.text("\"\\\n\r'}{)(<>#?$ab|", max_size=12)
_IRI = st.text("abcXYZ0189-_.~()é", min_size=1, max_size=10).map(lambda text: E + text)


def _request(text: str, name: str, iri: str) -> Request:
    place = Things(named=(Named(name, (iri,), E + "Place", "east"),))
    constraints = (
        Spatial("within", (place,)),
        Compare(Property(name, E + "kind"), "=", Text(text)),
        Compare(Property(name, E + "kind"), "!=", Text(text, contains=True)),
        Has(Property(text, E + "kind")),
    )
    return Request("find", Things((Concept(text, E + "Shop"),), constraints=constraints), (Property(name, E + "kind"),))


def _knowledge(text: str) -> Knowledge:
    shop = ClassEntry(E + "Shop", (text,), condition=(E + "tag", text))
    kind = PropertyEntry(E + "kind", (text,), dimension="text", values=(text,))
    return Knowledge(classes={E + "Shop": shop}, properties={E + "kind": kind})


def _shape(tree: Any) -> Any:
    """The algebra without its terms."""
    if isinstance(tree, CompValue):
        return tree.name, tuple((key, _shape(tree[key])) for key in sorted(tree) if key not in ("_vars", "datatypes"))
    if isinstance(tree, list | tuple):
        return tuple(map(_shape, tree))
    if isinstance(tree, dict | set | frozenset):
        return type(tree).__name__
    return type(tree).__name__ if isinstance(tree, URIRef | Literal) else str(tree)


def _algebra(text: str, name: str, iri: str) -> Any:
    planned = plan(_request(text, name, iri), _knowledge(text))
    parse(planned.text)
    return _shape(prepareQuery(planned.text).algebra)


_FEW = settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate])
PLAIN = _algebra("plain", "Plain", f"{E}plain")


@_FEW
@given(HOSTILE, HOSTILE, _IRI)
@example('\n\\"', '"""', E + "x")
@example('" } UNION { ?s ?p ?o } #', "'''", E + "x")
def test_texts_stay_terms(text: str, name: str, iri: str) -> None:
    # a text with "://" may be the IRI of a member's value, which is a term of another type
    text = text.replace("://", ":")
    assert _algebra(text, name, iri) == PLAIN


@_FEW
@given(HOSTILE)
def test_texts_arrive_as_they_are(text: str) -> None:
    planned = plan(_request(text.replace("://", ":"), "x", f"{E}x"), _knowledge(text.replace("://", ":")))
    found = set[str]()

    def walk(tree: Any) -> None:
        if isinstance(tree, Literal):
            found.add(str(tree))
        elif isinstance(tree, CompValue):
            for key in tree:
                walk(tree[key])
        elif isinstance(tree, list | tuple):
            for one in tree:
                walk(one)

    walk(prepareQuery(planned.text).algebra)
    assert text.replace("://", ":").lower() in found


@pytest.mark.parametrize("iri", [f"{E}a> }} #", f"{E}a b", f'{E}"', "http://example.org/\n", f"{E}{{", "", "b0", "_:b0"])
def test_what_is_no_iri_is_refused(iri: str) -> None:
    planned = plan(_request("x", "x", iri), _knowledge("x"))
    with pytest.raises(ParameterError, match="no IRI"):
        assert planned.text
