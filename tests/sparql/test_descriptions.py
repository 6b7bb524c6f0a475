"""The service description and VoID say what is there: every function, and counts that the queries confirm."""

from __future__ import annotations

import pytest
import rdflib
from rdflib.namespace import DCAT, DCTERMS, VOID

from earthweave.server.api import create_app
from earthweave.server.results import FORMATS
from earthweave.server.store import Limits, open_store

SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
DATA = """
PREFIX e: <http://e/> PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
INSERT DATA {
  e:a a e:C ; e:p e:b, e:c ; geo:asWKT "POINT (10 50)"^^geo:wktLiteral ; e:when "2021-03-04"^^xsd:date . e:b a e:C ; e:p e:a .
  GRAPH <http://e/g> { e:a a e:C, e:D ; e:p e:b ; geo:asWKT "POINT (20 60)"^^geo:wktLiteral ; e:when "2022-01-01T00:00:00Z"^^xsd:dateTime }
  GRAPH <http://e/h> { e:z e:p 1, 2, _:x }
}"""


@pytest.fixture
def told(empty):
    empty.store.update(DATA)
    return empty


def graph_of(reply, parser: str = "turtle") -> rdflib.Graph:
    assert reply.status == 200
    return rdflib.Graph().parse(data=reply.body, format=parser)


@pytest.mark.parametrize(
    ("accept", "parser"),
    [
        ("text/turtle", "turtle"),
        ("application/rdf+xml", "xml"),
        ("application/ld+json", "json-ld"),
        ("application/n-triples", "nt"),
    ],
)
@pytest.mark.parametrize("path", ["/sparql", "/.well-known/void"])
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's own JSON-LD reader uses it
def test_both_are_told_in_every_syntax(told, path: str, accept: str, parser: str) -> None:
    reply = told.send("GET", path, Accept=accept)
    assert reply.header("Content-Type").startswith(accept)
    assert set(graph_of(reply, parser).predicates()) > {rdflib.RDF.type}


def test_a_browser_sees_a_page(told) -> None:
    page = told.send("GET", "/sparql", Accept="text/html,*/*;q=0.8")
    assert page.header("Content-Type") == "text/html; charset=utf-8"
    assert b"<pre>" in page.body
    assert b"extensionFunction" in page.body


def test_the_endpoint_describes_itself(told) -> None:
    graph = graph_of(told.send("GET", "/sparql", Host="data.example"))
    (service,) = graph.subjects(rdflib.RDF.type, SD.Service)
    extensions = told.store.extensions()
    assert list(graph.objects(service, SD.endpoint)) == [rdflib.URIRef("http://data.example/sparql")]
    named = set(map(str, graph.objects(service, SD.extensionFunction))) | set(map(str, graph.objects(service, SD.extensionAggregate)))
    assert named == {*extensions.functions, *extensions.aggregates}
    assert len([one for one in named if "geosparql/" in one]) > 60
    assert len([one for one in named if "strdf" in one]) > 60
    assert {"http://strdf.di.uoa.gr/ontology#during", "http://strdf.di.uoa.gr/ontology#extent"} <= named
    # a slip that runs with a warning is no function
    assert "http://www.opengis.net/def/function/geosparql/sIntersects" not in named
    assert set(graph.objects(service, SD.supportedLanguage)) == {SD.SPARQL11Query, SD.SPARQL11Update}
    assert len(set(graph.objects(service, SD.resultFormat))) == len(FORMATS)
    names = set(map(str, graph.objects(None, SD.name)))
    assert names == {"http://e/g", "http://e/h"}


def test_one_that_only_reads_says_so(send) -> None:
    graph = graph_of(send("GET", "/sparql"))
    assert set(graph.objects(None, SD.supportedLanguage)) == {SD.SPARQL11Query}
    assert not set(graph.objects(None, SD.inputFormat))


ENTAILMENT = "http://www.w3.org/ns/entailment/"
REWRITE = "http://www.opengis.net/spec/geosparql/1.1/conf/query-rewrite-extension"


class Nobody:
    """Stands for endpoints that are never asked."""

    def fetch(self, endpoint: str, query: str, *, seconds: float, largest: int) -> bytes:
        raise AssertionError(endpoint)


@pytest.mark.parametrize("federated", [False, True])
@pytest.mark.parametrize(
    ("entailment", "regime", "features"),
    [("simple", ENTAILMENT + "Simple", set()), ("relations", REWRITE, {REWRITE}), ("rdfs", ENTAILMENT + "RDFS", {REWRITE})],
)
def test_entailment_and_federation_are_told(tmp_path, entailment: str, regime: str, features: set[str], federated: bool) -> None:
    with open_store(tmp_path / "store", limits=Limits(entailment=entailment), remote=Nobody() if federated else None) as store:
        graph = rdflib.Graph().parse(data=create_app(store).test_client().get("/sparql").data, format="turtle")
    assert set(map(str, graph.objects(None, SD.defaultEntailmentRegime))) == {regime}
    wanted = {str(SD.UnionDefaultGraph), *features, *([str(SD.BasicFederatedQuery)] if federated else [])}
    assert set(map(str, graph.objects(None, SD.feature))) == wanted


def numbers(told, text: str) -> dict[str, list[int]]:
    """Name → counts, of a query whose first column is a name."""
    table = told.store.query(text).table.to_pylist()
    return {row["name"]["value"]: [int(row[key]["value"]) for key in row if key != "name"] for row in table}


