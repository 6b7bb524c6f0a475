"""The vectorised reader of N-Triples and N-Quads against pyoxigraph on the same bytes."""

from __future__ import annotations

import io
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earthweave.ontology import RdfSyntaxError, UnsupportedError
from earthweave.server.store.loading import Rejected, blocks_ntriples

FORMS = {"ntriples": ox.RdfFormat.N_TRIPLES, "nquads": ox.RdfFormat.N_QUADS}
TYPED = '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'
WKT = '"<http://www.opengis.net/def/crs/EPSG/0/4326> POINT (1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>'


def rows_of(blocks: Any) -> set[tuple[Any, ...]]:
    found = set()
    for block in blocks:
        texts = zip(block.terms.text.to_pylist(), block.terms.code.tolist(), strict=True)
        terms = [(text, block.terms.types[code]) for text, code in texts]
        assert len(set(terms)) == len(terms)
        used = {*block.subject.tolist(), *block.predicate.tolist(), *block.object.tolist(), *block.graph.tolist()} - {-1}
        assert used == set(range(len(terms)))
        places = zip(block.subject, block.predicate, block.object, block.graph, strict=True)
        found |= {(terms[s], terms[p], terms[o], terms[g] if g >= 0 else None) for s, p, o, g in places}
    return found


def plain(term: Any) -> Any:
    if isinstance(term, ox.DefaultGraph):
        return None
    if isinstance(term, ox.NamedNode):
        return term.value, (0, "", "")
    if isinstance(term, ox.BlankNode):
        return "t" + term.value, (1, "", "")
    if isinstance(term, ox.Literal) and not term.direction:
        return term.value, (2, term.datatype.value, term.language or "")
    raise TypeError(term)


def oracle(document: bytes, syntax: str) -> tuple[set[tuple[Any, ...]], list[int]]:
    """Statements of the good lines, and numbers of the bad ones, one line at a time."""
    found, bad = set(), []
    body = document.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    for number, line in enumerate(body.split(b"\n"), 1):
        try:
            found |= {tuple(map(plain, (q.subject, q.predicate, q.object, q.graph_name))) for q in ox.parse(line, format=FORMS[syntax])}
        except (SyntaxError, TypeError):
            bad.append(number)
    return found, bad


def read(document: bytes, syntax: str, **options: Any) -> tuple[set[tuple[Any, ...]], list[int]]:
    rejected = Rejected(samples=_All())
    found = rows_of(blocks_ntriples(io.BytesIO(document), source="x", syntax=syntax, strict=False, token="t", rejected=rejected, **options))
    return found, sorted(one.line for one in rejected.samples)


class _All(list[Any]):
    """A list that claims to be empty, so that every sample is kept."""

    def __len__(self) -> int:
        return 0


SUBJECTS = ["<http://a.example/s>", "_:b1", "_:b.c", "<urn:x:y>",
            "<http://a/%C3%A9?q=1#f>", "<a:é>", "_:é", "<a:\\u00e9>", "<http://u@h:80/>"]
OBJECTS = [*SUBJECTS,
           '"x"', '"x y"', '"é"', '"x"@en', '"x"@EN', '"x"@en-gb', TYPED, WKT, '"a\\"b"', '"a\\\\"', '"\\u00e9\\U0001F600\\n"@de', '"x"^^<http://www.w3.org/2001/XMLSchema#string>',
           '""', '"\\t"^^<a:d>', '"a\\u0041"', '"<a:s>"', '"_:b"', '" . "', '"#"',
           '"\u2028\x7f\x00"', '"x"@en--ltr', '"\\ud800"', '"\\U00110000"', '"x"^^<rel>', '"x"@', '<rel>', '5', "<a b>"]
PREDICATES = ["<http://a.example/p>", "<a:p>", "<a:p%41>", "_:b", "<p>"]
GRAPHS = ["", "", "<a:g>", "_:g", "<http://a.example/s>", '"g"']
GAPS = [" ", " ", " ", "\t", "  ", ""]
ENDS = [" .", " .", ".", " . ", " . # c", ' . # "c"', "", " . .", "  .", " .\t", ". <a:s> <a:p> <a:o> ."]
NASTY = [b'"', b"\\", b"<", b">", b" ", b"\t", b".", b"#", b"\r", b"\n",
         b"\xff", b"\xc3", b"\xe9", b"_:", b"", b"", b"_", b"@", b"^^", b"\x00", b"\x0b",
         b"%", b"a", b":"]


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    pick = lambda choices: draw(st.sampled_from(choices))  # noqa: E731
    kind = draw(st.integers(0, 11))
    if kind == 0:
        return pick(["", " ", "# c", "\t# c", "#", '# "x" .', "."]).encode()
    likely = kind < 8
    gaps = [" "] * 4 if likely else [pick(GAPS) for _ in range(4)]
    head = pick(["", "", "", " "]) if not likely else ""
    graph = pick(GRAPHS)
    text = head + pick(SUBJECTS) + gaps[0] + pick(PREDICATES[:3] if likely else PREDICATES) + gaps[1] + pick(OBJECTS)
    return (text + (gaps[2] + graph if graph else "") + (" ." if likely else pick(ENDS))).encode()


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    body = draw(st.sampled_from([b"\n", b"\n", b"\r\n"])).join(draw(st.lists(lines(), max_size=12)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(body)))
        body = body[:place] + draw(st.sampled_from(NASTY)) + body[place + draw(st.integers(0, 2)):]
    return draw(st.sampled_from([b"", b"", b"\xef\xbb\xbf"])) + body + draw(st.sampled_from([b"", b"\n", b"\r\n", b"\r"]))


