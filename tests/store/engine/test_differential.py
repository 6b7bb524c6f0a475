"""Random queries over random small datasets: the engine's answers against pyoxigraph's in the same process, as multisets of terms.

Every one of the counted queries is answered by both. Where the oracle departs from SPARQL 1.1, no such query is made, or the answers
are compared so that it does not matter; here is what was found, with the section that decides:

- paths of no length do not reach constants that the data lack (§18.4, ZeroLengthPath with a term): both ends are variables;
- a step of a negated property set between two bound ends is counted once (§18.4, NPS keeps duplicates): one end is fresh;
- variables of enclosing groups are seen within EXISTS (§18.6, substitute: those of the solution alone): such variables are renamed;
- bindings are not put into MINUS within EXISTS (§18.6, substitute): there is none;
- MINUS at the beginning of a group leaves nothing (§18.5, domains that are disjoint take nothing away): it does not stand there;
- a statement in two graphs of FROM counts twice (§13.2, an RDF merge): the graphs are merged beforehand;
- MIN and MAX leave out unbound values (§18.5.1, an error makes the aggregate one): they are given none;
- a variable of GRAPH is seen within its group (§18.6, Join with the name once the group is evaluated): within, it has another name;
- a variable of GRAPH is left unbound if its group has VALUES or another GRAPH alone (§18.6, Join with the name): it has a triple too;
- the two sides of MINUS within GRAPH and a variable have that in common (§18.5, of one graph at a time): there is none;
- a variable that a sub-select within EXISTS does not project is given the binding from outside all the same (§18.6 names no scope, §18.2.1
  does: it is another variable); twenty thousand queries had one such, none of those here has;
- COUNT(DISTINCT *) tells blank nodes of the pattern apart (§18.3.1, solutions have variables only): there is none.

What the specification leaves open is compared by its limits: which rows LIMIT keeps without ORDER BY (§15.5), the order within
GROUP_CONCAT (§18.5.1.7), the lexical form of computed numbers (XPath and XQuery Functions and Operators 3.1 §4), names of blank nodes.
"""

from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from earthweave.ontology import EarthweaveError
from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import _joins, _operators, evaluate, ntriples
from earthweave.server.store.engine import statements as statements_of
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Kind, Snapshot, SnapshotBuilder, Term
from tests.store.engine.random_queries import (
    EMPTY_PATHS,
    LINKS,
    LITERALS,
    NAMESPACE,
    NODES,
    NUMBER,
    NUMBERS,
    PATHS,
    PROLOGUE,
    VALUE,
    XSD,
    Maker,
    Select,
    shorter,
)

DATASETS, QUERIES = 24, 260
"""6,240 comparisons; those that the oracle refuses or that give too many rows are not among them."""
PROBABLE_ROWS = 4_000


