"""What a query in a fresh process costs beside itself: libraries that it does not need are not loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import SnapshotBuilder

_DATA = """@prefix : <http://example.org/> . @prefix geo: <http://www.opengis.net/ont/geosparql#> .
:a :name "Ana"@en, "anb" ; :size 1, 2.5, 3.0e0, "x"^^:odd ; :on "2020-01-01T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime> .
:b :name "Bob" ; :size 7 ; :next :a, [ :name "C\\u00e9" ] ; :at "POINT (1 2)"^^geo:wktLiteral .
"""
_QUERIES = """
PREFIX : <http://example.org/> PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
SELECT * { ?s ?p ?o } ORDER BY ?o ;;
SELECT ?s (SUM(?n) AS ?t) (GROUP_CONCAT(STR(?n)) AS ?c) { ?s :size ?n } GROUP BY ?s ORDER BY DESC(?t) ;;
SELECT * { ?s :name ?n . BIND(CONCAT(UCASE(?n), REPLACE(STR(?n), "a+", "b"), "!") AS ?c)
           FILTER(REGEX(?n, "b") && STRLEN(?n) > 1 && ?n < "z") } ;;
SELECT * { VALUES ?x { 1 2.5 "a" <http://e> } FILTER(?x IN (1, "a")) OPTIONAL { ?s :next+ ?t } MINUS { ?x :name ?t } } ;;
SELECT ?s { ?s :at ?w FILTER(geof:sfIntersects(?w, "POLYGON ((0 0, 9 0, 9 9, 0 9, 0 0))"^^geo:wktLiteral)) } ;;
SELECT ?w (geof:envelope(?w) AS ?e) (geof:metricArea(?w) AS ?a) { ?s :at ?w } ;;
CONSTRUCT { ?s :made _:x ; ?p ?o } WHERE { ?s ?p ?o } ;;
DESCRIBE :b ;;
ASK { ?s :on ?t FILTER(YEAR(?t) = 2020) }
"""
_SCRIPT = """
import sys
from pathlib import Path
from earthweave.server.store.engine import evaluate, ntriples, statements
from earthweave.server.store.snapshot import Snapshot
snapshot, prologue = Snapshot.open(Path(sys.argv[1])), "".join(sys.argv[2].strip().splitlines(keepends=True)[:1])
for text in sys.argv[2].strip().partition("\\n")[2].split(";;"):
    result = evaluate(snapshot, prologue + text)
    if result.form in ("construct", "describe"):
        count = sum(len(ntriples(one, result.context)) for one in statements(result.query, result.batches(), result.context))
    else:
        count = 0
        for batch in result.batches():
            count += batch.length
            for column in batch.columns.values():
                result.context.terms.terms(column[column >= 0]).text.to_pylist()
    print(count, "pandas" in sys.modules)
"""


def test_no_query_imports_pandas(tmp_path: Path) -> None:
    builder = SnapshotBuilder(tmp_path / "store")
    builder.begin("test", AxisOrder.STRICT)
    for block in quads_of(_DATA.encode(), "turtle"):
        builder.add(block)
    builder.end()
    builder.finish()
    run = subprocess.run([sys.executable, "-c", _SCRIPT, str(tmp_path / "store"), _QUERIES], capture_output=True, text=True, check=True)
    counts = [line.split() for line in run.stdout.splitlines()]
    assert len(counts) == _QUERIES.count(";;") + 1
    assert all(int(count) > 0 for count, _ in counts)
    assert [loaded for _, loaded in counts] == ["False"] * len(counts)
