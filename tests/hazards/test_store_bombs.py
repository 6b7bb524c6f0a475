"""Inputs that are known to kill, exhaust or abuse an RDF engine: each must cost one clear error, and the store must go on."""

from __future__ import annotations

import gzip
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from earthweave.ontology import (
    GEO,
    GEOF,
    DeadlineError,
    EarthweaveError,
    ForbiddenError,
    LimitError,
    MemoryLimitError,
    QueryError,
    RdfSyntaxError,
    SizeLimitError,
)
from earthweave.server import store as store_package
from earthweave.server.processes import Budget
from earthweave.server.store import Limits, Store, open_store
from earthweave.server.store._frames import Frame
from earthweave.server.store._gate import admit
from earthweave.server.store._process import Worker

DATA = 3000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("bombs") / "store") as opened:
        opened.update("INSERT DATA {" + "".join(
            f"<http://e/{i}> <http://e/p> {i} ; <http://e/n> <http://e/{(7 * i + 1) % DATA}>, <http://e/{(11 * i + 5) % DATA}> ."
            for i in range(DATA)) + "}")
        yield opened


@pytest.fixture(scope="module")
def start_up() -> float:
    """Seconds that a worker takes to start on this machine as busy as it is."""
    start = time.monotonic()
    Worker("reader").ready().kill()
    return time.monotonic() - start


@pytest.fixture(autouse=True)
def canary(store: Store, start_up: float) -> Iterator[None]:
    """After every bomb the next query is right and quick (a new worker has to start at most)."""
    yield
    start = time.monotonic()
    assert store.query("ASK { <http://e/7> <http://e/p> 7 }").boolean is True
    assert time.monotonic() - start < 0.5 + 2.5 * start_up


@contextmanager
def listening() -> Iterator[tuple[int, list[object]]]:
    """A port on the loopback, and who came."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        callers: list[object] = []
        stop = threading.Event()

        def accept() -> None:
            while not stop.is_set():
                try:
                    connection, address = server.accept()
                except TimeoutError:
                    continue
                callers.append(address)
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1], callers
        finally:
            time.sleep(0.2)
            stop.set()
            thread.join()


DEEP = {
    "braces": "SELECT * WHERE " + "{" * 10_000 + "}" * 10_000,
    "brackets": "SELECT * WHERE { ?s ?p ?o FILTER(" + "(" * 20_000 + "1" + ")" * 20_000 + ") }",
    "not": "SELECT * WHERE { ?s ?p ?o FILTER(" + "!" * 30_000 + "1) }",
    "minus": "SELECT * WHERE { ?s ?p ?o FILTER(" + "- " * 30_000 + "1) }",
    "lists": "SELECT * WHERE { ?s ?p " + "(" * 20_000 + ")" * 20_000 + " }",
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_nesting_is_refused_before_any_engine_sees_it(store: Store, name: str) -> None:
    with pytest.raises(SizeLimitError, match="query_nesting"):
        store.query(DEEP[name])


DEPTH = 250
SHALLOW = {
    "braces": "ASK " + "{" * DEPTH + "?s ?p ?o" + "}" * DEPTH,
    "brackets": "ASK { ?s ?p ?o FILTER" + "(" * DEPTH + "true" + ")" * DEPTH + " }",
    "not": "ASK { ?s ?p ?o FILTER(" + "!" * DEPTH + "true) }",
    "calls": "ASK { ?s ?p ?o FILTER(" + "ABS(" * DEPTH + "?o" + ")" * DEPTH + " >= 0) }",
    "conditions": "ASK { ?s ?p ?o FILTER(" + "IF(true, " * DEPTH + "true" + ", false)" * DEPTH + ") }",
    "unions": "ASK " + "{{?s ?p ?o} UNION " * (DEPTH - 1) + "{}" + "}" * (DEPTH - 1),
    "subselects": "ASK " + "{ SELECT * " * (DEPTH - 1) + "{ ?s ?p ?o }" + "}" * (DEPTH - 1),
}


@pytest.mark.parametrize("name", SHALLOW)
def test_what_the_nesting_limit_allows_is_answered(store: Store, name: str) -> None:
    assert store.query(SHALLOW[name]).boolean is True


CHAINS = {
    "union": "ASK { {}" + "UNION{}" * 8_000 + "}",
    "or": "ASK { FILTER(1" + "||0" * 15_000 + ") }",
    "plus": "ASK { FILTER(1" + "+1" * 30_000 + ") }",
    "path": "ASK { ?s <p:>" + "/<p:>" * 10_000 + " ?o }",
    "alternatives": "ASK { ?s <p:>" + "|<p:>" * 10_000 + " ?o }",
    "optional": "ASK { " + "OPTIONAL{}" * 6_000 + "}",
    "joins": "ASK { " + "?a ?b ?c ." * 6_000 + "}",
    "values": "ASK { VALUES ?x {" + "1 " * 30_000 + "} }",
}


@pytest.mark.parametrize("name", CHAINS)
def test_long_chains_end_in_an_answer_or_one_clear_error(store: Store, name: str) -> None:
    try:
        assert store.query(CHAINS[name], limits=Limits(query_deadline=1.0)).kind == "boolean"
    except (LimitError, QueryError) as error:
        assert error.way_out


def test_a_gate_that_is_opened_wide_still_leaves_a_worker_that_dies_alone(store: Store) -> None:
    """With the nesting limit off, the engine's stack is what ends it: the worker dies, the caller gets an error."""
    text = "SELECT * WHERE " + "{" * 1_000_000 + "}" * 1_000_000
    with pytest.raises((LimitError, QueryError)):
        store.query(text, limits=Limits(query_nesting=10**9, query_characters=10**9, query_deadline=20.0))


