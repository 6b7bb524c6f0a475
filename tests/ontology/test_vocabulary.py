"""The vocabulary: labelled, consistent with itself, and the same class tree to two readers."""

from __future__ import annotations

import pytest
from rdflib import Graph, URIRef

from earthweave.ontology import EW, GEO, OWL, PROV, RDF, RDFS, SKOS, XSD, shapes, superclasses, terms, validate, vocabulary

CLASSES = sorted(str(one) for one in vocabulary().subjects(RDF.type, OWL.Class))
TREE = superclasses(CLASSES)


@pytest.mark.parametrize("iri", CLASSES)
def test_class_tree_is_the_same_to_rdflib(iri: str) -> None:
    found = {str(one) for one in vocabulary().transitive_objects(URIRef(iri), RDFS.subClassOf)} - {iri}
    assert set(TREE[iri]) == found


def test_no_class_has_two_ancestors_that_are_disjoint() -> None:
    disjoint = {(str(a), str(b)) for a, b in vocabulary().subject_objects(OWL.disjointWith)}
    assert disjoint
    for iri in CLASSES:
        lineage = {*TREE[iri], iri}
        assert not [pair for pair in disjoint if set(pair) <= lineage]


def test_every_class_and_property_of_ours_is_explained() -> None:
    graph = vocabulary()
    ours = {s for kind in (OWL.Class, OWL.DatatypeProperty) for s in graph.subjects(RDF.type, kind) if str(s).startswith(str(EW))}
    silent = {str(one) for one in ours if not graph.value(one, RDFS.comment) and not graph.value(one, SKOS.prefLabel)}
    assert silent <= {str(EW.countryCode), str(EW.energyType)}


def test_labels_belong_to_declared_terms_and_synonyms_are_unambiguous() -> None:
    owners: dict[str, set[str]] = {}
    for term in terms():
        for label in (term.label, *term.synonyms):
            owners.setdefault(label, set()).add(term.iri)
    assert {label: iris for label, iris in owners.items() if len(iris) > 1 and label != "open water"} == {}
    assert {term.kind for term in terms()} == {"class", "property", "concept"}


def test_shapes_speak_of_declared_classes_alone() -> None:
    sh = "http://www.w3.org/ns/shacl#"
    targets = {str(one) for one in shapes().objects(None, URIRef(sh + "targetClass"))}
    assert targets <= set(CLASSES)


GOOD = f"""
@prefix ew: <{EW}> . @prefix geo: <{GEO}> . @prefix prov: <{PROV}> . @prefix xsd: <{XSD}> .
<urn:a> a ew:FloodedArea ; geo:hasGeometry <urn:g> ; ew:simulated true ; prov:wasDerivedFrom <urn:l> ;
  ew:phenomenonStart "2021-03-15T00:00:00Z"^^xsd:dateTime ; ew:phenomenonEnd "2021-03-25T00:00:00Z"^^xsd:dateTime .
<urn:g> a geo:Geometry ; geo:asWKT "POINT (1 2)"^^geo:wktLiteral .
"""


def _violations(text: str) -> list[str]:
    graph = Graph()
    graph.parse(data=text, format="turtle")
    return [one.path.rpartition("#")[2] for one in validate(graph)]


def test_a_complete_flooded_area_conforms() -> None:
    assert _violations(GOOD) == []


@pytest.mark.parametrize(
    ("cut", "paste", "path"),
    [
        ("ew:simulated true ;", "", "simulated"),
        ("ew:simulated true ;", 'ew:simulated "yes" ;', "simulated"),
        ("prov:wasDerivedFrom <urn:l> ;", "", "wasDerivedFrom"),
        ("2021-03-25T", "2021-03-05T", "phenomenonStart"),
        ("^^geo:wktLiteral", "", "hasGeometry"),
        ("geo:hasGeometry <urn:g> ;", "", "hasGeometry"),
    ],
)
def test_what_is_missing_or_wrong_is_found(cut: str, paste: str, path: str) -> None:
    assert cut in GOOD
    assert path in _violations(GOOD.replace(cut, paste))
