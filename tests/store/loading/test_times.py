"""N-Quads with a time in the place of the graph, in whatever shape their lines are."""

from __future__ import annotations

import io

import numpy as np
import pytest

from earthweave.ontology import RdfSyntaxError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import evaluate, parse
from earthweave.server.store.loading import Rejected, blocks_ntriples
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

PERIOD = '"[2012-01-01T00:00:00,2012-02-01T00:00:00)"^^<http://strdf.di.uoa.gr/ontology#period>'
INSTANT = '"2012-01-15T00:00:00"^^<http://www.w3.org/2001/XMLSchema#dateTime>'
LINES = f"""
# a comment
<http://e/a> <http://e/p> "1 \\"^^<x> 2" {PERIOD} .
<http://e/b> <http://e/p> {INSTANT} .
<http://e/b> <http://e/p> {INSTANT} {INSTANT}.
_:n <http://e/p> "x"@en {PERIOD} . # behind
<http://e/c> <http://e/p> <http://e/o> <http://e/g> .
<http://e/a> <http://e/p> "1 \\"^^<x> 2" {INSTANT} .
"""
ESCAPED = f"<http://e/\\u00e9> <http://e/p> _:m {INSTANT} .\n"
HEAD = "PREFIX : <http://e/> PREFIX strdf: <http://strdf.di.uoa.gr/ontology#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> "


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    builder = SnapshotBuilder(tmp_path_factory.mktemp("timed") / "snapshot")
    builder.begin("lines", AxisOrder.STRICT)
    for block in blocks_ntriples(io.BytesIO(LINES.encode()), source="lines"):
        builder.add(block)
    builder.end()
    return builder.finish()


def rows(snapshot: Snapshot, text: str) -> list[tuple[str | None, ...]]:
    result = evaluate(snapshot, parse(HEAD + text))
    found = []
    for batch in result.batches():
        columns = [batch.column(name).tolist() for name in result.names]
        found += [tuple(None if one < 0 else result.context.terms.term(one).text for one in row) for row in zip(*columns, strict=True)]
    return sorted(found, key=str)


def test_a_time_is_what_stands_behind_three_terms() -> None:
    found = {}
    for block in blocks_ntriples(io.BytesIO((LINES + ESCAPED).encode()), source="lines", token="b"):
        text = block.terms.text.to_pylist()
        times = np.full(len(block), -1) if block.time is None else block.time
        for s, o, t in zip(block.subject.tolist(), block.object.tolist(), times.tolist(), strict=True):
            found[text[s], text[o], text[t][:7] if t >= 0 else None] = True
    period, moment, value = "[2012-0", "2012-01", '1 "^^<x> 2'
    assert set(found) == {
        ("http://e/a", value, period), ("http://e/a", value, moment), ("http://e/b", "2012-01-15T00:00:00", None),
        ("http://e/b", "2012-01-15T00:00:00", moment), ("bn", "x", period), ("http://e/c", "http://e/o", None),
        ("http://e/é", "bm", moment),
    }


def test_a_bad_line_with_a_time_is_told_by_its_number() -> None:
    lines = f"<http://e/a> <http://e/p> <http://e/b> {PERIOD} .\n\n<http://e/a b> <http://e/p> <http://e/b> {PERIOD} .\n"
    with pytest.raises(RdfSyntaxError, match="line 3"):
        list(blocks_ntriples(io.BytesIO(lines.encode()), source="lines"))
    rejected = Rejected()
    blocks = list(blocks_ntriples(io.BytesIO(lines.encode()), source="lines", strict=False, rejected=rejected))
    assert (sum(map(len, blocks)), rejected.count, rejected.samples[0].line) == (1, 1, 3)


def test_a_fourth_term_asks_for_the_time(snapshot: Snapshot) -> None:
    found = rows(snapshot, "SELECT ?s ?t { ?s :p ?o ?t }")
    assert [one[0] for one in found if one[0] in ("http://e/a", "http://e/b", "http://e/c")] == ["http://e/a", "http://e/a", "http://e/b"]
    assert len(found) == 4


def test_a_statement_is_seen_once_without_its_times(snapshot: Snapshot) -> None:
    assert rows(snapshot, "SELECT ?o { :a :p ?o }") == [('1 "^^<x> 2',)]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('SELECT ?s { ?s :p ?o "2012-01-15T00:00:00"^^xsd:dateTime }', 2),
        ("SELECT ?s { ?s :p ?o ?t ; :p ?o2 ?t FILTER(strdf:during(?t, \"[2012-01-01T00:00:00,UC)\"^^strdf:period)) }", 4),
        ("SELECT ?s { ?s :p ?o ?t FILTER(strdf:PeriodContains(?t, \"2012-01-15T00:00:00\"^^xsd:dateTime)) }", 4),
        ("SELECT ?s { ?s :p ?o ?t FILTER(strdf:before(?t, \"2012-01-01T00:00:00\"^^xsd:dateTime)) }", 0),
        ("SELECT ?s { ?s :p ?o OPTIONAL { ?s :p ?o ?t FILTER(strdf:starts(?t, \"2012-01-15T00:00:00\"^^xsd:dateTime)) } "
         "FILTER(bound(?t)) }", 2),
        ("SELECT ?s { ?s :p ?o , ?o2 ?t }", 4),
    ],
)
def test_times_in_patterns(snapshot: Snapshot, text: str, count: int) -> None:
    assert len(rows(snapshot, text)) == count