TWO = "?a <http://e/p> ?c . ?d <http://e/p> ?f"
LONG = {
    "cross": "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c+?f+?i = -1) }",
    "join": f"SELECT (COUNT(*) AS ?n) {{ {TWO} . ?g <http://e/n> ?d . ?h <http://e/p> ?i FILTER(?c = ?i + 0.5) }}",
    "path": "SELECT (COUNT(*) AS ?n) { ?a (<http://e/n>|^<http://e/n>)+ ?b }",
    "steps": "SELECT (COUNT(*) AS ?n) { ?a " + "/".join(["<http://e/n>"] * 26) + " ?b }",
    "regex": f"SELECT (COUNT(*) AS ?n) {{ {TWO} FILTER(REGEX(CONCAT(STR(?a), STR(?d)), '(a|aa|[0-9]+)+x$')) }}",
    "backtracking": "SELECT (REPLACE('" + "a" * 60 + "b', '(a*)*c', 'x') AS ?n) { }",
    "sort": f"SELECT * {{ {TWO} }} ORDER BY DESC(STR(?c)) CONCAT(STR(?f), STR(?a))",
    "distinct": f"SELECT (COUNT(DISTINCT ?k) AS ?n) {{ {TWO} BIND(CONCAT(STR(?a), STR(?d)) AS ?k) }}",
    "group": f"SELECT ?k (GROUP_CONCAT(?d) AS ?n) {{ {TWO} BIND(?c * ?f AS ?k) }} GROUP BY ?k",
    "exists": f"SELECT (COUNT(*) AS ?n) {{ {TWO} FILTER NOT EXISTS {{ ?x <http://e/p> ?y FILTER(?y = ?c + ?f + 0.5) }} }}",
    "construct": f"CONSTRUCT {{ ?a ?d ?f }} {{ {TWO} . ?x <http://e/p> ?y FILTER(?y + ?f = -1) }}",
    "buffers": f"SELECT (COUNT(?g) AS ?n) {{ {TWO} BIND(<{GEOF}metricBuffer>(STRDT(CONCAT('POINT(', STR(?c/100), ' ', STR(?f/100), ')'), "
               f"<{GEO.wktLiteral}>), 1000) AS ?g) }}",
}


@pytest.mark.parametrize("name", LONG)
def test_whatever_a_query_does_it_ends_at_the_deadline(store: Store, name: str) -> None:
    """0.2 s beyond it are promised of a machine that has nothing else to do; the test allows for one that has."""
    store.query("ASK {}")
    start = time.monotonic()
    with pytest.raises(DeadlineError, match="query_deadline"):
        store.query(LONG[name], limits=Limits(query_deadline=0.7, query_memory=4000))
    over = time.monotonic() - start - 0.7
    print(f"\n{name}: {over:.3f} s beyond the deadline")
    assert over < 1.0


