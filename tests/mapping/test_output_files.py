"""Files of every form, read back by what others wrote; whole or not there at all."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph

from earthweave.mapping.output import PACKINGS, SYNTAXES, Form, OutputLimits, form_of, write_rdf
from earthweave.mapping.plan import Chunk
from earthweave.ontology import InputError, MappingError, SizeLimitError, UnsupportedError

TRIPLES = (
    b'<http://e.org/a> <http://e.org/p#name> "Z\xc3\xbcrich \\"x\\"\\n" .\n'
    b'<http://e.org/a> <http://e.org/p#n> "1"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
    b"<http://e.org/b> <http://e.org/p#knows> _:b61 .\n_:b61 <http://e.org/p#name> \"x\"@en .\n"
)
GRAPH = b'<http://e.org/a> <http://e.org/p#name> "in a graph" <http://e.org/g> .\n'
UNPACK: dict[str, Callable[[Path], bytes]] = {
    "": Path.read_bytes,
    "gzip": lambda path: gzip.decompress(path.read_bytes()),
    "bzip2": lambda path: bz2.decompress(path.read_bytes()),
    "xz": lambda path: lzma.decompress(path.read_bytes()),
    "zip": lambda path: _zipped(path),
    "targz": lambda path: _tarred(path),
    "tarxz": lambda path: _tarred(path),
}
READERS = {"turtle": "turtle", "trig": "TRIG", "n3": "N3", "rdfxml": "xml", "jsonld": "JSON_LD"}


def _zipped(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        (name,) = archive.namelist()
        assert name == path.name.removesuffix(".zip")
        return archive.read(name)


def _tarred(path: Path) -> bytes:
    with tarfile.open(path) as archive:
        (member,) = archive.getmembers()
        assert member.name == path.name.split(".tar")[0]
        found = archive.extractfile(member)
        assert found is not None
        return found.read()


def _canonical(quads: object) -> set[str]:
    data = ox.Dataset(quads)  # type: ignore[arg-type]
    data.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in data}


def _chunk(data: bytes) -> Chunk:
    return Chunk(data, data.count(b"\n"))


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("a.nt", Form("ntriples")), ("a.nq.gz", Form("nquads", "gzip")), ("a.ttl", Form("turtle")), ("A.TTL.BZ2", Form("turtle", "bzip2")),
        ("a.trig.xz", Form("trig", "xz")), ("a.rdf.zip", Form("rdfxml", "zip")), ("a.jsonld.tar.gz", Form("jsonld", "targz")),
        ("a.nt.tgz", Form("ntriples", "targz")), ("a.rj.tar.xz", Form("rdfjson", "tarxz")), ("a", Form("nquads")), ("a.b", Form("nquads")),
    ],
)
def test_the_name_says_the_form(name: str, form: Form) -> None:
    assert form_of(Path(name)) == form


def test_the_form_may_be_said_under_its_usual_names() -> None:
    assert form_of(Path("a.ttl.gz"), "RDF_XML", "none") == Form("rdfxml", "")
    assert form_of(Path("a"), "N-Triples", "tar.xz") == Form("ntriples", "tarxz")
    with pytest.raises(UnsupportedError, match="RDFa"):
        form_of(Path("a"), "RDFa")
    with pytest.raises(UnsupportedError, match="rar"):
        form_of(Path("a"), None, "rar")


@pytest.mark.parametrize("packing", ["", *PACKINGS])
def test_every_packing_holds_the_same_bytes_each_time(packing: str, tmp_path: Path) -> None:
    suffix = {"": "", "gzip": ".gz", "bzip2": ".bz2", "xz": ".xz", "zip": ".zip", "targz": ".tar.gz", "tarxz": ".tar.xz"}[packing]
    written = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        path = tmp_path / folder / f"a.nq{suffix}"
        size = write_rdf(path, [_chunk(TRIPLES), _chunk(GRAPH)] * 400, form_of(path))
        assert size == path.stat().st_size
        assert UNPACK[packing](path) == (TRIPLES + GRAPH) * 400
        written.append(path.read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize("syntax", READERS)
def test_documents_say_what_the_lines_say(syntax: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    data = TRIPLES + GRAPH if syntax in ("trig", "jsonld") else TRIPLES
    write_rdf(path, [_chunk(data[: data.index(b"\n") + 1]), _chunk(data[data.index(b"\n") + 1:])], Form(syntax))
    if syntax in ("turtle", "rdfxml"):
        lines = Graph().parse(path, format=READERS[syntax]).serialize(format="nt").encode()
        ours = ox.parse(lines, ox.RdfFormat.N_TRIPLES)
    else:
        ours = ox.parse(path.read_bytes(), getattr(ox.RdfFormat, READERS[syntax]))
    assert _canonical(ours) == _canonical(ox.parse(data, ox.RdfFormat.N_QUADS))


def test_prefixes_are_those_that_are_used(tmp_path: Path) -> None:
    path = tmp_path / "a.ttl"
    write_rdf(path, [_chunk(b'<http://e.org/a> <http://xmlns.com/foaf/0.1/name> "x" .\n')], Form("turtle"))
    assert "foaf:name" in path.read_text()
    assert "skos" not in path.read_text()


@pytest.mark.parametrize("encoding", ["", "UTF-8", "utf-16", "UTF-16LE", "utf-32"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.nt"
    pieces = [TRIPLES[:35], TRIPLES[35:]]
    assert pieces[0].endswith(b"Z\xc3") or b"\xc3" in pieces[0] + pieces[1]
    write_rdf(path, [Chunk(piece, 1) for piece in pieces], Form("ntriples", "", encoding), may_hold_graphs=False)
    assert path.read_bytes().decode(encoding or "utf-8").encode() == TRIPLES
    if encoding == "utf-16":
        assert path.read_bytes()[:2] in (b"\xff\xfe", b"\xfe\xff")


@pytest.mark.parametrize("encoding", ["latin-1", "klingon"])
def test_encodings_that_cannot_hold_rdf_are_refused(encoding: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match=encoding):
        write_rdf(tmp_path / "a.nt", [], Form("ntriples", "", encoding))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("syntax", [one for one in SYNTAXES if not Form(one).graphs])
def test_graphs_are_refused_where_there_are_none(syntax: str, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text("as before")
    with pytest.raises(MappingError, match="cannot be written as") as caught:
        write_rdf(path, [_chunk(TRIPLES), _chunk(GRAPH)], Form(syntax))
    assert "graph" in caught.value.why
    assert path.read_text() == "as before"
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_rdf_json_types_its_values(tmp_path: Path) -> None:
    import json

    path = tmp_path / "a.rj"
    write_rdf(path, [_chunk(TRIPLES)], form_of(path))
    found = json.loads(path.read_text("utf-8"))
    number = {"type": "literal", "value": "1", "datatype": "http://www.w3.org/2001/XMLSchema#integer"}
    assert found["http://e.org/a"]["http://e.org/p#n"] == [number]
    assert found["http://e.org/b"]["http://e.org/p#knows"] == [{"type": "bnode", "value": "_:b61"}]
    assert found["_:b61"]["http://e.org/p#name"] == [{"type": "literal", "value": "x", "lang": "en"}]


def test_documents_have_a_limit_and_lines_have_none(tmp_path: Path) -> None:
    many = [_chunk(TRIPLES * 2000)] * 4
    bounds = OutputLimits(document_memory=1)
    with pytest.raises(SizeLimitError, match="too large for turtle") as caught:
        write_rdf(tmp_path / "a.ttl", many, Form("turtle"), bounds)
    assert "document_memory" in caught.value.why
    assert write_rdf(tmp_path / "a.nt", many, Form("ntriples"), bounds) == 8000 * len(TRIPLES)
    assert [one.name for one in tmp_path.iterdir()] == ["a.nt"]


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_rdf(tmp_path / "no" / "a.nt", [], Form("ntriples"))


def test_failure_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> object:
        yield _chunk(TRIPLES)
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        write_rdf(tmp_path / "a.nq.zip", broken(), Form("nquads", "zip"))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=8), max_size=6))
def test_any_text_comes_back_from_turtle(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    quads = {ox.Quad(ox.NamedNode("http://e.org/s"), ox.NamedNode("http://e.org/p"), ox.Literal(text)) for text in texts}
    data = ox.serialize(quads, format=ox.RdfFormat.N_QUADS) or b""
    path = tmp_path_factory.getbasetemp() / "any.ttl"
    write_rdf(path, [Chunk(data, len(quads))], Form("turtle"))
    assert set(ox.parse(path.read_bytes(), ox.RdfFormat.TURTLE)) == quads
