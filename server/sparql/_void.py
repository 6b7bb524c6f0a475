"""What the store holds, in the Vocabulary of Interlinked Datasets (W3C Interest Group Note of 2011-03-03)."""

from __future__ import annotations

import pyoxigraph as ox

from earthweave.ontology import DCAT, DCTERMS, GEO, RDF, XSD
from earthweave.server.store import Census, Contents

from ._description import SD, VOID, format_iri
from ._triples import Node, Triples

WELL_KNOWN = "/.well-known/void"
_TOPIC = "http://xmlns.com/foaf/0.1/topic"
_WKT = ox.NamedNode(str(GEO.wktLiteral))
_FORMATS = ("turtle", "ntriples", "nquads", "trig", "jsonld", "rdfxml")


def void_description(base: str, census: Census) -> bytes:
    """The dataset and each of its graphs with partitions by property and class, bounding box and period, as N-Triples.

    ``base`` is the address of the server, without a slash at its end.
    """
    told = Triples()
    document = base + WELL_KNOWN
    whole = f"{document}#dataset"
    told.add(document, str(RDF.type), VOID + "DatasetDescription")
    told.add(document, _TOPIC, whole)
    told.add(whole, str(RDF.type), VOID + "Dataset")
    told.add(whole, VOID + "sparqlEndpoint", f"{base}/sparql")
    told.add(whole, VOID + "dataDump", f"{base}/rdf-graph-store")
    told.add(whole, VOID + "feature", *(format_iri(name) for name in _FORMATS))
    _tell(told, ox.NamedNode(whole), census.whole)
    for name, contents in census.graphs.items():
        part = told.node(VOID + "Dataset")
        told.add(whole, VOID + "subset", part)
        if name:
            told.add(part, str(RDF.type), SD + "NamedGraph")
            told.add(part, SD + "name", name)
        _tell(told, part, contents)
    return told.ntriples()


def _tell(told: Triples, dataset: Node, contents: Contents) -> None:
    told.add(dataset, VOID + "triples", contents.triples)
    told.add(dataset, VOID + "distinctSubjects", contents.subjects)
    told.add(dataset, VOID + "distinctObjects", contents.objects)
    told.add(dataset, VOID + "properties", len(contents.properties))
    told.add(dataset, VOID + "classes", len(contents.classes))
    for name, one in contents.properties.items():
        part = told.node(VOID + "Dataset")
        told.add(dataset, VOID + "propertyPartition", part)
        told.add(part, VOID + "property", name)
        told.add(part, VOID + "triples", one.triples)
        told.add(part, VOID + "distinctSubjects", one.subjects)
        told.add(part, VOID + "distinctObjects", one.objects)
    for name, instances in contents.classes.items():
        part = told.node(VOID + "Dataset")
        told.add(dataset, VOID + "classPartition", part)
        told.add(part, VOID + "class", name)
        told.add(part, VOID + "entities", instances)
    _extent(told, dataset, contents)


def _extent(told: Triples, dataset: Node, contents: Contents) -> None:
    if contents.bounds:
        west, south, east, north = contents.bounds
        place = told.node(str(DCTERMS.Location))
        corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
        ring = ", ".join(f"{x!r} {y!r}" for x, y in corners)
        told.add(dataset, str(DCTERMS.spatial), place)
        told.add(place, str(DCAT.bbox), ox.Literal(f"POLYGON (({ring}))", datatype=_WKT))
    if contents.period:
        span = told.node(str(DCTERMS.PeriodOfTime))
        told.add(dataset, str(DCTERMS.temporal), span)
        for predicate, text in zip((DCAT.startDate, DCAT.endDate), contents.period, strict=True):
            datatype = XSD.dateTime if "T" in text else XSD.date
            told.add(span, str(predicate), ox.Literal(text, datatype=ox.NamedNode(str(datatype))))
