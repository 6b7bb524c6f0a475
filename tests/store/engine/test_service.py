"""SERVICE in the engine: another snapshot stands for the endpoint, and the merged data are the oracle."""

from __future__ import annotations

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.ontology import (
    XSD,
    DeadlineError,
    EarthweaveError,
    EndpointError,
    ForbiddenError,
    ProcessingError,
    QueryError,
)
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.algebra import Services
from earthweave.server.store.engine import Budget, Result, evaluate, parse, plan_report
from earthweave.server.store.engine._documents import ResultDocument
from earthweave.server.store.engine._sent import Sender, portions, written
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import BNODE, Kind, Snapshot, SnapshotBuilder, Term, iri, literal, tagged

HEAD = "PREFIX : <http://e/>\n"
HERE, THERE = "http://here.example/sparql", "http://there.example/sparql"
_numbers = itertools.count()


def built(lines: str, folder: Path) -> Snapshot:
    builder = SnapshotBuilder(folder / f"s{next(_numbers)}", durable=False)
    builder.begin("data", AxisOrder.STRICT)
    for block in quads_of(lines.encode(), "nquads"):
        builder.add(block)
    builder.end()
    return builder.finish()


def cell(term: Term) -> dict[str, str]:
    if term.type.kind is not Kind.LITERAL:
        return {"type": "uri" if term.type.kind is Kind.IRI else "bnode", "value": term.text}
    tag = {"xml:lang": term.type.language} if term.type.language else {"datatype": term.type.datatype}
    return {"type": "literal", "value": term.text, **tag}


def solutions(result: Result) -> list[dict[str, Term]]:
    found = []
    for batch in result.batches():
        columns = {name: batch.column(name).tolist() for name in result.names}
        found += [{name: result.context.terms.term(ids[row]) for name, ids in columns.items() if ids[row] >= 0}
                  for row in range(batch.length)]
    return found


def document(names: tuple[str, ...], rows: list[dict[str, Term]], **more: Any) -> bytes:
    bindings = [{name: cell(term) for name, term in row.items()} for row in rows]
    return json.dumps({"head": {"vars": names}, "results": {"bindings": bindings}, **more}).encode()