def test_the_counts_are_those_of_queries(told) -> None:
    graph = graph_of(told.send("GET", "/.well-known/void", Host="data.example"))
    (whole,) = set(graph.subjects(VOID.sparqlEndpoint, rdflib.URIRef("http://data.example/sparql")))
    parts = {str(graph.value(part, SD.name) or ""): part for part in graph.objects(whole, VOID.subset)}
    assert set(parts) == {"", "http://e/g", "http://e/h"}
    for name in ("http://e/g", "http://e/h"):
        inside = f"GRAPH <{name}> {{ ?s ?name ?o }}"
        found = numbers(
            told, f"SELECT ?name (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?a) (COUNT(DISTINCT ?o) AS ?b) {{ {inside} }} GROUP BY ?name"
        )
        assert partitions(graph, parts[name]) == found
        classes = numbers(told, f"SELECT ?name (COUNT(DISTINCT ?s) AS ?n) {{ GRAPH <{name}> {{ ?s a ?name }} }} GROUP BY ?name")
        counted = {
            str(graph.value(one, VOID["class"])): [int(graph.value(one, VOID.entities))]
            for one in graph.objects(parts[name], VOID.classPartition)
        }
        assert counted == classes
    union = numbers(told, "SELECT ?name (COUNT(DISTINCT ?s) AS ?a) (COUNT(DISTINCT ?o) AS ?b) { ?s ?name ?o } GROUP BY ?name")
    assert {name: found[1:] for name, found in partitions(graph, whole).items()} == union
    assert int(graph.value(whole, VOID.triples)) == told.count()
    (total,) = told.store.query("SELECT (COUNT(DISTINCT ?s) AS ?a) (COUNT(DISTINCT ?o) AS ?b) { ?s ?p ?o }").table.to_pylist()
    assert int(graph.value(whole, VOID.distinctSubjects)) == int(total["a"]["value"])
    assert int(graph.value(whole, VOID.distinctObjects)) == int(total["b"]["value"])


def partitions(graph: rdflib.Graph, dataset: rdflib.term.Node) -> dict[str, list[int]]:
    keys = (VOID.triples, VOID.distinctSubjects, VOID.distinctObjects)
    return {
        str(graph.value(one, VOID.property)): [int(str(graph.value(one, key))) for key in keys]
        for one in graph.objects(dataset, VOID.propertyPartition)
    }


def test_space_and_time_are_told_per_graph(told) -> None:
    census = told.store.census()
    graph = graph_of(told.send("GET", "/.well-known/void"))
    boxes = {str(one) for one in graph.objects(None, DCAT.bbox)}
    assert census.whole.bounds == (10.0, 50.0, 20.0, 60.0)
    assert census.graphs["http://e/g"].bounds == (20.0, 60.0, 20.0, 60.0)
    assert census.graphs["http://e/h"].bounds is None
    assert "POLYGON ((10.0 50.0, 20.0 50.0, 20.0 60.0, 10.0 60.0, 10.0 50.0))" in boxes
    assert len(boxes) == 3
    assert census.whole.period == ("2021-03-04", "2022-01-01T00:00:00Z")
    spans = {(str(graph.value(one, DCAT.startDate)), str(graph.value(one, DCAT.endDate))) for one in graph.objects(None, DCTERMS.temporal)}
    assert ("2021-03-04", "2022-01-01T00:00:00+00:00") in spans  # as rdflib writes it


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        (['"2020-04-02T10:46:00.031000+00:00"'], "2020-04-02T10:46:00.031Z", "2022-01-01T00:00:00Z"),
        (['"2020-06-01T00:30:00+02:00"', '"2020-05-31T23:00:00Z"'], "2020-05-31T22:30:00Z", "2022-01-01T00:00:00Z"),
        (['"2023-04-02T10:46:00.5Z"', '"2023-04-02T12:45:00.50+02:00"'], "2021-03-04", "2023-04-02T10:46:00.5Z"),
        (['"2023-12-31T23:30:00.000000-01:00"'], "2021-03-04", "2024-01-01T00:30:00Z"),
        (['"2023-04-02T10:46:00.123456789Z"'], "2021-03-04", "2023-04-02T10:46:00.123456Z"),
        (['"2020-02-30T00:00:00Z"', '"UC"', '"NOW"', '"soon"'], "2021-03-04", "2022-01-01T00:00:00Z"),
    ],
)
def test_times_count_in_whatever_form_they_are_written(told, written: list[str], first: str, last: str) -> None:
    values = ", ".join(f"{one}^^<{rdflib.XSD.dateTime}>" for one in written)
    told.store.update(f"INSERT DATA {{ GRAPH <http://e/more> {{ <http://e/a> <http://e/when> {values} }} }}")
    assert told.store.census().whole.period == (first, last)


def test_dates_with_a_zone_and_stamps_count(told) -> None:
    stamp, date = '"2024-05-06T07:08:09.10Z"^^xsd:dateTimeStamp', '"2020-05-06+02:00"^^xsd:date'
    told.store.update(
        f"PREFIX xsd: <{rdflib.XSD}> INSERT DATA {{ GRAPH <http://e/more> {{ <http://e/a> <http://e/when> {stamp}, {date} }} }}"
    )
    period = ("2020-05-05T22:00:00Z", "2024-05-06T07:08:09.1Z")
    assert told.store.census().graphs["http://e/more"].period == told.store.census().whole.period == period
    graph = graph_of(told.send("GET", "/.well-known/void"))
    assert rdflib.Literal(period[0], datatype=rdflib.XSD.dateTime) in set(graph.objects(None, DCAT.startDate))


def test_it_follows_the_data(told) -> None:
    before = graph_of(told.send("GET", "/.well-known/void"))
    told.store.update("CLEAR ALL")
    after = graph_of(told.send("GET", "/.well-known/void"))
    assert len(after) < len(before)
    assert set(map(int, after.objects(None, VOID.triples))) == {0}
