"""The Graph Store HTTP Protocol beyond the W3C's own tests: syntaxes, packing, whole datasets, and refusals that change nothing."""

from __future__ import annotations

import gzip

import pyoxigraph as ox
import pytest

from earthweave.ontology import ParameterError

PATH, GRAPH = "/rdf-graph-store", {"graph": "http://e/g"}
TURTLE = b"@prefix e: <http://e/> . e:a e:b 1, [ e:c 'x' ] ."
QUADS = b"<http://e/a> <http://e/b> <http://e/c> .\n<http://e/a> <http://e/b> <http://e/d> <http://e/g> .\n"
FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/trig": ox.RdfFormat.TRIG,
}


def canonical(body: bytes, media_type: str) -> ox.Dataset:
    dataset = ox.Dataset(ox.parse(body, format=FORMATS[media_type]))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return dataset


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("media_type", FORMATS)
def test_a_graph_comes_back_in_every_syntax(empty, media_type: str, packed: bool) -> None:
    assert empty.write("PUT", PATH, GRAPH, TURTLE, Content_Type="text/turtle").status == 201
    reply = empty.send("GET", PATH, GRAPH, Accept=media_type, **({"Accept_Encoding": "gzip"} if packed else {}))
    body = gzip.decompress(reply.body) if packed else reply.body
    assert (reply.status, reply.header("Content-Type").partition(";")[0]) == (200, media_type)
    assert reply.header("Content-Encoding") == ("gzip" if packed else "")
    assert int(reply.header("Content-Length")) == len(reply.body)
    assert canonical(body, media_type) == canonical(TURTLE, "text/turtle")


@pytest.mark.parametrize("media_type", ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"])
@pytest.mark.parametrize("packed", [False, True])
def test_every_syntax_is_taken(empty, media_type: str, packed: bool) -> None:
    dataset = ox.Dataset(ox.parse(TURTLE, format=ox.RdfFormat.TURTLE))
    body = ox.serialize([quad.triple for quad in dataset], format=FORMATS[media_type]) or b""
    headers = {"Content_Encoding": "gzip"} if packed else {}
    reply = empty.write("POST", PATH, GRAPH, gzip.compress(body) if packed else body, Content_Type=media_type, **headers)
    assert (reply.status, empty.count()) == (201, 3)


def test_the_whole_dataset_goes_out_and_comes_in(empty) -> None:
    assert empty.write("POST", PATH, (), QUADS, Content_Type="application/n-quads").status == 204
    for media_type in ("application/n-quads", "application/trig", "application/ld+json"):
        body = empty.send("GET", PATH, Accept=media_type).body
        assert canonical(body, media_type) == canonical(QUADS, "application/n-quads")
    only = b"GRAPH <http://e/h> { <http://e/x> <http://e/y> 2 }"
    assert empty.write("PUT", PATH, (), only, Content_Type="application/trig").status == 204
    assert canonical(empty.send("GET", PATH).body, "application/n-quads") == canonical(only, "application/trig")
    assert empty.send("GET", PATH, Accept="text/turtle").status == 406


def test_the_default_graph_is_not_the_union(empty) -> None:
    empty.write("POST", PATH, (), QUADS, Content_Type="application/n-quads")
    body = empty.send("GET", f"{PATH}?default", Accept="application/n-triples").body
    assert body == b"<http://e/a> <http://e/b> <http://e/c> .\n"
    assert empty.write("DELETE", f"{PATH}?default").status == 204
    assert empty.send("GET", PATH).body == b"<http://e/a> <http://e/b> <http://e/d> <http://e/g> .\n"


def test_a_document_that_cannot_be_read_leaves_the_old_graph(empty) -> None:
    empty.write("PUT", PATH, GRAPH, TURTLE, Content_Type="text/turtle")
    reply = empty.write("PUT", PATH, GRAPH, b"<http://e/a> <http://e/b>\n oops", Content_Type="text/turtle")
    assert (reply.status, reply.json()["code"], empty.count()) == (400, "bad-rdf", 3)
    assert "line 2" in reply.json()["detail"]
    assert empty.write("PUT", PATH, GRAPH, b"", Content_Type="text/turtle").status == 204
    assert empty.count() == 0


def test_a_document_that_cannot_be_read_leaves_the_whole_dataset(empty) -> None:
    empty.write("POST", PATH, (), QUADS, Content_Type="application/n-quads")
    before = empty.store.statistics().generation
    reply = empty.write("PUT", PATH, (), QUADS + b"oops", Content_Type="application/n-quads")
    assert (reply.status, empty.count(), empty.store.statistics().generation) == (400, 2, before)
    assert empty.write("PUT", PATH, (), QUADS, Content_Type="application/n-quads").status == 204
    assert empty.store.statistics().generation == before + 1
    assert canonical(empty.send("GET", PATH).body, "application/n-quads") == canonical(QUADS, "application/n-quads")
    empty.store.update("INSERT DATA { GRAPH <http://e/k> { <http://e/new> <http://e/b> 'new' } }")
    assert empty.count() == 3


@pytest.mark.parametrize(
    ("path", "parameters", "base"),
    [
        (PATH, GRAPH, "http://e/g"),
        (f"{PATH}/one/two", (), f"http://data.example{PATH}/one/two"),
        (f"{PATH}?default", (), f"http://data.example{PATH}"),
    ],
)
@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"<#a> <b> <> .", "text/turtle"),
        (b'{"@id": "#a", "b": [{"@id": ""}], "@context": {"b": {"@id": "%s"}}}', "application/ld+json"),
    ],
)
def test_relative_names_are_those_of_the_graph(empty, path: str, parameters, base: str, body: bytes, media_type: str) -> None:
    other = base[: base.rindex("/") + 1] + "b"
    content = body.replace(b"%s", other.encode())
    assert empty.write("PUT", path, parameters, content, Content_Type=media_type, Host="data.example").status in (201, 204)
    assert empty.store.query(f"ASK {{ <{base}#a> <{other}> <{base}> }}").boolean


