"""Namespaces used across the rooms, and the prefixes that people may leave out."""

from __future__ import annotations

from rdflib import Namespace

EW = Namespace("https://w3id.org/earthweave/ontology#")
EWR = Namespace("https://w3id.org/earthweave/id/")
FLO = Namespace("http://ai.di.uoa.gr/flood/ontology#")
FLOOD = Namespace("http://ai.di.uoa.gr/flood/")
GADMR = Namespace("http://www.app-lab.eu/gadm/")
GADMO = Namespace("http://www.app-lab.eu/gadm/ontology/")
GEO = Namespace("http://www.opengis.net/ont/geosparql#")
GEOF = Namespace("http://www.opengis.net/def/function/geosparql/")
SF = Namespace("http://www.opengis.net/ont/sf#")
GML = Namespace("http://www.opengis.net/ont/gml#")
UOM = Namespace("http://www.opengis.net/def/uom/OGC/1.0/")
SOSA = Namespace("http://www.w3.org/ns/sosa/")
PROV = Namespace("http://www.w3.org/ns/prov#")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCTERMS = Namespace("http://purl.org/dc/terms/")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")
QUDT = Namespace("http://qudt.org/schema/qudt/")
UNIT = Namespace("http://qudt.org/vocab/unit/")
TIME = Namespace("http://www.w3.org/2006/time#")
RDF = Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS = Namespace("http://www.w3.org/2000/01/rdf-schema#")
OWL = Namespace("http://www.w3.org/2002/07/owl#")
XSD = Namespace("http://www.w3.org/2001/XMLSchema#")

PREFIXES: dict[str, str] = {
    "ew": str(EW),
    "ewr": str(EWR),
    "flo": str(FLO),
    "gadmr": str(GADMR),
    "gadmo": str(GADMO),
    "geo": str(GEO),
    "geof": str(GEOF),
    "sf": str(SF),
    "uom": str(UOM),
    "sosa": str(SOSA),
    "prov": str(PROV),
    "dcat": str(DCAT),
    "dcterms": str(DCTERMS),
    "skos": str(SKOS),
    "qudt": str(QUDT),
    "unit": str(UNIT),
    "time": str(TIME),
    "rdf": str(RDF),
    "rdfs": str(RDFS),
    "owl": str(OWL),
    "xsd": str(XSD),
}
"""Prefix → namespace, for editors, writers and error messages."""
