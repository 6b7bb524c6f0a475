"""Arrow tables of terms as blocks of statements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import shapely

from earthweave.ontology import InputError
from earthweave.server.store.loading import Document, load, quads_from_arrow
from earthweave.server.store.snapshot import BNODE, IRI, STRING, SnapshotBuilder, Term, iri, literal, tagged

WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"


def _rows(blocks: Any) -> list[tuple[Any, ...]]:
    found = []
    for block in blocks:
        terms = [Term(text, block.terms.types[code]) for text, code in zip(block.terms.text.to_pylist(), block.terms.code, strict=True)]
        assert len(set(terms)) == len(terms)
        places = zip(block.subject, block.predicate, block.object, block.graph, strict=True)
        found += [(terms[s], terms[p], terms[o], terms[g] if g >= 0 else None) for s, p, o, g in places]
    return found


def test_every_kind_of_term() -> None:
    table = pa.table({
        "subject": ["a:s", "_:b", "a:s", "a:s", "a:s", "a:s"],
        "predicate": pa.array(["a:p"] * 6).dictionary_encode(),
        "object": ["a:o", "b", "_:text", "x", "x", "x"],
        "object_type": ["iri", "bnode", None, "literal", "literal", "literal"],
        "datatype": [None, None, None, "a:d", None, "a:d"],
        "language": [None, None, None, None, "EN", None],
        "graph": [None, "a:g", "_:g", None, None, "a:s"],
    })
    p = iri("a:p")
    expected = [
        (iri("a:s"), p, iri("a:o"), None), (Term("b", BNODE), p, Term("b", BNODE), Term("a:g", IRI)),
        (iri("a:s"), p, literal("_:text"), Term("g", BNODE)), (iri("a:s"), p, literal("x", "a:d"), None),
        (iri("a:s"), p, tagged("x", "en"), None), (iri("a:s"), p, literal("x", "a:d"), iri("a:s")),
    ]
    assert _rows(quads_from_arrow(table)) == expected
    assert _rows(quads_from_arrow(table, rows=1)) == expected
    assert _rows(quads_from_arrow(table.to_batches()[0])) == expected


def test_three_columns_are_enough() -> None:
    table = pa.table({"subject": ["a:s"], "predicate": ["a:p"], "object": ["x"]})
    assert _rows(quads_from_arrow(table)) == [(iri("a:s"), iri("a:p"), Term("x", STRING), None)]


def test_coordinates_come_along(tmp_path: Path) -> None:
    shape = shapely.Point(1, 2)
    table = pa.table({
        "subject": ["a:s", "a:t", "a:u"], "predicate": ["a:p"] * 3, "object": ["POINT (1 2)", "POINT (1 2)", "POINT (3 4)"],
        "datatype": [WKT] * 3, "wkb": [None, shapely.to_wkb(shape), None],
    })
    (block,) = quads_from_arrow(table)
    known = dict(zip(block.terms.text.to_pylist(), block.terms.wkb.to_pylist(), strict=True))
    assert known["POINT (1 2)"] == shapely.to_wkb(shape) and known["POINT (3 4)"] is None and known["a:s"] is None
    builder = SnapshotBuilder(tmp_path / "new")
    (report,) = load(builder, [Document("table", quads=quads_from_arrow(table))])
    found = builder.finish()
    assert (report.geometries, report.unreadable) == (3, 0)
    assert sorted(one.wkt for one in found.geometries.shapes([0, 1])) == ["POINT (1 2)", "POINT (3 4)"]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("subject", "no iri", "no absolute IRI"), ("predicate", "_:b", "no absolute IRI"), ("graph", "rel", "no absolute IRI"),
        ("datatype", "rel", "no absolute IRI"), ("subject", "_:a b", "no label"),
        ("object", None, "holds nulls"), ("language", "not a tag", "language 'not a tag'"),
        ("datatype", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString", "has no language"),
    ],
)
def test_what_is_no_term_is_refused(column: str, value: str | None, message: str) -> None:
    row = {"subject": "a:s", "predicate": "a:p", "object": "x", "datatype": None, "language": None, "graph": None, column: value}
    table = pa.table({name: pa.array([cell], type=pa.string()) for name, cell in row.items()})
    with pytest.raises(InputError, match=message):
        list(quads_from_arrow(table))


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="no column object"):
        list(quads_from_arrow(pa.table({"subject": ["a:s"], "predicate": ["a:p"]})))