class Data:
    """One random dataset in both engines; the oracle's default graph is the union of all, as ours is."""

    def __init__(self, chance: random.Random, folder: Path) -> None:
        lines = [f"{subject} {predicate} {object_} {graph}" for subject, predicate, object_, graph in statements(chance)]
        document = "\n".join(lines).encode()
        builder = SnapshotBuilder(folder)
        builder.begin("random", AxisOrder.STRICT)
        for block in quads_of(document, "nquads"):
            builder.add(block)
        builder.end()
        self.snapshot: Snapshot = builder.finish()
        self.quads = list(ox.parse(document, format=ox.RdfFormat.N_QUADS))
        self._stores: dict[Any, ox.Store] = {}
        self._latest: tuple[str, tuple[list[str], list[tuple[Any, ...]]]] | None = None

    def store(self, dataset: tuple[tuple[str, ...], tuple[str, ...]] | None) -> ox.Store:
        """The oracle over a dataset: it would count a statement twice that is in two graphs of FROM, so they are merged beforehand."""
        if dataset not in self._stores:
            default, named = (None, None) if dataset is None else ({NAMESPACE + name[1:] for name in names} for names in dataset)
            store = self._stores[dataset] = ox.Store()
            for quad in self.quads:
                graph = getattr(quad.graph_name, "value", None)
                if default is None or graph in default:
                    store.add(ox.Quad(quad.subject, quad.predicate, quad.object))
                if graph is not None and (named is None or graph in named):
                    store.add(quad)
        return self._stores[dataset]

    def theirs(self, select: Select) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Columns and rows of the oracle; the latest are remembered."""
        text = select.text()
        if self._latest is None or self._latest[0] != text:
            self._latest = text, self._answered(select)
        return self._latest[1]

    def _answered(self, select: Select) -> tuple[list[str], list[tuple[Any, ...]]]:
        found = self.store(select.dataset).query(PROLOGUE + select.text(sliced=bool(select.order), graphs=False))
        if isinstance(found, ox.QueryBoolean):
            return [], [(bool(found),)]
        if isinstance(found, ox.QueryTriples):
            return [], constructed(found)
        return [one.value for one in found.variables], [tuple(their_term(term) for term in row) for row in found]

    def some(self, select: Select) -> bool:
        """Whether the oracle has solutions."""
        try:
            rows = self.theirs(select)[1]
        except (SyntaxError, RuntimeError):
            return False
        return rows not in ([], [(False,)])

    def ours(self, select: Select) -> tuple[list[str], list[tuple[Any, ...]]]:
        result = evaluate(self.snapshot, PROLOGUE + select.text())
        if result.form == "ask":
            return [], [(result.any(),)]
        if result.form == "construct":
            lines = b"".join(ntriples(one, result.context) for one in statements_of(result.query, result.batches(), result.context))
            return [], constructed(quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES))
        rows: list[tuple[Any, ...]] = []
        for batch in result.batches():
            columns = [batch.columns[name].tolist() for name in result.names]
            rows += zip(*columns, strict=True) if columns else [()] * batch.length
        known = {id: None if id < 0 else our_term(result.context.terms.term(id)) for row in rows for id in row}
        return list(result.names), [tuple(known[id] for id in row) for row in rows]


def statements(chance: random.Random) -> Iterator[tuple[str, str, str, str]]:
    names = [f"<{NAMESPACE}{node[1:]}>" for node in NODES] + ["_:b1", "_:b2"]
    graphs = ["", "", f"<{NAMESPACE}g1> ", f"<{NAMESPACE}g2> "]
    for _ in range(chance.choice((4, 30, 50, 75))):
        kind, subject = chance.random(), chance.choice(names)
        if kind < 0.6:
            predicate, object_ = chance.choice(LINKS), chance.choice(names)
        elif kind < 0.8:
            predicate, object_ = NUMBER, spelled(chance.choice(NUMBERS))
        else:
            predicate, object_ = VALUE, chance.choice([*map(spelled, LITERALS), *names])
        for graph in chance.sample(graphs, 2 if chance.random() < 0.2 else 1):
            yield subject, f"<{NAMESPACE}{predicate[1:]}>", object_, f"{graph}."


def spelled(literal: str) -> str:
    """A literal of SPARQL in N-Quads."""
    if literal.startswith('"'):
        text, _, name = literal.partition("^^")
        prefix, _, local = name.partition(":")
        return f"{text}^^<{XSD if prefix else NAMESPACE}{local}>" if name else literal
    kind = "boolean" if literal in ("true", "false") else "decimal" if "." in literal else "integer"
    return f'"{literal}"^^<{XSD}{kind}>'


def constructed(triples: Iterable[ox.Triple]) -> list[tuple[Any, ...]]:
    """The statements of a graph, each once; a node made for each solution counts as any other of them."""
    found = {(their_term(one.subject), one.predicate.value, their_term(one.object)) for one in triples}
    return sorted(found, key=repr)


def their_term(term: Any) -> Any:
    if isinstance(term, ox.Literal):
        return literal_value(term.value, term.datatype.value, (term.language or "").lower())
    return None if term is None else "blank" if isinstance(term, ox.BlankNode) else term.value


def our_term(term: Term) -> Any:
    if term.type.kind == Kind.LITERAL:
        return literal_value(term.text, term.type.datatype, term.type.language)
    return "blank" if term.type.kind == Kind.BNODE else term.text


def literal_value(text: str, datatype: str, language: str) -> Any:
    """A literal as what can be compared: the oracle writes numbers its own way, and joins groups in an order of its own."""
    if datatype.startswith(XSD) and datatype[len(XSD):] in ("integer", "decimal", "double", "float"):
        number = float(text.replace("INF", "inf"))
        return datatype, "nan" if math.isnan(number) else float(f"{number:.9g}"), ""
    return datatype, tuple(sorted(text.split("|"))), language


def disagreement(data: Data, select: Select) -> str | None:
    """What is wrong, or nothing; None if the oracle does not answer, or with too many rows."""
    try:
        names, expected = data.theirs(select)
    except (SyntaxError, RuntimeError):
        return None
    if len(expected) > PROBABLE_ROWS:
        return None
    given_names, given = data.ours(select)
    if names != given_names:
        return f"columns {given_names} instead of {names}"
    if select.order:
        return "" if expected == given else f"{given} instead of {expected}"
    wanted, found = Counter(expected), Counter(given)
    if select.last:
        size = min(max(len(expected) - select.last[0], 0), select.last[1])
        return "" if len(given) == size and found <= wanted else f"{given} is no {size} of {expected}"
    return "" if wanted == found else f"missing {dict(wanted - found)}, too many {dict(found - wanted)}"


FAULTS = (EarthweaveError, ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a broken engine raises: shown with the query that it fails on."""