@settings(max_examples=300)
@given(documents(), st.sampled_from(["ntriples", "nquads"]), st.sampled_from([1, 64, 1 << 20]))
@example(b'<a:s> <a:p> "x" .\r<a:s> <a:p> "y" .', "ntriples", 64)
@example(b'<a:s> <a:p> "\xff" .\n<a:s> <a:p> "\xc3\xa9" .', "nquads", 1 << 20)
@example(b"_xab <a:p> _ .\n_:a <a:p> _xab .\n<a:s> <a:p> <a:o> _xab .\n_ <a:p> _: .", "nquads", 1 << 20)
@example(b'<a:s> <a:p> "a\\n" . # "b"\n<a:s> <a:p> "a"@en . # c .', "nquads", 1 << 20)
def test_same_statements_and_same_bad_lines(document: bytes, syntax: str, block: int) -> None:
    assert read(document, syntax, block=block) == oracle(document, syntax)


IRI_PARTS = st.sampled_from([*"abz09:/?#[]@!$&'()*+,;=%._~-|`^{}\\", "//", "%41", "%4", "é", "\ue000", "::1", "http", "urn", "\u00a0"])


@settings(max_examples=300)
@given(st.lists(IRI_PARTS, max_size=8).map("".join))
def test_an_iri_is_legal_where_the_parser_says_so(text: str) -> None:
    document = f"<a:s> <a:p> <{text}> .\n<a:s> <a:p> <http:{text}> .\n<a:s> <a:p> <a://b{text}> .\n".encode()
    assert read(document, "ntriples") == oracle(document, "ntriples")


@given(st.text(alphabet=st.sampled_from('ab\\"untrfU0dD89éc '), max_size=14))
def test_an_escape_is_what_the_parser_says(text: str) -> None:
    document = f'<a:s> <a:p> "{text}" .\n<a:s> <a:p> "{text}"@en <a:g> .\n'.encode()
    assert read(document, "nquads") == oracle(document, "nquads")


@given(st.text(alphabet=st.sampled_from("abz09-EN@^<>: "), max_size=12))
def test_a_suffix_is_what_the_parser_says(text: str) -> None:
    document = f'<a:s> <a:p> "x"@{text} .\n<a:s> <a:p> "x"^^{text} .\n<a:s> <a:p> "x"{text} .\n'.encode()
    assert read(document, "nquads") == oracle(document, "nquads")


def test_strict_reading_names_the_line_across_blocks() -> None:
    document = b"<a:s> <a:p> <a:o> .\n" * 10 + b"<a:s> <a:p> <rel> .\n"
    with pytest.raises(RdfSyntaxError, match="x, line 11, column 13: not valid RDF"):
        list(blocks_ntriples(io.BytesIO(document), source="x", block=50))


def test_strict_reading_names_the_first_bad_line() -> None:
    document = b"<a:s> <a:p> <a:o> .\nnonsense\n<a:s> <a:p> <rel> .\n"
    with pytest.raises(RdfSyntaxError, match="line 2"):
        list(blocks_ntriples(io.BytesIO(document), source="x"))


def test_what_cannot_be_stored_is_refused_or_counted() -> None:
    document = b'<a:s> <a:p> "x"@en--ltr .\n<a:s> <a:p> <<( <a:s> <a:p> <a:o> )>> .\n'
    with pytest.raises(UnsupportedError, match="cannot be stored"):
        list(blocks_ntriples(io.BytesIO(document), source="x"))
    rejected = Rejected()
    assert list(blocks_ntriples(io.BytesIO(document), source="x", strict=False, rejected=rejected)) == []
    assert rejected.count == 2 and "cannot be stored" in rejected.samples[0].reason


def test_a_bad_line_is_described() -> None:
    rejected = Rejected()
    list(blocks_ntriples(io.BytesIO(b'\n<a:s> <a:p> "x\n'), source="x", strict=False, rejected=rejected))
    assert (rejected.count, rejected.samples[0].line, rejected.samples[0].sample) == (1, 2, '<a:s> <a:p> "x')
    assert "Parser error" not in rejected.samples[0].reason


def test_blank_nodes_of_two_documents_differ() -> None:
    document = b"_:x <a:p> _:x .\n"
    first, second = (rows_of(blocks_ntriples(io.BytesIO(document), source="x")) for _ in range(2))
    assert first.isdisjoint(second)


def test_many_types_and_repeated_terms() -> None:
    document = "".join(f'<a:s{n % 7}> <a:p> "v{n % 5}"^^<a:t{n % 50}> <a:g{n % 3}> .\n' for n in range(2000)).encode()
    assert read(document, "nquads") == oracle(document, "nquads")
