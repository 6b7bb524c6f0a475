"""The class tree: what follows from what is stated, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import Graph, URIRef

from earthweave.ontology import OWL, RDF, RDFS, superclasses

E = "http://example.org/"
PREFIXES = f"@prefix : <{E}> . @prefix owl: <{OWL}> . @prefix rdfs: <{RDFS}> . @prefix rdf: <{RDF}> .\n"
SMALL = '[ a owl:Restriction ; owl:onProperty :size ; owl:hasValue "small" ]'
WET = "[ a owl:Restriction ; owl:onProperty :holds ; owl:someValuesFrom :Water ]"


def above(cls: str, axioms: str) -> list[str]:
    graph = Graph()
    graph.parse(data=PREFIXES + axioms, format="turtle")
    return [iri.removeprefix(E) for iri in superclasses([E + cls], graph)[E + cls]]


@pytest.mark.parametrize(
    ("axioms", "found"),
    [
        (":A rdfs:subClassOf :B . :B rdfs:subClassOf :C .", ["B", "C"]),
        (":A owl:equivalentClass :B . :B rdfs:subClassOf :C .", ["B", "C"]),
        (":B owl:equivalentClass :A .", ["B"]),
        (":A rdfs:subClassOf [ owl:intersectionOf ( :B :C ) ] .", ["B", "C"]),
        (f":A owl:equivalentClass [ owl:intersectionOf ( :B {SMALL} ) ] .", ["B"]),
        (":U owl:equivalentClass [ owl:unionOf ( :A :B ) ] .", ["U"]),
        (f":A rdfs:subClassOf :B , {SMALL} . :D owl:equivalentClass [ owl:intersectionOf ( :B {SMALL} ) ] . :D rdfs:subClassOf :E .",
         ["B", "D", "E"]),
        (f":A rdfs:subClassOf {WET} . :D owl:equivalentClass {WET} .", ["D"]),
        (":A rdfs:subClassOf :B . :B rdfs:subClassOf :C . :C rdfs:subClassOf :A .", ["B", "C"]),
    ],
)  # fmt: skip
def test_what_follows_is_found(axioms: str, found: list[str]) -> None:
    assert above("A", axioms) == found


@pytest.mark.parametrize(
    "axioms",
    [
        ":A owl:equivalentClass [ owl:unionOf ( :B :C ) ] .",
        ":B rdfs:subClassOf :A .",
        f":A rdfs:subClassOf {SMALL} . :D owl:equivalentClass [ owl:intersectionOf ( :B {SMALL} ) ] .",
        f":A rdfs:subClassOf {SMALL} . :D rdfs:subClassOf {SMALL} .",
        ':A rdfs:subClassOf "B" , [] , [ owl:intersectionOf rdf:nil ] , [ owl:onProperty :p ] . _:x owl:unionOf ( :A _:x ) .',
        f":A rdfs:subClassOf {SMALL} . :size rdfs:subClassOf :D . :D owl:equivalentClass {SMALL} .",
    ],
)
def test_what_does_not_follow_is_not(axioms: str) -> None:
    assert above("A", axioms) == []


@settings(max_examples=25, deadline=None)
@given(st.sets(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=12))
def test_stated_superclasses_are_those_of_the_graph(pairs: set[tuple[str, str]]) -> None:
    """Rings among them: any class of a ring is above any other."""
    graph = Graph()
    for below, higher in pairs:
        graph.add((URIRef(E + below), RDFS.subClassOf, URIRef(E + higher)))
    for iri, found in superclasses([E + name for name in "abcdef"], graph).items():
        wanted = {str(one) for one in graph.transitive_objects(URIRef(iri), RDFS.subClassOf)} - {iri}
        assert set(found) == wanted
        assert len(found) == len(wanted)