def minimised(select: Select, fails: Callable[[Select], bool]) -> Select:
    """The shortest query that still fails."""
    for _ in range(100):
        following = next((one for one in shorter(select) if fails(one)), None)
        if following is None:
            break
        select = following
    return select


def complaint(data: Data, select: Select) -> str | None:
    """The same; whatever the engine raises is wrong, for the oracle has answered."""
    try:
        return disagreement(data, select)
    except FAULTS as error:
        return f"{type(error).__name__}: {error}"


def check(data: Data, select: Select) -> bool:
    """Compare the answers to a query; whether there was one to compare with."""
    found = complaint(data, select)
    if found:
        least = minimised(select, lambda one: bool(complaint(data, one)))
        print(PROLOGUE + least.text(), *(f"{quad} ." for quad in data.quads), sep="\n")
        pytest.fail(f"{least.text()}\n{complaint(data, least)}\nfirst seen in {select.text()}")
    return found is not None


@pytest.mark.parametrize("seed", range(DATASETS))
def test_queries_agree_with_the_oracle(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = Data(chance, tmp_path / "snapshot")
    compared = full = 0
    for select in telling(data, chance):
        compared += check(data, select)
        full += data.some(select)
        if compared == QUERIES:
            break
    print(f"{compared} queries compared, of which {full} have solutions")
    assert len(data.quads) < 10 or full > QUERIES / 5


def telling(data: Data, chance: random.Random) -> Iterator[Select]:
    """Queries; of those without solutions only some, for many errors do not show in them."""
    while True:
        select = Maker(chance).query()
        if chance.random() < 0.4 or data.some(select):
            yield select


def test_the_queries_have_everything_in_them() -> None:
    queries = [Maker(random.Random(seed)).query().text() for seed in range(400)]
    words = [
        "OPTIONAL", "UNION", "MINUS", "FILTER EXISTS", "FILTER NOT EXISTS", "VALUES", "UNDEF", "BIND", "{ SELECT", "DISTINCT", "ORDER BY",
        "LIMIT", "GROUP BY", "HAVING", "COUNT(", "SUM(", "AVG(", "MIN(", "MAX(", "GROUP_CONCAT", "GRAPH ?g", "GRAPH :g1", "FROM ",
        "FROM NAMED", "ASK", "CONSTRUCT", *PATHS, *EMPTY_PATHS, "REGEX", "COALESCE", "IF(", " IN (", "GRAPH ?g {  }",
    ]
    assert [word for word in words if not any(word in one for one in queries)] == []


@pytest.mark.parametrize(("place", "replaced"), [
    ("Without.produce", lambda self, context, seed: iter([seed])),
    ("LeftOuter.produce", lambda self, context, seed: self.inputs[0].run(context, seed)),
    ("Unique.produce", lambda self, context, seed: self.inputs[0].run(context, seed)),
    ("Restrict.produce", lambda self, context, seed: iter([seed])),
    ("Inline.produce", lambda self, context, seed: iter([seed])),
])
def test_an_engine_that_is_wrong_is_found_out(place: str, replaced: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kind, name = place.split(".")
    monkeypatch.setattr(getattr(_joins, kind, None) or getattr(_operators, kind), name, replaced)
    chance = random.Random(0)
    data = Data(chance, tmp_path / "snapshot")
    assert any(complaint(data, select) for select in itertools.islice(telling(data, chance), QUERIES))
