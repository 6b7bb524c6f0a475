"""Documents of every syntax as blocks of statements."""

from __future__ import annotations

import io
from typing import Any

import pyoxigraph as ox
import pytest

from earthweave.ontology import RdfSyntaxError, SizeLimitError, UnsupportedError
from earthweave.server.store.loading import SYNTAXES, blocks_other, quads_of

S, P = ox.NamedNode("http://a/s"), ox.NamedNode("http://a/p")
DATA = [
    ox.Quad(S, P, ox.Literal("é \"x\"\n", language="en-gb"), ox.DefaultGraph()),
    ox.Quad(S, ox.NamedNode("http://a/q"), ox.Literal("1", datatype=ox.NamedNode("http://a/d")), ox.DefaultGraph()),
    ox.Quad(ox.NamedNode("http://a/t"), P, S, ox.DefaultGraph()),
]


def _rows(blocks: Any) -> set[tuple[Any, ...]]:
    found = set()
    for block in blocks:
        terms = list(zip(block.terms.text.to_pylist(), [block.terms.types[code] for code in block.terms.code], strict=True))
        places = zip(block.subject, block.predicate, block.object, block.graph, strict=True)
        found |= {(terms[s], terms[p], terms[o], terms[g] if g >= 0 else None) for s, p, o, g in places}
    return found


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_syntax_gives_the_same_statements(syntax: str) -> None:
    form = SYNTAXES[syntax]
    written = ox.serialize(DATA if form.supports_datasets else [quad.triple for quad in DATA], format=form)
    expected = ox.serialize(DATA, format=ox.RdfFormat.N_QUADS)
    assert written is not None and expected is not None
    assert len(_rows(quads_of(written, syntax))) == 3
    assert _rows(quads_of(written, syntax)) == _rows(quads_of(expected, "nquads"))


def test_blocks_are_bounded() -> None:
    document = b"".join(b"<a:s> <a:p> <a:o%d> <a:g> .\n" % number for number in range(25))
    blocks = list(blocks_other(io.BytesIO(document), "nquads", source="x", block=10))
    assert [len(block) for block in blocks] == [10, 10, 5]
    assert len(_rows(blocks)) == 25


def test_blank_nodes_keep_together_in_a_document_and_apart_between_two() -> None:
    document = b"_:x <a:p> _:x . [] <a:p> _:x ."
    first, second = (list(quads_of(document, "turtle"))[0] for _ in range(2))
    assert first.subject[0] == first.object[0] == first.object[1] != first.subject[1]
    assert set(first.terms.text.to_pylist()) & set(second.terms.text.to_pylist()) == {"a:p"}


def test_relative_iris_are_resolved_against_the_name() -> None:
    (block,) = blocks_other(b"<#x> <a:p> <other> .", "turtle", source="a file.ttl")
    assert {"file:///a%20file.ttl#x", "file:///other"} < set(block.terms.text.to_pylist())


def test_an_error_has_line_and_column() -> None:
    with pytest.raises(RdfSyntaxError, match="x.ttl, line 2, column 7"):
        list(blocks_other(b"<a:s> <a:p> 1 .\n<a:s> nonsense .", "turtle", source="x.ttl"))


@pytest.mark.parametrize("document", ['<a:s> <a:p> "x"@en--ltr .', "<a:s> <a:p> <<( <a:s> <a:p> <a:o> )>> ."])
def test_what_cannot_be_stored_raises(document: str) -> None:
    with pytest.raises(UnsupportedError, match="cannot be stored"):
        list(quads_of(document.encode(), "turtle"))


def test_a_statement_beyond_the_parsers_buffer_is_a_limit() -> None:
    with pytest.raises(SizeLimitError, match="larger than 16 MiB"):
        list(blocks_other(io.BytesIO(b'<a:s> <a:p> "' + b"x" * (17 << 20) + b'" .'), "turtle", source="x"))
