"""SPARQL 1.1 Update on a real store: what each operation does, that all or nothing happens, and what a write costs.

Random updates are made on snapshots in this process, one after the other, and by pyoxigraph; after each both hold the same.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from earthweave.ontology import PREFIXES, EarthweaveError, ForbiddenError, QueryError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store import Store, open_store
from earthweave.server.store.engine import Budget, apply_update, evaluate
from earthweave.server.store.engine._parse_update import parse_update
from earthweave.server.store.loading import export, quads_of
from earthweave.server.store.snapshot import Snapshot, SnapshotBuilder

Rows = Callable[[str], list[tuple[str | None, ...]]]
Update = Callable[[str], Any]
HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items()) + "PREFIX : <http://example.org/>\n"
EX = "http://example.org/"
ALL = "SELECT ?s ?p ?o { ?s ?p ?o }"
QUADS = "SELECT ?g ?s ?o { GRAPH ?g { ?s :p ?o } }"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("updates") / "store") as found:
        yield found


@pytest.fixture
def store(opened: Store) -> Store:
    """The store of all these tests, emptied."""
    if opened.statistics().triples:
        opened.update("CLEAR ALL")
    return opened


@pytest.fixture
def update(store: Store) -> Update:
    return lambda text: store.update(HEAD + text)


def iris(*names: str) -> tuple[str, ...]:
    return tuple(EX + name for name in names)


def test_data_is_inserted_and_deleted(update: Update, rows: Rows) -> None:
    report = update('INSERT DATA { :a :p "1"@en , 2 ; :q :b . GRAPH :g { :a :p 3 } }')
    assert (report.before, report.after) == (0, 4)
    assert rows("SELECT ?o { :a :p ?o }") == [("1",), ("2",), ("3",)]
    report = update('DELETE DATA { :a :p "1" , 2 , 9 . :nothing :known :here . GRAPH :g { :a :q :b } GRAPH :h { :a :p 3 } }')
    assert report.after == 3
    assert rows("SELECT ?p ?o { :a ?p ?o }") == [(EX + "p", "1"), (EX + "p", "3"), (EX + "q", EX + "b")]


def test_templates_are_filled_from_what_was_there_before(update: Update, rows: Rows) -> None:
    update("INSERT DATA { :a :p :b . :b :p :c . :c :p :a }")
    update("DELETE { ?x :p ?y } INSERT { ?y :p ?x } WHERE { ?x :p ?y }")
    assert rows("SELECT ?s ?o { ?s :p ?o }") == [iris("a", "c"), iris("b", "a"), iris("c", "b")]
    update("DELETE { ?x :p ?y } INSERT { ?x :p ?y } WHERE { ?x :p ?y }")
    assert len(rows(ALL)) == 3
    update("DELETE WHERE { :a :p ?y . ?y :p ?z }")
    assert rows("SELECT ?s ?o { ?s :p ?o }") == [iris("b", "a")]


def test_statements_that_would_be_none_are_left_out(update: Update, rows: Rows) -> None:
    update('INSERT DATA { :a :p "text" , :b }')
    update("INSERT { ?o :q :made . :a ?o :made . :a :r ?unbound . GRAPH ?o { :a :s :made } } WHERE { :a :p ?o }")
    assert rows("SELECT ?s ?p { ?s ?p :made }") == [iris("a", "b"), iris("a", "s"), iris("b", "q")]
    assert rows("SELECT ?g { GRAPH ?g { } }") == [iris("b")]


def test_graphs_of_with_using_and_graph(update: Update, rows: Rows) -> None:
    update("INSERT DATA { :d :p 0 . GRAPH :g { :a :p 1 } GRAPH :h { :b :p 2 } }")
    update("WITH :g DELETE { ?s :p ?o } INSERT { ?s :p 10 . GRAPH :k { ?s :p ?o } } WHERE { ?s :p ?o }")
    assert rows(QUADS) == [(EX + "g", EX + "a", "10"), (EX + "h", EX + "b", "2"), (EX + "k", EX + "a", "1")]
    update("WITH :k INSERT { ?s :p 5 } USING :h WHERE { ?s :p ?o }")
    assert (EX + "k", EX + "b", "5") in rows(QUADS)
    update("INSERT { ?s :q ?g } USING NAMED :h WHERE { ?s :p ?o } ; INSERT { ?s :r ?g } USING NAMED :h WHERE { GRAPH ?g { ?s :p ?o } }")
    assert rows("SELECT ?s ?g { ?s :q ?g }") == []
    assert rows("SELECT ?s ?g { ?s :r ?g }") == [iris("b", "h")]
    update("DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } FILTER(?o > 4) }")
    assert rows(QUADS) == [(EX + "h", EX + "b", "2"), (EX + "k", EX + "a", "1")]
    assert rows("SELECT ?s FROM <x:none> { ?s :p ?o }") == [] and len(rows("SELECT ?s { ?s :p 0 }")) == 1


def test_patterns_outside_graph_see_the_default_graph_alone(update: Update, rows: Rows) -> None:
    update("INSERT DATA { :d :p 0 . GRAPH :g { :a :p 1 } }")
    update("DELETE { ?s :p ?o } INSERT { ?s :was ?o } WHERE { ?s :p ?o }")
    assert rows("SELECT ?s ?o { ?s :was ?o }") == [(EX + "d", "0")]
    assert rows("SELECT ?s ?o { ?s :p ?o }") == [(EX + "a", "1")]


@pytest.mark.parametrize(("operation", "left"), [
    ("CLEAR GRAPH :g", ["d", "h"]), ("DROP GRAPH :g", ["d", "h"]), ("CLEAR DEFAULT", ["g", "h"]), ("DROP NAMED", ["d"]),
    ("CLEAR ALL", []), ("CLEAR SILENT GRAPH :none", ["d", "g", "h"]), ("CREATE GRAPH :new", ["d", "g", "h"]),
    ("CREATE SILENT GRAPH :g", ["d", "g", "h"]),
])
def test_graphs_are_emptied(update: Update, rows: Rows, operation: str, left: list[str]) -> None:
    update("INSERT DATA { :d :p 0 . GRAPH :g { :g :p 1 } GRAPH :h { :h :p 2 } }")
    update(operation)
    assert rows("SELECT ?s { ?s :p ?o }") == [(EX + name,) for name in left]
    assert rows("SELECT ?g { GRAPH ?g {} }") == [(EX + name,) for name in left if name != "d"]


@pytest.mark.parametrize(("operation", "default", "g", "h"), [
    ("COPY :g TO :h", "0", "1", "1"), ("MOVE :g TO :h", "0", "", "1"), ("ADD :g TO :h", "0", "1", "12"),
    ("COPY DEFAULT TO :g", "0", "0", "2"), ("MOVE GRAPH :h TO DEFAULT", "2", "1", ""), ("ADD DEFAULT TO GRAPH :h", "0", "1", "02"),
    ("COPY :g TO :g", "0", "1", "2"),
    ("MOVE :g TO :g", "0", "1", "2"), ("COPY SILENT :none TO :h", "0", "1", "2"), ("MOVE SILENT :none TO :h", "0", "1", "2"),
])
def test_graphs_are_copied_moved_and_added(update: Update, rows: Rows, operation: str, default: str, g: str, h: str) -> None:
    update("INSERT DATA { :s :p 0 . GRAPH :g { :s :p 1 } GRAPH :h { :s :p 2 } }")
    update(operation)
    found = {name: "".join(str(o) for (o,) in rows(f"SELECT ?o FROM :{name} {{ ?s :p ?o }}")) for name in "gh"}
    assert (found["g"], found["h"]) == (g, h)
    update("INSERT { ?s :q ?o } WHERE { ?s :p ?o }")
    assert "".join(str(o) for (o,) in rows("SELECT ?o { ?s :q ?o }")) == default


def test_graphs_that_are_there_already_or_are_not_there(tmp_path: Path) -> None:
    empty = SnapshotBuilder(tmp_path / "empty", durable=False).finish()
    filled, _ = apply_update(HEAD + "INSERT DATA { GRAPH :g { :s :p 1 } }", empty, tmp_path / "filled", Budget(), durable=False)
    for number, (operation, wrong) in enumerate((("CREATE GRAPH :g", "is there already"), ("COPY :x TO :g", f"no graph <{EX}x> to COPY"),
                                                 ("MOVE :x TO :g", "to MOVE"), ("ADD :x TO :g", "to ADD"))):
        with pytest.raises(QueryError, match=wrong):
            apply_update(f"{HEAD} INSERT DATA {{ :s :p 2 }} ; {operation} ; CLEAR ALL", filled, tmp_path / str(number), Budget())
    assert not list(tmp_path.glob("?-*"))


def test_operations_see_what_those_before_did(update: Update, rows: Rows) -> None:
    report = update("INSERT DATA { :a :p 1 } ; DELETE { ?s :p ?o } INSERT { ?s :p ?n } WHERE { ?s :p ?o BIND(?o + 1 AS ?n) } ;"
                    "PREFIX e: <http://example.org/> INSERT { e:b :p ?o } WHERE { :a :p ?o } ; DELETE DATA { :b :p 2 } ;"
                    "INSERT DATA { :c :p 3 } ;")
    assert (report.before, report.after) == (0, 2)
    assert rows("SELECT ?s ?o { ?s :p ?o }") == [(EX + "a", "2"), (EX + "c", "3")]
    update("INSERT DATA { :d :p 1 } ; DELETE DATA { :d :p 1 } ; DELETE DATA { :a :p 2 } ; INSERT DATA { :a :p 2 } ; CLEAR DEFAULT ;"
           "INSERT DATA { :e :p 1 }")
    assert rows("SELECT ?s ?o { ?s :p ?o }") == [(EX + "e", "1")]


def test_blank_nodes_of_templates_are_new_for_each_solution(update: Update, rows: Rows) -> None:
    update("INSERT DATA { _:x :p 1 . _:x :p 2 . [] :p 3 . :a :list (1 2) }")
    assert rows("SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s :p ?o }") == [("2",)]
    update("INSERT { ?s :made _:m . _:m :of ?o } WHERE { ?s :p ?o }")
    assert rows("SELECT (COUNT(DISTINCT ?m) AS ?n) { ?s :made ?m . ?m :of ?o . ?s :p ?o }") == [("3",)]
    update("INSERT DATA { _:x :p 4 }")
    assert rows("SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s :p ?o }") == [("3",)]
    update("INSERT { GRAPH :g { _:x :r 1 } } WHERE {} ; INSERT { GRAPH :g { _:x :r 1 } } WHERE {}")
    assert rows("SELECT (COUNT(*) AS ?n) { ?s :r 1 }") == [("2",)]
    update("DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(isBlank(?s)) }")
    assert rows("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }") == [("3",)]
    with pytest.raises(QueryError, match="two DATA operations"):
        update("INSERT DATA { _:x :p 4 } ; INSERT DATA { _:x :p 5 }")


def test_an_error_in_the_second_operation_leaves_nothing_changed(update: Update, store: Store) -> None:
    update("INSERT DATA { :a :p 1 . GRAPH :g { :b :p 1 } }")
    before = store.statistics()
    for wrong in ("CREATE GRAPH :g", "INSERT DATA {", "INSERT { ?s :q ?x } WHERE { ?s :p ?o BIND(<http://strange.example/f>(?o) AS ?x) }"):
        with pytest.raises(EarthweaveError):
            update(f"DELETE WHERE {{ :a ?p ?o }} ; INSERT DATA {{ :new :p 1 }} ; {wrong}")
        assert store.statistics() == before
    assert not list((store.path / "staging").iterdir())


def test_an_update_that_changes_nothing(update: Update, store: Store) -> None:
    update("INSERT DATA { :a :p 1 }")
    for text in ("", "# a comment only", "PREFIX x: <http://x/>", "BASE <http://x/>", "INSERT DATA {}", "INSERT { } WHERE { }",
                 "INSERT DATA { :a :p 1 } ;", "DELETE DATA { :a :p 2 }", "CREATE GRAPH :g ;\n  PREFIX y: <http://y/>"):
        report = update(text)
        assert (report.before, report.after) == (1, 1), text


def test_texts_that_are_no_updates(update: Update, store: Store) -> None:
    for text in ("; ;", "INSERT DATA { ?s :p 1 }", "DELETE DATA { _:b :p 1 }", "DELETE { _:b :p ?o } WHERE { ?s :p ?o }",
                 "DELETE WHERE { ?s :p [] }", "INSERT { ?s :p/:q 1 } WHERE { ?s :p ?o }", "INSERT DATA { :a :p 1 } DELETE DATA { :a :p 1 }",
                 "INSERT { :a :p 1 } { }", "WITH :g CLEAR ALL", "COPY :a", "CLEAR", "DELETE WHERE { ?s :p ?o FILTER(?o > 1) }",
                 "PREFIX x: <x:> ;",
                 "INSERT { ?s :p (COUNT(?o)) } WHERE { ?s :p ?o }", "INSERT { ?s :p 1 } WHERE { ?s :p ?o FILTER(COUNT(?o) > 1) }"):
        with pytest.raises(QueryError):
            parse_update(HEAD + text)
    with pytest.raises(QueryError, match="Store.query"):
        update("SELECT * { ?s ?p ?o }")
    for kind in ("LOAD <http://127.0.0.1:9/x>", "load <http://127.0.0.1:9/x> INTO GRAPH :g", "LOAD <file:///etc/hostname>",
                 "INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/x> { ?s ?p ?o } }"):
        with pytest.raises(ForbiddenError):
            update(kind)
    assert store.statistics().triples == 0


def test_complaints_name_the_line_and_column_of_the_text() -> None:
    head = "PREFIX : <http://e/>\n"
    for text, place in ((head + "INSERT DATA {\n  ?s :p 1 }", "line 3, column 12"),
                        (head + "CLEAR ALL ;\nINSERT DATA {\n :a :p }", "line 4, column 8"),
                        (head + "CLEAR ALL ;\nPREFIX x: <http://x/>\n  DELETE DATA { _:b :p 1 }", "line 4, column 27"),
                        ("CLEAR ALL ; DELETE WHERE { _:x <http://e/p> 1 }", "line 1, column 48"),
                        ("INSERT DATA {<urn:a> <urn:b> 1", "line 1, column 31: a statement or } was expected"),
                        ("INSERT DATA { <urn a> <urn:b> 1 }", "line 1, column 15: a statement"),
                        ('INSERT DATA {\n <urn:a> <urn:b> "x"@ }', "line 2, column 21: a statement"),
                        ("INSERT DATA { <urn:a> <urn:b> 1 . ; }", "line 1, column 35: a statement")):
        with pytest.raises(QueryError, match=place):
            parse_update(text)


def test_extensions_of_the_grammar_that_queries_have_too() -> None:
    text = ("PREFIX geof: <http://www.opengis.net/def/function/geosparql/> INSERT { <x:a> <x:b> ?u , TRUE } "
            "WHERE { { SELECT (geof:aggUnion(DISTINCT ?w) AS ?u) { ?s ?p ?w } } }")
    assert len(parse_update(text)) == 1
    assert len(parse_update("INSERT DATA { <x:\\u0061> <x:b> 1 }")) == 1
    deep = "{" * 250 + "?s ?p ?o" + "}" * 250
    assert len(parse_update(f"DELETE {{ ?s ?p ?o }} WHERE {deep}")) == 1


def test_computed_values_are_inserted(update: Update, rows: Rows) -> None:
    update('INSERT DATA { :a :w "POINT(1 2)"^^geo:wktLiteral }')
    report = update("INSERT { :a :b ?x ; :t ?t } WHERE { :a :w ?w "
                    "BIND(geof:buffer(?w, 1000, uom:metre) AS ?x) BIND(geof:isEmpty(?w) AS ?t) }")
    assert report.after == 3
    assert rows("SELECT (geof:sfWithin(?w, ?b) AS ?in) ?t { :a :w ?w ; :b ?b ; :t ?t }") == [("true", "false")]


NEAR = 'FILTER(geof:sfIntersects(?w, "POLYGON((9 9, 11 9, 11 11, 9 11, 9 9))"^^geo:wktLiteral))'


def test_geometries_that_are_inserted_are_found_and_those_removed_are_not(update: Update, rows: Rows, store: Store) -> None:
    points = " ".join(f':s{i} geo:asWKT "POINT({i} {i})"^^geo:wktLiteral .' for i in range(40))
    update(f"INSERT DATA {{ {points} }}")
    near = f"SELECT ?s {{ ?s geo:asWKT ?w {NEAR} }}"
    assert rows(near) == [iris("s10"), iris("s11"), iris("s9")]
    update('INSERT DATA { :new geo:asWKT "POINT(10.5 10.5)"^^geo:wktLiteral . :turned geo:asWKT '
           '"<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(10.25 10.75)"^^geo:wktLiteral }')
    assert rows(near) == [iris("new"), iris("s10"), iris("s11"), iris("s9"), iris("turned")]
    update(f"DELETE {{ ?s geo:asWKT ?w }} WHERE {{ ?s geo:asWKT ?w {NEAR} }}")
    assert rows(near) == []
    assert store.statistics().triples == 37
    update('INSERT DATA { :again geo:asWKT "POINT(10 10)"^^geo:wktLiteral }')
    assert rows(near) == [iris("again")]
    explained = store.query(HEAD + near, explain=True).plan or {}
    assert "R-tree" in explained["text"] or "index" in explained["text"]


def test_moved_geometries_are_found_where_they_are_now(update: Update, rows: Rows) -> None:
    update('INSERT DATA { :a geo:asWKT "POINT(10 10)"^^geo:wktLiteral . :b geo:asWKT "POINT(50 50)"^^geo:wktLiteral }')
    update('DELETE { ?s geo:asWKT ?w } INSERT { ?s geo:asWKT "POINT(10.1 10)"^^geo:wktLiteral } WHERE { ?s geo:asWKT ?w FILTER(?s = :b) } ;'
           'DELETE { :a geo:asWKT ?w } INSERT { :a geo:asWKT "POINT(60 60)"^^geo:wktLiteral } WHERE { :a geo:asWKT ?w }')
    assert rows(f"SELECT ?s {{ ?s geo:asWKT ?w {NEAR} }}") == [iris("b")]


def generations(store: Store) -> list[Path]:
    return sorted((store.path / "generations").iterdir())


def test_files_that_an_update_does_not_touch_are_linked(update: Update, store: Store, tmp_path: Path) -> None:
    lines = (f"<http://e/s{i}> <http://e/p{i % 2}> <http://e/o{i}> .\n" for i in range(150_000))
    (tmp_path / "big.nt").write_text("".join(lines))
    store.load([tmp_path / "big.nt"])
    (tmp_path / "small.nt").write_text("<http://e/s1> <http://e/p0> <http://e/new> .\n<http://e/a> <http://e/small> <http://e/b> .\n")
    store.load([tmp_path / "small.nt"])
    old, new = generations(store)[-2:]
    links = {path.stat().st_ino: path.stat().st_size for path in old.rglob("*") if path.is_file()}
    shared = [path for path in new.rglob("*") if path.is_file() and path.stat().st_ino in links]
    whole = sum(path.stat().st_size for path in new.rglob("*") if path.is_file())
    # one of two predicates is written anew: everything else of any size is the same file
    assert {path.name.split("-")[0] for path in shared} >= {"segment", "terms", "index"}
    assert sum(path.stat().st_size for path in shared) > whole * 0.6


def test_old_generations_go_when_no_reader_needs_them(update: Update, store: Store) -> None:
    first = store.statistics().generation
    for number in range(5):
        store.load_quads([b"<http://e/a> <http://e/p> <http://e/%d> .\n" % number], name="one")
    assert [int(one.name) for one in generations(store)] == [first + 4, first + 5]
    folders = generations(store)
    assert update("INSERT DATA { :a :p 1 }").generation == first + 6
    assert generations(store) == folders


def test_a_reader_keeps_its_snapshot_while_updates_are_made(update: Update, store: Store, rows: Rows) -> None:
    update("INSERT DATA { " + " ".join(f":s{i} :p {i} ." for i in range(200)) + " }")
    slow = HEAD + "SELECT (COUNT(*) AS ?n) { ?a :p ?x . ?b :p ?y . ?c :p ?z FILTER(?x + ?y + ?z > 0) }"
    counted: list[str] = []
    started = threading.Event()

    def read() -> None:
        started.set()
        table = store.query(slow).table
        assert table is not None
        counted.append(table.to_pylist()[0]["n"]["value"])

    thread = threading.Thread(target=read)
    thread.start()
    started.wait()
    while not store.running() and thread.is_alive():
        pass
    for number in range(4):
        update(f"DELETE DATA {{ :s{number} :p {number} }} ; INSERT DATA {{ :more :p {1000 + number}, {2000 + number} }}")
    during = thread.is_alive()
    assert rows("SELECT (COUNT(*) AS ?n) { ?s :p ?o }") == [("204",)]
    thread.join()
    assert counted == [str(200**3 - 1)] and during
    store.load_quads([b"<http://e/a> <http://e/q> <http://e/b> .\n"], name="one")
    store.load_quads([b"<http://e/a> <http://e/q> <http://e/c> .\n"], name="one")
    assert len(generations(store)) == 2


# random updates


@dataclass
class Maker:
    """Makes updates, every choice by one source of chance; ``filled`` are the graphs that hold something."""

    chance: random.Random
    filled: list[str]

    def one(self, *choices: str) -> str:
        return self.chance.choice(choices)

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def node(self) -> str:
        return self.one(*(f":n{number}" for number in range(5)))

    def value(self) -> str:
        return self.one(self.node(), "1", "2.5", '"a"', '"a"@en', "true", '"2020-01-01"^^xsd:date', '"x"^^:odd', "-3", '"0.5"^^xsd:double',
                        '"POINT(1 2)"^^geo:wktLiteral', '"LINESTRING(0 0, 1 1)"^^geo:wktLiteral')

    def link(self) -> str:
        return self.one(":p", ":q", ":r", "geo:asWKT")

    def graph(self) -> str:
        return self.one(":g1", ":g2", ":g3")

    def target(self) -> str:
        return self.one("DEFAULT", *(f"GRAPH {name}" for name in (":g1", ":g2", ":g3")))

    def many(self, make: Callable[[], str], most: int = 3) -> str:
        return " ".join(make() for _ in range(self.chance.randint(1, most)))

    def fact(self) -> str:
        nodes = (self.node(), self.node(), "_:b", "[ :q 1 ]")
        return f"{self.chance.choice(nodes) if self.often(0.2) else self.node()} {self.link()} {self.value()} ."

    def ground(self) -> str:
        return f"{self.node()} {self.link()} {self.value()} ."

    def located(self, make: Callable[[], str], graph: Callable[[], str]) -> Callable[[], str]:
        return lambda: f"GRAPH {graph()} {{ {self.many(make, 2)} }}" if self.often(0.4) else make()

    def pattern(self) -> str:
        subject, predicate = self.one("?s", "?s", "?t", self.node()), self.one("?p", self.link(), self.link())
        return f"{subject} {predicate} {self.one('?o', '?o', '?t', self.value())} ."

    def name(self) -> str:
        return self.one("?g", self.graph())

    def where(self) -> str:
        parts = [self.many(self.located(self.pattern, self.name), 2)]
        if self.often(0.3):
            parts.append(f"OPTIONAL {{ {self.pattern()} }}")
        if self.often(0.3):
            parts.append(self.one("FILTER(isIRI(?o))", "FILTER(?o > 0)", "FILTER(?s != ?o)", "BIND(STR(?o) AS ?v)", "FILTER(isBlank(?s))",
                                  "VALUES ?s { :n1 :n2 }", "FILTER NOT EXISTS { ?o ?x ?y }"))
        if self.often(0.15):
            parts.append(f"MINUS {{ {self.pattern()} }}")
        return "{ " + " ".join(parts) + " }"

    def made(self) -> str:
        subject, predicate = self.one("?s", "?t", "?o", self.node()), self.one("?p", self.link(), ":made")
        return f"{subject} {predicate} {self.one('?o', '?v', '?t', '?g', self.value())} ."

    def labelled(self) -> str:
        return f"_:m :made {self.one('?s', '?o')} ." if self.often(0.08) else self.made()

    def modify(self) -> str:
        home = f"WITH {self.graph()} " if self.often(0.25) else ""
        delete = f"DELETE {{ {self.many(self.located(self.made, self.name))} }} " if self.often(0.6) else ""
        insert = f"INSERT {{ {self.many(self.located(self.labelled, self.name))} }} " if self.often(0.6) or not delete else ""
        using = " ".join(self.one(f"USING {self.graph()}", f"USING NAMED {self.graph()}") for _ in range(self.chance.randint(0, 2)))
        return f"{home}{delete}{insert}{using if self.often(0.3) else ''} WHERE {self.where()}"

    def operation(self) -> str:
        kind = self.chance.random()
        if kind < 0.3:
            return f"INSERT DATA {{ {self.many(self.located(self.fact, self.graph), 5)} }}"
        if kind < 0.4:
            return f"DELETE DATA {{ {self.many(self.located(self.ground, self.graph), 6)} }}"
        if kind < 0.5:
            return f"DELETE WHERE {{ {self.many(self.located(self.pattern, self.name), 2)} }}"
        if kind < 0.9:
            return self.modify()
        if kind < 0.95:
            return f"{self.one('CLEAR', 'DROP')} SILENT {self.one(self.target(), self.target(), 'NAMED', 'DEFAULT')}"
        return f"CREATE SILENT GRAPH {self.graph()}"

    def update(self) -> str:
        """One to three operations; a transfer comes first, as only then it is known which graphs are there."""
        found = [self.operation() for _ in range(self.chance.choice((1, 1, 2, 3)))]
        if self.filled and self.often(0.15):
            found.insert(0, f"{self.one('COPY', 'MOVE', 'ADD')} {self.one(*self.filled)} TO {self.target()}")
        # labels belong to one operation
        return " ;\n".join(one.replace("_:b ", f"_:b{place} ") for place, one in enumerate(found))


class Both:
    """One store in both engines."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.oracle, self.number = folder, ox.Store(), 0
        self.snapshot: Snapshot = SnapshotBuilder(folder / "0", durable=False).finish()

    def filled(self) -> list[str]:
        names = {quad.graph_name for quad in self.oracle}
        return ["DEFAULT" if isinstance(one, ox.DefaultGraph) else f"<{one.value}>" for one in sorted(names, key=str)]

    def apply(self, text: str) -> str:
        """Make the update; what is wrong afterwards, empty if nothing is."""
        self.number += 1
        self.oracle.update(text)
        self.snapshot, _ = apply_update(text, self.snapshot, self.folder / str(self.number), Budget(), durable=False)
        export(self.snapshot, self.folder / "all.nq")
        mine, other = ox.Dataset(ox.parse(path=self.folder / "all.nq", format=ox.RdfFormat.N_QUADS)), ox.Dataset(self.oracle)
        if self.snapshot.triples != len(mine):
            return f"{self.snapshot.triples} statements, {len(mine)} exported"
        mine.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        other.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
        return "" if mine == other else f"too many: {set(mine) - set(other)}\nmissing: {set(other) - set(mine)}"


