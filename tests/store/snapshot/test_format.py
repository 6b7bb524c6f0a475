"""A store that was written in format 1 is read for ever; ``data/make_format_1.py`` made it."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyoxigraph as ox
import pytest

from earthweave.ontology import GEOF, RDF
from earthweave.ontology.geometry import FORMS
from earthweave.server.store.engine import evaluate
from earthweave.server.store.snapshot import READABLE, TURNED, Kind, Snapshot, Term, _growing, _parts, iri, literal, tagged

DATA = Path(__file__).parent / "data"
E, STRDF = "http://example.org/", "http://strdf.di.uoa.gr/ontology#"


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    with zipfile.ZipFile(DATA / "format-1.zip") as archive:
        archive.extractall(tmp_path / "s")
    return Snapshot.open(tmp_path / "s")


def shown(term: Term | None) -> Any:
    if term is None:
        return ox.DefaultGraph()
    if term.type.kind is Kind.IRI:
        return ox.NamedNode(term.text)
    if term.type.kind is Kind.BNODE:
        return ox.BlankNode(term.text)
    if term.type.language:
        return ox.Literal(term.text, language=term.type.language)
    return ox.Literal(term.text, datatype=ox.NamedNode(term.type.datatype))


def test_it_holds_the_statements_that_were_loaded(snapshot: Snapshot, read_back: Any) -> None:
    expected = list(ox.parse((DATA / "format-1.nq").read_bytes(), format=ox.RdfFormat.N_QUADS))
    assert snapshot.format == 1
    assert Counter(ox.Quad(*map(shown, row)) for row in read_back(snapshot)) == Counter(expected)
    assert snapshot.triples == len(expected)


def test_terms_are_found(snapshot: Snapshot, read_back: Any, terms_of: Any) -> None:
    terms = list({term for row in read_back(snapshot) for term in row if term is not None})
    ids = snapshot.find_many(terms_of(terms))
    assert [snapshot.term(id) for id in ids.tolist()] == terms


def test_its_geometries_and_counts(snapshot: Snapshot) -> None:
    table = snapshot.geometries
    readable = (table.flags & READABLE) != 0
    assert (table.count, int(readable.sum()), int(((table.flags & TURNED) != 0).sum())) == (34, 33, 30)
    assert [bool(table.problem(row)) for row in range(table.count)] == (~readable).tolist()
    assert [(shape.x, shape.y) for shape in table.shapes(np.arange(30))] == [(100 + place, place) for place in range(30)]
    assert table.tree.search(np.array([6.5, 7.5, 7.5, 8.5])).tolist() == [33]
    classes = {snapshot.term(id).text: count for id, count in snapshot.statistics.classes.items()}
    assert classes == {E + "Flood": 30, E + "Later": 1}
    segment = snapshot.segment(snapshot.find(iri(str(RDF.type))))
    assert segment is not None
    assert (segment.count, segment.subjects, segment.objects, segment.functional) == (31, 31, 2, True)


def test_it_is_the_base_of_what_is_loaded_today(snapshot: Snapshot, tmp_path: Path, build: Any, read_back: Any) -> None:
    more = (iri(E + "today"), iri(E + "note"), iri(E + "flood/1"), None)
    last, _ = build(tmp_path / "next", [[more]], snapshot)
    assert Counter(read_back(last)) == Counter([*read_back(snapshot), more])


def test_types_of_geometries_that_it_did_not_know_are_added_to_it(snapshot: Snapshot, tmp_path: Path, build: Any, read_back: Any) -> None:
    texts = {"SemiLinearPointSet": "POINT(7 8)", "WktLiteral": "POINT(9 8);4326", "note": "POINT(7 8)"}
    more = [(iri(E + name), iri(E + "shape"), literal(text, STRDF + name), None) for name, text in texts.items()]
    words = [(iri(E + "word"), iri(E + "note"), tagged("neu", language), None) for language in ("de", "en-gb", "fr")]
    last, _ = build(tmp_path / "next", [[*more, *words]], snapshot)
    assert Counter(read_back(last)) == Counter([*read_back(snapshot), *more, *words])
    assert last.dictionary.types[: len(snapshot.dictionary.types)] == snapshot.dictionary.types
    assert [(shape.x, shape.y) for shape in last.geometries.shapes(np.arange(snapshot.geometries.count, last.geometries.count))] == [
        (7, 8), (9, 8)]


def test_literals_that_were_stored_before_their_type_was_known_stay_what_they_are(
    tmp_path: Path, build: Any, read_back: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = STRDF + "SemiLinearPointSet"
    rows = [(iri(E + name), iri(E + "shape"), literal(text, new), None) for name, text in (("a", "POINT(1 2)"), ("b", "POINT(3 4)"))]
    with monkeypatch.context() as before:
        before.setattr(_parts, "FORMS", {datatype: form for datatype, form in FORMS.items() if datatype != new})
        before.setattr(_growing, "FIRST_TYPES", tuple(kind for kind in _growing.FIRST_TYPES if kind.datatype != new))
        old, _ = build(tmp_path / "old", [rows[:1]])
    assert old.geometries.count == 0
    last, _ = build(tmp_path / "next", [rows], old)
    assert Counter(read_back(last)) == Counter(rows)
    assert [(shape.x, shape.y) for shape in last.geometries.shapes(np.arange(last.geometries.count))] == [(3, 4)]
    asked = f"SELECT ?s (<{GEOF}minX>(?o) AS ?x) {{ ?s ?p ?o FILTER(isLiteral(?o)) }}"
    result = evaluate(last, asked)
    found = {result.context.terms.term(s).text[-1]: x >= 0 for batch in result.batches()
             for s, x in zip(batch.column("s").tolist(), batch.column("x").tolist(), strict=True)}
    assert found == {"a": False, "b": True}
    assert "an older version stored it" in result.context.tally.notices(empty=False)[0].text