@pytest.mark.parametrize("name", ["cross", "regex", "backtracking"])
def test_who_wants_little_does_not_wait_for_who_wants_much(store: Store, name: str) -> None:
    """0.1 s are promised of a machine that has nothing else to do; the test allows for one that has."""
    canary = "ASK { <http://e/7> <http://e/p> 7 }"
    took: list[float] = []
    with ThreadPoolExecutor(store.limits.query_workers) as pool:
        bombs = [pool.submit(store.query, LONG[name], limits=Limits(query_deadline=4.0)) for _ in range(store.limits.query_workers)]
        while not all(one.done() for one in bombs):
            start = time.monotonic()
            assert store.query(canary).boolean is True
            took.append(time.monotonic() - start)
            time.sleep(0.05)
        assert all(isinstance(one.exception(), DeadlineError) for one in bombs)
    took.sort()
    print(f"\n{name}: {len(took)} canaries, half below {took[len(took) // 2]:.3f} s, the slowest {took[-1]:.3f} s")
    assert took[len(took) * 9 // 10] < 1.0


def test_who_wants_much_where_all_are_busy_waits_for_its_turn(store: Store) -> None:
    """It begins in the worker kept for short queries, must leave it, and is answered in another, by what is left to it of that."""
    text = f"SELECT (COUNT(*) AS ?n) {{ {TWO} FILTER(REGEX(CONCAT(STR(?a), STR(?d)), '^x')) FILTER(?c < 40) }}"
    with ThreadPoolExecutor(4) as pool:
        bombs = [pool.submit(store.query, LONG["cross"], limits=Limits(query_deadline=4.0)) for _ in range(store.limits.query_workers)]
        # long enough that all have begun, on a machine with other work too
        time.sleep(0.8)
        with pytest.raises(LimitError, match="query_workers"):
            store.query(LONG["cross"], limits=Limits(query_deadline=1.0))
        found = store.query(text)
        assert found.table.to_pylist()[0]["n"]["value"] == "0"
        assert all(isinstance(one.exception(), DeadlineError) for one in bombs)


MEMORY = {
    "order": "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY (?c * ?f)",
    "concat": "SELECT (STRLEN(?z) AS ?n) { BIND('0123456789abcdef' AS ?x0) " + "".join(
        f"BIND(CONCAT({','.join(f'?x{i}' for _ in range(16))}) AS ?x{i + 1})" for i in range(7)) + " BIND(?x7 AS ?z) }",
    "group": "SELECT ?k (COUNT(?c) AS ?n) { ?a ?b ?c . ?d ?e ?f BIND(CONCAT(STR(?a), STR(?d)) AS ?k) } GROUP BY ?k",
}


def facts(pid: int, file: str) -> dict[str, int]:
    """First number of each line of a file of /proc by the words before it; nothing if the process is gone."""
    try:
        text = Path(f"/proc/{pid}/{file}").read_text("ascii")
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {match[1]: int(match[2]) for match in re.finditer(r"^([^\d\n]+?):?\s+(\d+)", text, re.MULTILINE)}


@pytest.mark.parametrize("name", MEMORY)
def test_memory_bombs_stay_under_the_cap(store: Store, name: str) -> None:
    """The kernel holds the worker to what the query may take, and it never has more (RLIMIT_DATA)."""
    store.query("ASK {}")
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(store.query, MEMORY[name], limits=Limits(query_memory=400, query_deadline=60.0))
        sizes, caps = [], []
        while not future.done():
            for one in store.running():
                sizes.append(facts(one.pid, "status").get("VmData", 0) / 1024)
                caps.append(facts(one.pid, "limits").get("Max data size", 0) / 2**20)
            time.sleep(0.01)
    assert isinstance(future.exception(), MemoryLimitError)
    assert "query_memory" in str(future.exception())
    # the first samples may still show what the worker's query before this one was allowed
    cap = [one for one in caps if one][-1]
    assert 400 < cap <= min(filter(None, sizes)) + 400
    assert max(sizes) <= cap


def test_a_generous_cap_lets_pass_what_a_mean_one_stops(store: Store) -> None:
    text = MEMORY["concat"].replace("BIND(?x7 AS ?z)", "").partition("BIND(CONCAT(?x5")[0] + "BIND(?x5 AS ?z) }"
    assert store.query(text, limits=Limits(query_memory=1000)).table.to_pylist()[0]["n"]["value"] == str(16**6)
    with pytest.raises(MemoryLimitError, match="query_memory"):
        store.query(text, limits=Limits(query_memory=10))


def test_a_flood_of_rows_is_cut(store: Store) -> None:
    answer = store.query("SELECT * { ?a ?b ?c . ?d ?e ?f }", limits=Limits(query_rows=1000))
    assert (answer.truncated, answer.table.num_rows) == (True, 1000)


def test_huge_geometries_from_small_queries_stay_under_the_limits(store: Store) -> None:
    nested = "'" + "GEOMETRYCOLLECTION(" * 2000 + ")" * 2000 + "'^^<http://www.opengis.net/ont/geosparql#wktLiteral>"
    answer = store.query(f"SELECT (<http://www.opengis.net/def/function/geosparql/metricArea>({nested}) AS ?x) {{}}")
    assert "nested deeper" in answer.notices[0].text


# how a reader could be talked into not seeing a keyword that another one sees
HIDDEN = (
    "ASK {{ SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "ASK {{ ?s ?p ?o . {{ SeRvIcE SILENT<{url}>{{ ?s ?p ?o }} }} }}",
    "ASK {{ S\\u0045RVICE <{url}> {{ ?s ?p ?o }} }}",
    "PREFIX x:<{url}> ASK {{ ?s ?p ?o FILTER(1<1)SERVICE?s#>\n{{ ?a ?b ?c }} }}",
    "PREFIX : <{url}> PREFIX SERVICE: <http://e/> ASK {{ ?s ?p ?o . SERVICE:{{ ?a ?b ?c }} }}",
    "ASK {{ ?s ?p 1.e5SERVICE<{url}>{{ ?a ?b ?c }} }}",
    "ASK {{ ?s ?p trueSERVICE<{url}>{{ ?a ?b ?c }} }}",
    "PREFIX e:<http://e/> ASK {{ ?s ?p e:a.b.SERVICE<{url}>{{ ?a ?b ?c }} }}",
    "ASK {{ ?s ?p _:a.b.SERVICE<{url}>{{ ?a ?b ?c }} }}",
    "PREFIX : <{url}> PREFIX true.SERVICE: <http://e/> ASK {{ ?s ?p true.SERVICE:{{ ?a ?b ?c }} }}",
    "ASK {{ VALUES ?x {{ \"\"\"x\" }} SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "PREFIX http: <http://e/> ASK {{ ?s ?p <http:/\\u0041#>. SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "ASK {{ ?s ?p '# no comment' . SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "ASK {{ ?s ?p ?o # a comment\n SERVICE <{url}> {{ ?s ?p ?o }} }}",
    "PREFIX : <{url}> SELECT * {{ BIND(1 AS ?a) FILTER(?a<2).SERVICE:x#>\n{{ ?x ?y ?z }} }}",
    "PREFIX : <{url}> SELECT * {{ BIND(1 AS ?a) FILTER(?a<2)SERVICE:x#>\n{{ ?x ?y ?z }} }}",
    "SELECT * {{ BIND(1 AS ?a) FILTER(?a<?a){{}}SERVICE?x#>\n{{ ?x ?y ?z }} }}",
    "PREFIX : <{url}> SELECT * {{ BIND(1 AS ?a) FILTER(?a<'')SERVICE:x#'>\n{{ ?x ?y ?z }} }}",
    "PREFIX : <{url}> SELECT * {{ BIND(1 AS ?a) FILTER(?a<true).SERVICEsilent:x#>\n{{ ?x ?y ?z }} }}",
    "PREFIX : <{url}> SELECT * {{ BIND(1 AS ?a) FILTER(?a<:y(2)).SERVICE:x#>\n{{ ?x ?y ?z }} }}",
    "PREFIX : <{url}> SELECT * {{ ?s <http://e/#> ?o . FILTER(?a<2).SERVICE:x#>\n{{ ?x ?y ?z }} }}",
    "PREFIX : <{url}> SELECT * {{ ?s <http://e/'> ?o . FILTER(?a<2).SERVICE:x#'>\n{{ ?x ?y ?z }} }}",
    "PREFIX : <{url}> SELECT * {{ FILTER(1<2&&3<4).SERVICE:x#>\n{{ ?x ?y ?z }} }}",
    "PREFIX : <{url}> SELECT * {{ FILTER(1<2).MINUS{{}}FILTER(1<2).SERVICE:x#>\n{{ ?x ?y ?z }} }}",
    "PREFIX http: <http://e/> SELECT * {{ ?s <http:/\\u0041#> '\\u0027' . SERVICE <{url}> {{ ?x ?y ?z }} }}",
    "PREFIX http: <http://e/> SELECT * {{ ?s <http:/\\U00000041#> ?o . SERVICE <{url}> {{ ?x ?y ?z }} }}",
)


@pytest.mark.parametrize("template", HIDDEN)
def test_service_makes_no_connection_however_it_hides(store: Store, template: str) -> None:
    with listening() as (port, callers):
        with suppress(ForbiddenError, QueryError):
            store.query(template.format(url=f"http://127.0.0.1:{port}/"))
        assert callers == []


@pytest.mark.parametrize("text", [
    "ASK { ?s ?p 'SERVICE <http://x/> LOAD' }", "ASK { ?s <http://e/service> ?load } # SERVICE",
    "PREFIX s: <http://e/> ASK { s:service s:load ?SERVICE }",
    "ASK { ?s <http://example.org/service/load> ?o ; <http://e/a.service> <http://e/#load-service> }",
    "ASK { ?s <urn:load:service> <urn:x-service:load> ; <mailto:load@service.org> ?o }",
    "BASE <http://e/> ASK { ?s <service> </load> ; <a/service/load> <#service> }",
    "PREFIX x: <http://example.org/service#> ASK { ?s ?service x:load FILTER(?service < 'service>load') }",
    "ASK { ?s ?p ?o FILTER(?o < 3 && STR(?s) > 'x SERVICE <http://x/>') } # LOAD <x>",
    "PREFIX service: <http://e/> PREFIX load: <http://f/> ASK { service:x load:y <urn:x:data.load>, service:z.load }",
    "ASK { ?s ?p \"\"\"a \" SERVICE \"\" b\"\"\" }", "ASK { ?s ?p 'it\\'s LOAD' }", "ASK { ?s ?p 'x'@load }",
])
def test_the_words_alone_are_harmless(store: Store, text: str) -> None:
    assert store.query(text).boolean is False


@pytest.mark.parametrize("text", [
    "<#>" * 300_000, ("<" + 3 * "'" + ">") * 200_000, "<a" * 400_000, "<a>" * 300_000, "?a<2).x:y#>" * 90_000,
], ids=["comments", "strings", "comparisons", "IRIs", "disguises"])
def test_the_gate_goes_quickly_through_a_long_text(text: str) -> None:
    start = time.monotonic()
    with suppress(EarthweaveError):
        admit("ASK { ?load } " + text, Limits(query_characters=10**7, query_nesting=10**9))
    assert time.monotonic() - start < 8.0


def test_load_is_refused_and_makes_no_connection(store: Store) -> None:
    with listening() as (port, callers):
        for text in ("LOAD <{url}>", "INSERT DATA {{}};LOAD<{url}>", "LO\\u0041D <{url}>"):
            with pytest.raises((ForbiddenError, QueryError)):
                store.update(text.format(url=f"http://127.0.0.1:{port}/"))
        assert callers == []


def test_workers_have_no_network_where_the_system_permits(store: Store) -> None:
    """A worker that is asked directly for what nobody allowed reaches nobody."""
    budget = Budget("the query", "query_deadline", 20.0, "query_memory", 500)
    worker = Worker("reader").ready()
    try:
        if worker.network:
            pytest.skip(f"no network namespaces here: {worker.network}")
        with listening() as (port, callers):
            generation = store.path / "generations" / f"{store.statistics().generation:06d}"
            header = {"op": "query", "kind": "query", "generation": str(generation), "default_graphs": [], "named_graphs": [],
                      "explain": False, "seconds": 20.0, "rows": 10, "bytes": 10_000, "memory": 500, "cache": 10}
            end = time.monotonic() + 20
            worker.send(Frame(header, f"ASK {{ SERVICE <http://127.0.0.1:{port}/> {{ ?s ?p ?o }} }}".encode()), end, budget)
            with pytest.raises(EarthweaveError):
                worker.receive(end, budget)
            assert callers == []
    finally:
        worker.kill()


CUT = """
import ctypes, importlib.util, socket, sys
spec = importlib.util.spec_from_file_location("entry", sys.argv[1])
entry = importlib.util.module_from_spec(spec)
spec.loader.exec_module(entry)
print(entry._refuse_sockets(ctypes.CDLL(None, use_errno=True)))
for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
    try:
        socket.socket(family).close()
        print("made")
    except PermissionError:
        print("refused")
"""


def test_the_kernel_refuses_sockets_where_namespaces_are_closed() -> None:
    """The third wall by itself, for instance inside a container."""
    entry = Path(store_package.__file__).with_name("_entry.py")
    told = subprocess.run([sys.executable, "-c", CUT, str(entry)], capture_output=True, text=True, check=True).stdout.split()
    if told[0] == "False":
        pytest.skip("no seccomp filters here")
    assert told == ["True", "refused", "refused", "made"]


ENTITIES = "".join(f'<!ENTITY {after} "{f"&{before};" * 20}">' for before, after in zip("abcdefgh", "bcdefghi", strict=True))
LAUGHS = f"""<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [<!ENTITY a "ha">{ENTITIES}]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">
<rdf:Description rdf:about="http://e/x"><e:p>&i;</e:p></rdf:Description></rdf:RDF>
"""


def loads(store: Store, path: Path, content: bytes) -> Callable[[], object]:
    path.write_bytes(content)
    return lambda: store.load([path])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_billion_laughs_are_refused_unread(store: Store, tmp_path: Path, encoding: str) -> None:
    with pytest.raises(ForbiddenError, match=r"laughs\.rdf.*type declaration"):
        loads(store, tmp_path / "laughs.rdf", LAUGHS.encode(encoding))()
    with pytest.raises(ForbiddenError):
        loads(store, tmp_path / "laughs.rdf.gz", gzip.compress(LAUGHS.encode(encoding)))()


@pytest.mark.parametrize("content", [
    "[" * 100_000 + "]" * 100_000, '{"http://e/p":' * 50_000 + "1" + "}" * 50_000, '["\\\\",' + "[" * 100_000,
], ids=["arrays", "objects", "after an escape"])
def test_nested_json_ld_is_refused_before_parsing(store: Store, tmp_path: Path, content: str) -> None:
    with pytest.raises(SizeLimitError, match="load_nesting"):
        loads(store, tmp_path / "deep.jsonld", content.encode())()


def test_brackets_inside_json_strings_do_not_count(store: Store, tmp_path: Path) -> None:
    text = '{"@id": "http://e/x", "http://e/p": "' + "[{" * 5000 + '\\" [[[' + '"}'
    assert loads(store, tmp_path / "flat.jsonld", text.encode())()


def test_remote_contexts_are_not_fetched(store: Store, tmp_path: Path) -> None:
    with listening() as (port, callers):
        with pytest.raises(RdfSyntaxError):
            loads(store, tmp_path / "remote.jsonld", f'{{"@context": "http://127.0.0.1:{port}/c", "a": 1}}'.encode())()
        assert callers == []


def test_a_packed_bomb_stops_at_its_limit(tmp_path: Path) -> None:
    line = b"<http://e/a> <http://e/p> <http://e/o> .\n"
    with open_store(tmp_path / "small", limits=Limits(load_bytes=1_000_000)) as small:
        with pytest.raises(SizeLimitError, match="load_bytes"):
            loads(small, tmp_path / "bomb.nt.gz", gzip.compress(line * 500_000))()
        assert small.statistics().triples == 0


@pytest.mark.parametrize(("name", "content"), [
    ("zero.ttl", b"\x00" * 1000), ("half.nt", b'<http://e/a> <http://e/p> "\xff\xfe'),
    ("open.ttl", b'<http://e/a> <http://e/p> """x' + b"x" * 100_000), ("broken.rdf", b"<rdf:RDF"), ("broken.jsonld", b"{"),
    ("lists.ttl", b"<http://e/a> <http://e/p> " + b"(" * 200_000),
], ids=lambda value: value if isinstance(value, str) else "")
def test_broken_documents_name_the_file(store: Store, tmp_path: Path, name: str, content: bytes) -> None:
    before = store.statistics().triples
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RdfSyntaxError, match=name.replace(".", r"\.")):
        store.load([tmp_path / name], strict=True)
    assert store.statistics().triples == before


def test_a_torn_line_is_told_and_costs_nothing_else(store: Store, tmp_path: Path) -> None:
    before = store.statistics().triples
    (tmp_path / "half.nt").write_bytes(b'<http://e/torn> <http://e/q> "1" .\n<http://e/a> <http://e/p> "\xff\xfe" .\n<http://e/a> <http')
    (report,) = store.load([tmp_path / "half.nt"]).files
    assert (report.triples, report.bad, [one.line for one in report.bad_lines]) == (1, 2, [2, 3])
    assert store.statistics().triples == before + 1
