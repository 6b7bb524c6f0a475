"""The query log and the figures tell what really happened."""

from __future__ import annotations

import json
from collections import Counter

from prometheus_client.parser import text_string_to_metric_families

from earthweave.server.sparql._journal import Entry, QueryLog


def test_every_request_leaves_one_line_and_one_count(empty) -> None:
    log = empty.folder / "queries.jsonl"
    before = len(log.read_text().splitlines()) if log.exists() else 0
    counted = figures(empty)
    empty.store.update("INSERT DATA { <http://e/a> <http://e/b> 1, 2 }")
    replies = [
        empty.send("GET", "/sparql", {"query": "SELECT * { ?s ?p ?o }"}),
        empty.send("GET", "/sparql", {"query": "SELECT nonsense"}),
        empty.send("GET", "/sparql", {"query": "ASK {}"}, Accept="image/png"),
        empty.write("POST", "/sparql", (), b"CLEAR ALL", Content_Type="application/sparql-update"),
        empty.send("GET", "/rdf-graph-store", {"graph": "http://e/g"}),
        empty.send("GET", "/sparql"),
    ]
    lines = [json.loads(line) for line in log.read_text().splitlines()[before:]]
    assert [line["status"] for line in lines] == [reply.status for reply in replies] == [200, 400, 406, 204, 404, 200]
    assert [line["kind"] for line in lines] == ["query", "query", "query", "update", "graph", "description"]
    assert [line["outcome"] for line in lines] == ["ok", "bad-query", "not-acceptable", "ok", "not-found", "ok"]
    assert [line["bytes"] for line in lines] == [len(reply.body) for reply in replies]
    assert (lines[0]["rows"], lines[0]["text"], len(lines[0]["hash"])) == (2, "SELECT * { ?s ?p ?o }", 16)
    assert lines[0]["generation"] + 1 == lines[3]["generation"] == empty.store.statistics().generation
    assert len({line["client"] for line in lines}) == 1
    assert "127.0.0.1" not in log.read_text()
    new = figures(empty) - counted
    assert new == Counter(
        {
            ("query", "ok"): 1,
            ("query", "bad-query"): 1,
            ("query", "not-acceptable"): 1,
            ("update", "ok"): 1,
            ("graph", "not-found"): 1,
            ("description", "ok"): 1,
        }
    )


def figures(desk) -> Counter[tuple[str, str]]:
    families = {one.name: one for one in text_string_to_metric_families(desk.send("GET", "/metrics").body.decode())}
    now = desk.store.statistics()
    values = {name: one.samples[0].value for name, one in families.items() if one.type == "gauge"}
    assert (values["earthweave_generation"], values["earthweave_triples"]) == (now.generation, now.triples)
    assert values["earthweave_running"] == 0
    assert families["earthweave_request_seconds"].type == "histogram"
    return Counter(
        {
            (sample.labels["kind"], sample.labels["outcome"]): int(sample.value)
            for sample in families["earthweave_requests"].samples
            if sample.name.endswith("_total")
        }
    )


def test_a_lost_worker_is_counted(empty) -> None:
    def lost() -> int:
        lines = empty.send("GET", "/metrics").body.decode().splitlines()
        return int(float(next(line.split()[1] for line in lines if line.startswith("earthweave_workers_lost_total "))))

    before = lost()
    bomb = "SELECT (COUNT(*) AS ?n) { " + " ".join(f"VALUES ?v{i} {{ {'1 ' * 100} }}" for i in range(8)) + " }"
    assert empty.send("GET", "/sparql", {"query": bomb, "timeout": "0.3"}).status == 503
    # a query that ends itself in time costs no worker
    assert lost() - before in (0, 1)


def test_a_log_without_texts_holds_their_hashes_and_survives_being_moved(tmp_path) -> None:
    path = tmp_path / "log.jsonl"
    log = QueryLog(str(path), texts=False)
    log.add(Entry("query", "ASK { <http://secret/> ?p 'line\nbreak' }"), status=200, outcome="ok", size=3, client="10.0.0.1")
    path.rename(tmp_path / "old.jsonl")
    log.add(Entry("query", "ASK { <http://secret/> ?p 'line\nbreak' }"), status=200, outcome="ok", size=3, client="10.0.0.2")
    old, new = (json.loads((tmp_path / name).read_text()) for name in ("old.jsonl", "log.jsonl"))
    assert "text" not in old
    assert old["hash"] == new["hash"]
    assert old["client"] != new["client"]
    assert QueryLog().add(Entry("query"), status=200, outcome="ok", size=0, client="") is None