SEEDS, LENGTH = 26, 12


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_updates_do_what_another_store_does(seed: int, tmp_path: Path) -> None:
    maker, both = Maker(random.Random(seed), []), Both(tmp_path)
    history = []
    for _ in range(LENGTH):
        maker.filled = both.filled()
        text = HEAD + maker.update()
        history.append(text.removeprefix(HEAD))
        wrong = both.apply(text)
        assert not wrong, wrong + "\n\n" + "\n---\n".join(history)


def test_the_random_updates_change_much(tmp_path: Path) -> None:
    maker, both = Maker(random.Random(1), []), Both(tmp_path)
    sizes = []
    for _ in range(25):
        maker.filled = both.filled()
        assert both.apply(HEAD + maker.update()) == ""
        sizes.append(both.snapshot.triples)
    assert len(set(sizes)) > 8 and max(sizes) > 15
    both.oracle.add(ox.Quad(ox.NamedNode("x:s"), ox.NamedNode("x:p"), ox.NamedNode("x:o")))
    assert "missing" in both.apply("CREATE SILENT GRAPH <x:g>")


def test_a_big_update_is_made_in_bulk(tmp_path: Path) -> None:
    lines = "".join(f'<x:s{i}> <x:p{i % 3}> "{i}"^^<http://www.w3.org/2001/XMLSchema#integer> .\n' for i in range(20_000)).encode()
    builder = SnapshotBuilder(tmp_path / "big", durable=False)
    builder.begin("lines", AxisOrder.STRICT)
    for block in quads_of(lines, "ntriples"):
        builder.add(block)
    builder.end()
    text = "DELETE { ?s <x:p1> ?o } INSERT { ?s <x:half> ?h . GRAPH <x:g> { ?s <x:old> ?o } } WHERE { ?s <x:p1> ?o BIND(?o / 2 AS ?h) }"
    after, told = apply_update(text, builder.finish(), tmp_path / "after", Budget(), durable=False)
    assert (after.triples, told) == (20_000 + 6_667, [])
    assert not list(tmp_path.glob("after-*"))
    counted = evaluate(after, "SELECT (COUNT(*) AS ?n) { ?s <x:half> ?h GRAPH <x:g> { ?s <x:old> ?o } FILTER(?h = ?o / 2) }")
    (batch,) = counted.batches()
    assert counted.context.terms.term(int(batch.column("n")[0])).text == "6667"