def test_relative_names_of_a_new_graph_and_of_a_dataset(empty) -> None:
    reply = empty.write("POST", PATH, (), b"<> <http://e/p> 1 .", Content_Type="text/turtle", Host="data.example")
    location = reply.header("Location")
    assert empty.store.query(f"ASK {{ GRAPH <{location}> {{ <{location}> <http://e/p> 1 }} }}").boolean
    empty.write("PUT", PATH, (), b"GRAPH <g> { <a> <b> 1 }", Content_Type="application/trig", Host="data.example")
    assert empty.send("GET", PATH).body.startswith(b"<http://data.example/a> <http://data.example/b> ")


def test_a_base_that_is_none_is_told(empty, tmp_path) -> None:
    assert empty.write("PUT", PATH, {"graph": "http://[e/g"}, b"<a> <b> 1 .", Content_Type="text/turtle").status == 400
    (tmp_path / "a.ttl").write_bytes(b"<a> <b> 1 .")
    with pytest.raises(ParameterError, match="nothing can be relative to"):
        empty.store.load([tmp_path / "a.ttl"], address="http://[e/g")
    assert empty.count() == 0


ELSEWHERE = b'{"@id": "http://e/other", "@graph": [{"@id": "http://e/a", "http://e/b": 1}]}'
HERE = b'{"@graph": [{"@id": "http://e/a", "http://e/b": 1}]}'


@pytest.mark.parametrize(("method", "path"), [("PUT", f"{PATH}?default"), ("POST", f"{PATH}/one"), ("POST", PATH)])
def test_one_graph_reaches_no_other(empty, method: str, path: str) -> None:
    reply = empty.write(method, path, (), ELSEWHERE, Content_Type="application/ld+json")
    assert (reply.status, empty.count()) == (400, 0)
    assert "named graphs" in reply.json()["detail"]
    assert empty.write(method, path, (), HERE, Content_Type="application/ld+json").status in (201, 204)
    assert empty.count() == 1


def test_a_dataset_comes_in_as_json_ld_too(empty) -> None:
    empty.write("POST", PATH, (), QUADS, Content_Type="application/n-quads")
    assert empty.write("PUT", PATH, (), ELSEWHERE, Content_Type="application/ld+json").status == 204
    assert empty.store.query("ASK { GRAPH <http://e/other> { <http://e/a> ?p 1 } }").boolean
    assert empty.count() == 1


def test_a_graph_without_a_name_gets_one_below_the_store(empty) -> None:
    reply = empty.write("POST", PATH, (), TURTLE, Content_Type="text/turtle", Host="data.example")
    location = reply.header("Location")
    assert reply.status == 201
    assert location.startswith(f"http://data.example{PATH}/")
    assert empty.send("GET", location.removeprefix("http://data.example"), Host="data.example").status == 200
    assert empty.send("HEAD", PATH, {"graph": location}).status == 200


@pytest.mark.parametrize(
    ("method", "path", "parameters", "content_type", "status"),
    [
        ("PUT", PATH, GRAPH, "application/n-quads", 400),
        ("PUT", PATH, (), "text/turtle", 400),
        ("POST", PATH, GRAPH, "application/trig", 400),
        ("PUT", PATH, GRAPH, "text/csv", 415),
        ("PUT", PATH, GRAPH, "", 415),
        ("POST", PATH, GRAPH, "multipart/form-data; boundary=b", 400),
        ("PUT", PATH, {"graph": "relative"}, "text/turtle", 400),
        ("PUT", PATH, {"graph": "http://e/> } INSERT"}, "text/turtle", 400),
        ("PUT", PATH, [("graph", "http://e/g"), ("graph", "http://e/h")], "text/turtle", 400),
        ("PUT", PATH, {"graph": "http://e/g", "default": ""}, "text/turtle", 400),
        ("DELETE", PATH, (), "", 400),
        ("DELETE", PATH, GRAPH, "", 404),
        ("GET", PATH, GRAPH, "", 404),
        ("HEAD", PATH, GRAPH, "", 404),
        ("PATCH", PATH, GRAPH, "text/turtle", 405),
    ],
)
def test_refusals_change_nothing(empty, method: str, path: str, parameters, content_type: str, status: int) -> None:
    headers = {"Content_Type": content_type} if content_type else {}
    body = None if method in ("GET", "HEAD", "DELETE") else TURTLE
    reply = empty.write(method, path, parameters, body, **headers)
    assert (reply.status, empty.count()) == (status, 0)


def test_a_packed_body_of_another_kind_is_refused(empty) -> None:
    reply = empty.write("PUT", PATH, GRAPH, TURTLE, Content_Type="text/turtle", Content_Encoding="br")
    assert reply.status == 415
    assert empty.write("PUT", PATH, GRAPH, TURTLE, Content_Type="text/turtle", Content_Encoding="gzip").status == 400
