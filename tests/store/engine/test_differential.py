"""Random queries over random small datasets: the engine's answers against pyoxigraph's in the same process, as multisets of terms."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from earthweave.ontology.geometry import AxisOrder
from earthweave.server.store.engine import evaluate
from earthweave.server.store.loading import quads_of
from earthweave.server.store.snapshot import Kind, Snapshot, SnapshotBuilder, Term

DATASETS, QUERIES = 24, 340
NAMESPACE = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"
PROLOGUE = f"PREFIX : <{NAMESPACE}> PREFIX xsd: <{XSD}> "
NODES = tuple(f":n{number}" for number in range(8))
LINKS, NUMBER, VALUE = (":p", ":q", ":r"), ":num", ":val"
GRAPHS = (":g1", ":g2")
NUMBERS = ("0", "1", "2", "3", "1.5", '"2.5"^^xsd:double', "-1", "4", "0.5")
LITERALS = ('"a"', '"b"', '"a"@en', '"a"@de', "true", "false", "1", "2.5", '"2020-01-01"^^xsd:date', '"2021-06-01T00:00:00Z"^^xsd:dateTime',
            '"odd"^^:type', '"abc"', '""')
RESOURCES, FIGURES, ANY = ("a", "b", "c", "d"), ("n", "m"), ("v", "w")
PATHS = (":p/:q", ":p+", "^:p", "(:p|:q)+", "!(:p)", "(^:p)+", "!^:p", "(:p/^:q)+", ":p/:q*/:r")
EMPTY_PATHS = (":p*", ":q?", "(:p/:q)*", "(:p|^:q)*")
"""Those of no length; the oracle does not find constants that the data lack, so both ends are variables."""
PROBABLE_ROWS = 4_000


@dataclass
class Select:
    """A SELECT, as text that can be made shorter.

    Attributes:
        head: what is projected, without SELECT; tail: GROUP BY and HAVING.
        group: elements, each a tuple: what it is, then strings, groups or selects.
        dataset: graphs of FROM, and of FROM NAMED; None for no such clause.
        order: what the rows are in the order of; last: OFFSET and LIMIT.
    """

    head: str
    group: list[tuple[Any, ...]]
    tail: str = ""
    dataset: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    order: str = ""
    last: tuple[int, int] | None = None

    def text(self, *, sliced: bool = True, graphs: bool = True) -> str:
        default, named = self.dataset if self.dataset and graphs else ((), ())
        clauses = [f"FROM {one}" for one in default] + [f"FROM NAMED {one}" for one in named]
        order = [f"ORDER BY {self.order}"] if self.order else []
        last = [f"OFFSET {self.last[0]} LIMIT {self.last[1]}"] if self.last and sliced else []
        return " ".join(["SELECT", self.head, *clauses, "WHERE", written(self.group), self.tail, *order, *last])


def written(group: list[tuple[Any, ...]]) -> str:
    known = seen(group)
    return "{ " + " ".join(element(one, known) for one in group) + " }"


def element(one: tuple[Any, ...], known: list[str]) -> str:
    kind, *parts = one
    if kind in ("triple", "filter", "bind", "values"):
        return apart(str(parts[0]), known)
    if kind == "union":
        return " UNION ".join(written(part) for part in parts)
    if kind == "select":
        return "{ " + parts[0].text() + " }"
    if kind in ("exists", "not exists"):
        return apart(f"FILTER {kind.upper()} {written(parts[0])}", known)
    opening = {"optional": "OPTIONAL ", "minus": "MINUS ", "group": ""}
    return (opening[kind] if kind in opening else f"GRAPH {kind} ") + written(parts[0])


def apart(text: str, known: list[str]) -> str:
    """Variables within EXISTS that its own group does not know get other names: the oracle lets those of enclosing groups in."""
    if "EXISTS" not in text:
        return text
    return re.sub(r"\?(\w+)", lambda match: match[0] if match[1] in known else f"?{match[1]}e", text)


def shorter(select: Select) -> Iterator[Select]:
    """The query with one thing less."""
    for group in smaller(select.group):
        yield replace(select, group=group)
    if select.dataset:
        yield replace(select, dataset=None)
    if select.last:
        yield replace(select, last=None)
    if select.order:
        yield replace(select, order="")


def smaller(group: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    for place, (kind, *parts) in enumerate(group):
        if len(group) > 1:
            yield group[:place] + group[place + 1:]
        for number, part in enumerate(parts):
            choices: Iterator[Any] = smaller(part) if isinstance(part, list) else shorter(part) if isinstance(part, Select) else iter(())
            for choice in choices:
                yield [*group[:place], (kind, *parts[:number], choice, *parts[number + 1:]), *group[place + 1:]]


@dataclass
class Maker:
    """Makes queries, every choice by one source of chance."""

    chance: random.Random
    fresh: int = 0
    within: bool = False

    def one(self, *choices: Any) -> Any:
        return self.chance.choice(choices)

    def often(self, share: float) -> bool:
        return self.chance.random() < share

    def resource(self) -> str:
        return "?" + self.one(*RESOURCES) if self.often(0.85) else self.one(*NODES)

    def triple(self) -> str:
        subject = self.resource()
        kind = self.chance.random()
        if kind < 0.5:
            return f"{subject} {self.one(*LINKS)} {self.resource()} ."
        if kind < 0.65:
            return f"{subject} {NUMBER} {'?' + self.one(*FIGURES) if self.often(0.9) else self.one(*NUMBERS)} ."
        if kind < 0.75:
            return f"{subject} {VALUE} ?{self.one(*ANY)} ."
        if kind < 0.82:
            path = self.one(*PATHS)
            # between two bound ends the oracle counts one step of a negated set only
            return f"{subject} {path} {'?' + self.variable() if '!' in path else self.resource()} ."
        if kind < 0.85:
            return f"?{self.one(*RESOURCES)} {self.one(*EMPTY_PATHS)} ?{self.one(*RESOURCES)} ."
        if kind < 0.9:
            return f"{subject} {self.one(*LINKS)} [ {self.one(*LINKS)} {self.resource()} ] ."
        return f"{subject} ?{self.one('x', 'y', 'a')} {self.resource()} ."

    def group(self, depth: int, least: int = 1) -> list[tuple[Any, ...]]:
        elements: list[tuple[Any, ...]] = [("triple", self.triple()) for _ in range(self.chance.randint(least, 2 + (depth > 1)))]
        for _ in range(max(self.chance.randint(0, 2) if depth else 0, not elements)):
            elements.insert(self.chance.randint(min(1, len(elements)), len(elements)), self.nested(depth - 1))
        if elements[0][0] == "minus":
            # of nothing, the oracle takes nothing away and has nothing left
            elements[0] = ("group", *elements[0][1:])
        if self.often(0.3):
            elements.append(("filter", f"FILTER({self.condition(2)})"))
        if self.often(0.15):
            elements.append(("bind", f"BIND({self.value()} AS ?{self.variable()})"))
        return elements

    def nested(self, depth: int) -> tuple[Any, ...]:
        kind = self.one("optional", "optional", "optional", "union", "union", "minus", "exists", "not exists", "values", "select", "graph",
                        "group", "filter", "optional-filter")
        if "exists" in kind:
            # the oracle does not put bindings into MINUS as the specification says
            self.within, before = True, self.within
            inner = self.group(depth)
            self.within = before
            return kind, inner
        if kind == "minus" and self.within:
            kind = "optional"
        if kind == "union":
            return (kind, *(self.group(depth) for _ in range(self.chance.randint(2, 3))))
        if kind == "values":
            return (kind, self.values())
        if kind == "select":
            return (kind, self.select(depth, inner=True))
        if kind == "graph":
            return (self.one(*GRAPHS, "?g", "?g", "?a"), self.group(depth, 0 if self.often(0.1) else 1))
        if kind == "filter":
            return (kind, f"FILTER({self.condition(2)})")
        if kind == "optional-filter":
            return ("optional", [*self.group(depth), ("filter", f"FILTER({self.condition(1)})")])
        return (kind, self.group(depth))

    def values(self) -> str:
        names = self.chance.sample(("a", "b", "n", "v"), self.chance.randint(1, 2))
        rows = []
        for _ in range(self.chance.randint(1, 3)):
            cells = [self.one(*NODES) if name in RESOURCES else self.one(*NUMBERS) for name in names]
            rows.append("(" + " ".join("UNDEF" if self.often(0.15) else cell for cell in cells) + ")")
        return f"VALUES ({' '.join('?' + name for name in names)}) {{ {' '.join(rows)} }}"

    def variable(self) -> str:
        self.fresh += 1
        return f"z{self.fresh}"

    def value(self) -> str:
        n, v, a = self.one(*FIGURES), self.one(*ANY), self.one(*RESOURCES)
        return str(self.one(f"?{n} + 1", f"STR(?{a})", f"?{n} * 2", f"COALESCE(?{v}, ?{a})", f"IF(BOUND(?{n}), ?{n}, ?{a})", f"?{a}", "7",
                            f"LANG(?{v})", f"STRLEN(STR(?{v}))", f"DATATYPE(?{v})", f"-?{n}", f"ABS(?{n})", f"xsd:string(?{n})"))

    def condition(self, depth: int) -> str:
        if depth and self.often(0.35):
            left, right = self.condition(depth - 1), self.condition(depth - 1)
            return str(self.one(f"({left} && {right})", f"({left} || {right})", f"!({left})"))
        n, m, v, a, b = (self.one(*names) for names in (FIGURES, FIGURES, ANY, RESOURCES, RESOURCES))
        return str(self.one(
            f"?{n} > {self.one(*NUMBERS)}", f"?{n} <= ?{m}", f"?{a} = ?{b}", f"?{a} != ?{b}", f"BOUND(?{self.one(n, v, a)})", f"isIRI(?{v})",
            f"isLiteral(?{a})", f"?{v} = \"a\"", f"STR(?{v}) < \"b\"", f"?{a} IN (:n1, :n2, ?{b})", f"?{a} = {self.one(*NODES)}",
            f"?{n} + ?{m} = 3", f"LANG(?{v}) = \"en\"", f"CONTAINS(STR(?{a}), \"n1\")", f"COALESCE(?{n}, 1) = 1", f"sameTerm(?{a}, ?{b})",
            f"?{n} NOT IN (1, 2)", f"REGEX(STR(?{v}), \"^a\")", f"isNumeric(?{v})", f"?{n} * ?{m} < 2", f"isBlank(?{a})",
            f"EXISTS {{ {self.triple()} }}", f"NOT EXISTS {{ {self.triple()} FILTER(?{a} != ?{b}) }}",
        ))

    def select(self, depth: int, *, inner: bool = False) -> Select:
        group = self.group(depth)
        names = seen(group)
        if not names:
            return Select("(1 AS ?one)" if not inner else f"(1 AS ?{self.variable()})", group)
        if self.often(0.25):
            return self.aggregated(group, names)
        chosen = self.chance.sample(names, self.chance.randint(1, min(3, len(names))))
        head = ("DISTINCT " if self.often(0.35) else "") + " ".join(f"?{name}" for name in chosen)
        if self.often(0.1):
            head += f" ({self.value()} AS ?{self.variable()})"
        return Select(head, group)

    def aggregated(self, group: list[tuple[Any, ...]], names: list[str]) -> Select:
        keys = self.chance.sample(names, min(self.chance.randint(0, 2), len(names)))
        name, figure, other = self.one(*names), self.one(*FIGURES), self.variable()
        aggregate = self.one("COUNT(*)", f"COUNT(?{name})", f"COUNT(DISTINCT ?{name})", f"SUM(?{figure})", f"AVG(?{figure})", f"MIN(COALESCE(?{figure}, 0))",
                             f"MAX(COALESCE(?{figure}, 0))", f"SUM(DISTINCT ?{figure})", f"GROUP_CONCAT(COALESCE(STR(?{name}), \"no\"); separator=\"|\")", "COUNT(DISTINCT *)",
                             f"COUNT(COALESCE(?{figure} + 1, 0))")
        having = f"HAVING(COUNT(*) {self.one('>', '<', '=')} {self.one(1, 2, 3)})" if self.often(0.2) else ""
        head = " ".join([*(f"?{key}" for key in keys), f"({aggregate} AS ?{other})"])
        return Select(head, group, " ".join([*(["GROUP BY", *(f"?{key}" for key in keys)] if keys else []), having]))

    def query(self) -> Select:
        select = self.select(2)
        if self.often(0.15):
            select.dataset = self.one(((":g1",), ()), ((":g1", ":g2"), ()), ((), (":g1",)), ((":g2",), (":g1",)), ((":nowhere",), ()))
        if self.often(0.2):
            select.last = self.chance.randint(0, 3), self.chance.randint(0, 5)
        names = projected(select.head)
        if self.often(0.2) and names and not select.tail and not any(name.startswith("z") for name in names):
            select.head = " ".join(["DISTINCT" if "DISTINCT" in select.head else "", *(f"(STR(?{name}) AS ?{name}s)" for name in names)])
            select.order = " ".join(self.one(f"?{name}s", f"DESC(?{name}s)") for name in names)
        return select


def seen(group: list[tuple[Any, ...]]) -> list[str]:
    """Variables that may be bound in a group, in the order in which they are first written."""
    names: dict[str, None] = {}
    for kind, *parts in group:
        if kind == "select":
            names |= dict.fromkeys(projected(parts[0].head))
        elif kind in ("triple", "values"):
            names |= dict.fromkeys(variables(parts[0]))
        elif kind == "bind":
            names |= dict.fromkeys(variables(parts[0])[-1:])
        elif kind in ("optional", "union", "group") or kind[0] in ":?":
            names |= dict.fromkeys(name for part in parts for name in seen(part))
            names |= {kind[1:]: None} if kind.startswith("?") else {}
    return list(names)


def variables(text: str) -> list[str]:
    return ["".join(takewhile_name(part)) for part in text.split("?")[1:] if part[:1].isalnum()]


def takewhile_name(part: str) -> Iterator[str]:
    for character in part:
        if not character.isalnum():
            return
        yield character


def projected(head: str) -> list[str]:
    names, depth = [], 0
    words = head.replace("(", " ( ").replace(")", " ) ").split()
    for place, word in enumerate(words):
        depth += (word == "(") - (word == ")")
        if word.startswith("?") and (depth == 0 or (depth == 1 and words[place - 1] == "AS")):
            names.append(word[1:])
    return names


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
        found = self.store(select.dataset).query(PROLOGUE + select.text(sliced=bool(select.order), graphs=False))
        assert isinstance(found, ox.QuerySolutions)
        return [one.value for one in found.variables], [tuple(their_term(term) for term in row) for row in found]

    def ours(self, select: Select) -> tuple[list[str], list[tuple[Any, ...]]]:
        result = evaluate(self.snapshot, PROLOGUE + select.text())
        rows: list[tuple[Any, ...]] = []
        for batch in result.batches():
            columns = [batch.columns[name].tolist() for name in result.names]
            rows += zip(*columns, strict=True) if columns else [()] * batch.length
        known = {id: None if id < 0 else our_term(result.context.terms.term(id)) for row in rows for id in row}
        return list(result.names), [tuple(known[id] for id in row) for row in rows]


def statements(chance: random.Random) -> Iterator[tuple[str, str, str, str]]:
    names = [f"<{NAMESPACE}{node[1:]}>" for node in NODES] + ["_:b1", "_:b2"]
    graphs = ["", "", f"<{NAMESPACE}g1> ", f"<{NAMESPACE}g2> "]
    for _ in range(chance.randint(0, 45)):
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


def disagreement(data: Data, select: Select) -> str:
    """What is wrong, or nothing."""
    try:
        names, expected = data.theirs(select)
    except (SyntaxError, RuntimeError):
        return ""
    if len(expected) > PROBABLE_ROWS:
        return ""
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


def minimised(select: Select, fails: Callable[[Select], bool]) -> Select:
    """The shortest query that still fails."""
    for _ in range(100):
        following = next((one for one in shorter(select) if fails(one)), None)
        if following is None:
            break
        select = following
    return select


def check(data: Data, select: Select) -> None:
    def wrong(one: Select) -> bool:
        try:
            return bool(disagreement(data, one))
        except Exception as error:  # noqa: BLE001 - whatever the engine raises is a failure to be shown with its query
            return type(error).__name__ not in ("UnsupportedError", "QueryError")

    if wrong(select):
        least = minimised(select, wrong)
        dump = "".join(f"{quad} .\n" for quad in data.quads)
        try:
            reason = disagreement(data, least)
        finally:
            print(f"{PROLOGUE}{least.text()}\n{dump}")
        pytest.fail(f"{least.text()}\n{reason}")


@pytest.mark.parametrize("seed", range(DATASETS))
def test_queries_agree_with_the_oracle(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    data = Data(chance, tmp_path / "snapshot")
    for _ in range(QUERIES):
        check(data, Maker(chance).query())