class Endpoint:
    """A snapshot that answers as an endpoint does, and remembers what it was asked."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot, self.asked = snapshot, list[str]()

    def __call__(self, endpoint: str, text: str) -> bytes:
        self.asked.append(text)
        result = evaluate(self.snapshot, text)
        return document(result.names, solutions(result))


def rows(result: Result) -> Counter[frozenset[tuple[str, Term]]]:
    return Counter(frozenset(row.items()) for row in solutions(result))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("service")


@pytest.fixture(scope="module")
def local(folder: Path) -> Snapshot:
    return built("".join(f"<http://e/a{i}> <http://e/p> <http://e/b{i % 7}> .\n<http://e/a{i}> <http://e/n> \"{i}\" .\n"
                         for i in range(40)) + "<http://e/a0> <http://e/p> _:x .\n", folder)


@pytest.fixture(scope="module")
def endpoint(folder: Path) -> Endpoint:
    return Endpoint(built("".join(f"<http://e/b{i}> <http://e/q> \"v{i}\"@en .\n" for i in range(5))
                          + "<http://e/b1> <http://e/q> _:y .\n<http://e/b2> <http://e/q> _:y .\n", folder))


@pytest.fixture
def ask(local: Snapshot, endpoint: Endpoint) -> Iterator[Callable[..., Result]]:
    endpoint.asked.clear()

    def run(text: str, ask: Callable[[str, str], bytes] = endpoint, batch: int = 3, rows: int = 1000) -> Result:
        return evaluate(local, HEAD + text, services=Services(ask, batch, rows))

    yield run


Ask = Callable[..., Result]
JOINED = f"SELECT * {{ ?a :p ?b SERVICE <{THERE}> {{ ?b :q ?v }} }}"


def test_solutions_are_sent_in_batches_and_each_value_once(ask: Ask, endpoint: Endpoint) -> None:
    result = ask(JOINED)
    # b0 to b4 are known there, b1 and b2 with two values
    assert len(solutions(result)) == sum({0: 1, 1: 2, 2: 2, 3: 1, 4: 1}.get(i % 7, 0) for i in range(40))
    assert len(endpoint.asked) == 3 and all("VALUES" in text for text in endpoint.asked)
    assert Counter("".join(endpoint.asked).count(f"<http://e/b{i}>") for i in range(7)) == {1: 7}
    assert "_:" not in "".join(endpoint.asked)
    text = plan_report(result.operator, result.context)["text"]
    assert "3 call(s), 7 solutions sent in VALUES, 7 solutions and" in text and f"Service <{THERE}>" in text


def test_without_solutions_the_pattern_goes_by_itself(ask: Ask, endpoint: Endpoint) -> None:
    assert len(solutions(ask(f"SELECT ?v {{ SERVICE <{THERE}> {{ ?b :q ?v }} }}"))) == 7
    (text,) = endpoint.asked
    assert "VALUES" not in text and "{ ?b :q ?v }" in text and "PREFIX : <http://e/>" in text and "?b ?v" not in text


def test_blank_nodes_are_one_within_a_call_and_nobody_elses(ask: Ask) -> None:
    (row,) = solutions(ask(f"SELECT (COUNT(DISTINCT ?v) AS ?n) {{ SERVICE <{THERE}> {{ ?b :q ?v FILTER(isBlank(?v)) }} }}"))
    assert row["n"].text == "1"
    assert not solutions(ask(f"SELECT * {{ ?a :p ?v FILTER(isBlank(?v)) SERVICE <{THERE}> {{ ?b :q ?v }} }}"))


@pytest.mark.parametrize(("text", "count"), [
    (f"SELECT * {{ ?a :n '0' ; :p ?b OPTIONAL {{ SERVICE <{THERE}> {{ ?b :q ?v }} }} }}", 2),
    (f"SELECT * {{ ?a :n ?n ; :p ?b FILTER NOT EXISTS {{ SERVICE <{THERE}> {{ ?b :q ?v }} }} }}", 11),
    (f"SELECT * {{ ?a :p ?b MINUS {{ SERVICE <{THERE}> {{ ?b :q ?v }} }} }}", 11),
    (f"SELECT * {{ {{ ?a :n '1' }} UNION {{ SERVICE <{THERE}> {{ ?b :q ?v }} }} }}", 8),
    (f"SELECT * {{ ?a :n '1' ; :p ?b SERVICE <{THERE}> {{ SELECT ?b (COUNT(*) AS ?n) {{ ?b :q ?v }} GROUP BY ?b }} }}", 1),
    (f"SELECT * {{ ?a :n '1' ; :p ?b SERVICE <{THERE}> {{ ?b :q ?v FILTER(BOUND(?a)) }} }}", 0),
    (f"SELECT * {{ ?a :n '1' ; :p ?b SERVICE <{THERE}> {{ ?b :q ?v # a comment }}\n }} }}", 2),
    (f"SELECT ?b {{ ?a :n '1' ; :p ?b SERVICE <{THERE}> {{ OPTIONAL {{ ?b :none ?v }} }} }}", 1),
    (f"SELECT * {{ BIND(<{THERE}> AS ?e) ?a :n '1' ; :p ?b SERVICE ?e {{ ?b :q ?row }} }}", 2),
    (f"SELECT * {{ VALUES ?e {{ <{THERE}> <{HERE}> }} SERVICE ?e {{ ?b :q ?v }} }}", 14),
    (f"ASK {{ SERVICE <{THERE}> {{ :b1 :q 'v1'@en }} }}", 1),
    (f"SELECT * {{ GRAPH ?g {{ SERVICE <{THERE}> {{ ?b :q ?v }} }} }}", 0),
    (f"SELECT DISTINCT ?b {{ SERVICE <{THERE}> {{ ?b :q ?v }} }}", 5),
])
def test_wherever_it_stands(ask: Ask, text: str, count: int) -> None:
    result = ask(text)
    assert (int(result.any()) if result.form == "ask" else len(solutions(result))) == count


def test_long_literals_are_compared_here(local: Snapshot, folder: Path) -> None:
    other = Endpoint(built("".join(f'<http://e/c> <http://e/q> "{letter * 5000}" .\n' for letter in "xy"), folder))
    text = f'SELECT ?c {{ VALUES ?v {{ "{"x" * 5000}" "{"z" * 5000}" }} SERVICE <{THERE}> {{ ?c :q ?v }} }}'
    assert len(solutions(evaluate(local, HEAD + text, services=Services(other)))) == 1
    assert len("".join(other.asked)) < 200


def test_a_variable_must_name_an_endpoint(ask: Ask) -> None:
    for text in ("SELECT * { SERVICE ?e { ?b :q ?v } }", "SELECT * { ?a :n ?e SERVICE ?e { ?b :q ?v } }"):
        with pytest.raises(QueryError, match=r"SERVICE \?e names no endpoint"):
            solutions(ask(text))
        assert solutions(ask(text.replace("SERVICE", "SERVICE SILENT")))


def failing(endpoint: str, text: str) -> bytes:
    raise ProcessingError(f"<{endpoint}> cannot be reached")


def test_a_failure_is_told_or_if_silent_one_empty_solution(ask: Ask) -> None:
    with pytest.raises(ProcessingError):
        solutions(ask(JOINED, failing))
    result = ask(JOINED.replace("SERVICE", "SERVICE SILENT"), failing)
    assert len(solutions(result)) == 41
    assert [one.code for one in result.context.tally.notices(empty=False)] == ["service"]


def test_without_services_nothing_is_asked(local: Snapshot) -> None:
    with pytest.raises(ForbiddenError, match="SERVICE") as refused:
        evaluate(local, HEAD + "SELECT * { ?a :none ?b FILTER EXISTS { " + f"SERVICE <{THERE}> {{ ?b :q ?v }} }} }}")
    assert "service_allow" in refused.value.way_out
    assert len(solutions(evaluate(local, HEAD + JOINED.replace("SERVICE", "SERVICE SILENT")))) == 41


def test_the_deadline_holds_across_calls(local: Snapshot, endpoint: Endpoint) -> None:
    services = Services(endpoint, 1)
    with pytest.raises(DeadlineError, match="query_deadline"):
        solutions(evaluate(local, HEAD + JOINED, services=services, budget=Budget(0.0)))


HOSTILE = {
    "no JSON": b"<html>", "not UTF-8": b'{"results": "\xff"}', "nothing": b"", "a list": b"[]", "no results": b'{"head": {}}',
    "a boolean": b'{"head": {}, "boolean": true}', "cut": b'{"results": {"bindings": [{', "more": b'{"results": {"bindings": []}} x',
    "rows no objects": b'{"results": {"bindings": [1]}}', "terms no objects": b'{"results": {"bindings": [{"v": "x"}]}}',
    "no row": document(("v",), [{"v": iri("http://e/x")}]), "a row not sent": document(("row",), [{"row": literal("99")}]),
    "a negative row": document(("row",), [{"row": literal("-1")}]), "a long row": document(("row",), [{"row": literal("0" * 5000)}]),
    "no IRI": document(("v",), [{"v": iri("http://e/> { } #")}]), "relative": document(("v",), [{"v": iri("x")}]),
    "no datatype": document(("v",), [{"v": literal("x", 'http://e/"')}]), "no tag": document(("v",), [{"v": tagged("x", "e n")}]),
    "half a character": document(("v",), [{"v": literal("\ud800")}]), "a triple": b'{"results": {"bindings": [{"v": {"type": "triple"}}]}}',
    "deep": b'{"x": ' + b"[" * 200_000, "deep term": b'{"results": {"bindings": [{"v": {"type": "uri", "value": ' + b"[" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_documents_that_are_no_answers(ask: Ask, name: str) -> None:
    with pytest.raises(EndpointError, match="no SPARQL JSON result"):
        solutions(ask(JOINED, lambda endpoint, text: HOSTILE[name]))


def test_too_many_solutions_are_not_taken(ask: Ask) -> None:
    flood = document(("row",), [{"row": literal("0")}] * 11)
    with pytest.raises(EndpointError, match="service_rows"):
        solutions(ask(JOINED, lambda endpoint, text: flood, rows=10))


def test_an_answer_that_was_cut_says_so(ask: Ask) -> None:
    result = ask(JOINED, lambda endpoint, text: document(("row",), [], truncated=True))
    assert not solutions(result)
    assert [one.code for one in result.context.tally.notices(empty=False)] == ["truncated"]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_no_document_does_more_than_complain(body: bytes) -> None:
    try:
        list(ResultDocument(body).bindings())
    except EndpointError:
        return


TERMS = st.one_of(
    st.sampled_from([iri("http://e/a"), iri("urn:x:y"), literal("x", "http://e/datatype")]), st.text(max_size=20).map(literal),
    st.text(alphabet="\\\"'\n\r\t{}<>?é\u2028\U0001f600\x00\x07", max_size=9).map(literal),
    st.text(max_size=9).map(lambda text: tagged(text, "de-at")),
    st.integers().map(lambda n: literal(str(n), str(XSD.integer))),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(TERMS, min_size=1, max_size=5))
def test_what_is_sent_is_read_as_the_same_terms(terms: list[Term]) -> None:
    texts = [written(term) for term in terms]
    values = parse("SELECT * { VALUES ?x { " + " ".join(text for text in texts if text) + " } }").pattern
    assert [row[0] for row in values.input.rows] == terms


def test_terms_that_mean_nothing_elsewhere_stay_here() -> None:
    for term in (Term("b", BNODE), iri("http://e/> } #"), iri("relative"), literal("x", "no iri")):
        assert written(term) is None


@given(st.lists(st.integers(0, 40_000).map("x".__mul__), max_size=9), st.integers(1, 4))
def test_portions_are_all_rows_in_order(texts: list[str], most: int) -> None:
    found = list(portions(texts, most))
    assert [place for start, stop in found for place in range(start, stop)] == list(range(len(texts)))
    assert all(stop - start <= most and (stop - start == 1 or sum(map(len, texts[start:stop])) <= 32_768) for start, stop in found)


def test_the_number_of_a_solution_takes_no_variable_of_the_text() -> None:
    node = parse(HEAD + f"SELECT * {{ SERVICE <{THERE}> {{ ?row :q ?row_ }} }}").pattern.input
    assert Sender(node, frozenset({"row"}), False).row == "row__"


PLACES = st.one_of(st.sampled_from(["?x", "?y", "?z"]), st.sampled_from([":n0", ":n1", ":n2", ":n3"]))
LOCAL, REMOTE = (st.tuples(PLACES, st.sampled_from(names), PLACES).map(" ".join) for names in ([":p", ":q"], [":r", ":s"]))


@pytest.fixture(scope="module")
def parted(folder: Path) -> list[tuple[Snapshot, Snapshot, Snapshot]]:
    """Data in two places, and in one."""
    found = []
    for seed in range(4):
        chance = random.Random(seed)
        lines = {name: "".join(f"<http://e/n{chance.randrange(4)}> <http://e/{name}> <http://e/n{chance.randrange(4)}> .\n"
                               for _ in range(2 + 2 * seed)) for name in "pqrs"}
        parts = (lines["p"] + lines["q"], lines["r"] + lines["s"], "".join(lines.values()))
        found.append((built(parts[0], folder), built(parts[1], folder), built(parts[2], folder)))
    return found


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 3), st.lists(LOCAL, max_size=3), st.lists(REMOTE, min_size=1, max_size=3), st.integers(1, 5),
       st.sampled_from(["@", "OPTIONAL { @ }", "FILTER NOT EXISTS { @ }", "MINUS { @ }", "{ @ } UNION { ?x :p ?z }"]))
def test_data_in_two_places_answer_as_the_merged_do(parted: list[tuple[Snapshot, Snapshot, Snapshot]], place: int, here: list[str],
                                                    there: list[str], batch: int, around: str) -> None:
    mine, theirs, merged = parted[place]
    text = HEAD + "SELECT * { " + " . ".join(here) + " " + around + " }"
    remote = "{ " + " . ".join(there) + " }"
    federated = evaluate(mine, text.replace("@", f"SERVICE <{THERE}> {remote}"), services=Services(Endpoint(theirs), batch))
    assert rows(federated) == rows(evaluate(merged, text.replace("@", remote)))


def test_errors_of_the_pattern_are_told_before_anything_is_asked(ask: Ask, endpoint: Endpoint) -> None:
    with pytest.raises(EarthweaveError, match="line"):
        ask(f"SELECT * {{ ?a :p ?b SERVICE <{THERE}> {{ ?b :q }} }}")
    assert not endpoint.asked
