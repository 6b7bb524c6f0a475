"""A layer's provenance as RDF (W3C PROV-O, DCAT 3)."""

from __future__ import annotations

import json

from rdflib import RDF, XSD, Graph, Literal, URIRef

from earthweave.ontology import DCAT, DCTERMS, EW, EWR, PREFIXES, PROV, Layer, Source
from earthweave.processing.frame import digest


def _entity(content: str) -> URIRef:
    return URIRef(EWR[f"entity/{content.partition(':')[2][:20]}"])


def entity_iri(content: str) -> str:
    """IRI of whatever has this digest (``sha256:…``)."""
    return str(_entity(content))


def layer_iri(layer: Layer) -> str:
    """IRI of a layer by its content: what one run made and the next one used is the same entity, and lineage joins up."""
    return str(_entity(digest(layer.path)))


def provenance_graph(layer: Layer, content: str = "") -> Graph:
    """Describe layer, run and sources; everything that rests on simulated data says ``ew:simulated true``.

    ``content`` is the digest of the layer, if it is known already.
    """
    graph = Graph()
    for prefix, namespace in PREFIXES.items():
        graph.bind(prefix, namespace)
    subject, run = _entity(content) if content else URIRef(layer_iri(layer)), URIRef(layer.provenance.run)
    _describe_layer(graph, subject, run, layer)
    _describe_run(graph, run, layer)
    for source in layer.provenance.used:
        _describe_source(graph, run, subject, source)
    return graph


def _describe_layer(graph: Graph, subject: URIRef, run: URIRef, layer: Layer) -> None:
    graph.add((subject, RDF.type, URIRef(EW.Layer)))
    graph.add((subject, RDF.type, PROV.Entity))
    graph.add((subject, DCTERMS.title, Literal(layer.title, lang="en")))
    graph.add((subject, DCTERMS.identifier, Literal(layer.path.name)))
    graph.add((subject, DCAT.mediaType, Literal(layer.media_type)))
    graph.add((subject, DCAT.bbox, Literal(_box(*layer.bbox.bounds), datatype=URIRef("http://www.opengis.net/ont/geosparql#wktLiteral"))))
    graph.add((subject, PROV.wasGeneratedBy, run))
    graph.add((subject, EW.simulated, Literal(layer.simulated)))
    if layer.time is not None:
        start, end = layer.time.texts
        graph.add((subject, EW.phenomenonStart, Literal(start, datatype=XSD.dateTime)))
        graph.add((subject, EW.phenomenonEnd, Literal(end, datatype=XSD.dateTime)))
    for sentence in layer.provenance.attribution:
        graph.add((subject, DCTERMS.rights, Literal(sentence, lang="en")))


def _box(west: float, south: float, east: float, north: float) -> str:
    """WKT of a box; of two where it crosses the antimeridian."""
    if west > east:
        parts = (_box(west, south, 180.0, north), _box(-180.0, south, east, north))
        return f"MULTIPOLYGON ({', '.join(part.removeprefix('POLYGON ') for part in parts)})"
    return f"POLYGON (({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"


def _describe_run(graph: Graph, run: URIRef, layer: Layer) -> None:
    made = layer.provenance
    agent = URIRef(EWR[f"service/{made.service}/{made.version}"])
    graph.add((run, RDF.type, URIRef(EW.ServiceRun)))
    graph.add((run, RDF.type, PROV.Activity))
    graph.add((run, PROV.startedAtTime, Literal(made.started.isoformat(), datatype=XSD.dateTime)))
    graph.add((run, PROV.endedAtTime, Literal(made.ended.isoformat(), datatype=XSD.dateTime)))
    graph.add((run, PROV.wasAssociatedWith, agent))
    graph.add((run, EW.parameters, Literal(json.dumps(dict(made.parameters), sort_keys=True, default=str))))
    graph.add((run, EW.simulated, Literal(made.simulated)))
    graph.add((agent, RDF.type, PROV.SoftwareAgent))
    graph.add((agent, DCTERMS.title, Literal(f"{made.service} {made.version}")))


def _describe_source(graph: Graph, run: URIRef, layer: URIRef, source: Source) -> None:
    entity = _entity(source.digest)
    graph.add((run, PROV.used, entity))
    graph.add((layer, PROV.wasDerivedFrom, entity))
    graph.add((entity, RDF.type, PROV.Entity))
    graph.add((entity, DCTERMS.identifier, Literal(source.id)))
    graph.add((entity, EW.digest, Literal(source.digest)))
    graph.add((entity, EW.simulated, Literal(source.simulated)))
