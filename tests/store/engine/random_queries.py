"""Random queries over a small vocabulary, as values that can be made shorter, and their texts."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

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


@dataclass
class Select:
    """A SELECT, as text that can be made shorter.

    Attributes:
        head: what is projected, without SELECT; tail: GROUP BY and HAVING.
        group: elements, each a tuple: what it is, then strings, groups or selects.
        dataset: graphs of FROM, and of FROM NAMED; None for no such clause.
        order: what the rows are in the order of; last: OFFSET and LIMIT.
        form: SELECT, ASK or CONSTRUCT; template: of a CONSTRUCT.
    """

    head: str
    group: list[tuple[Any, ...]]
    tail: str = ""
    dataset: tuple[tuple[str, ...], tuple[str, ...]] | None = None
    order: str = ""
    last: tuple[int, int] | None = None
    form: str = "SELECT"
    template: tuple[str, ...] = ()

    def text(self, *, sliced: bool = True, graphs: bool = True) -> str:
        default, named = self.dataset if self.dataset and graphs else ((), ())
        clauses = [f"FROM {one}" for one in default] + [f"FROM NAMED {one}" for one in named]
        order = [f"ORDER BY {self.order}"] if self.order else []
        last = [f"OFFSET {self.last[0]} LIMIT {self.last[1]}"] if self.last and sliced else []
        head = {"SELECT": self.head, "ASK": "", "CONSTRUCT": "{ " + " ".join(self.template) + " }"}[self.form]
        return " ".join([self.form, head, *clauses, "WHERE", written(self.group), self.tail, *order, *last])


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
    inner = written(parts[0])
    if kind.startswith("?"):
        # the oracle sees the name of the graph from within
        inner = re.sub(rf"\{kind}\b", f"{kind}i", inner)
    return (opening[kind] if kind in opening else f"GRAPH {kind} ") + inner


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
    if len(select.template) > 1:
        yield from (replace(select, template=(one,)) for one in select.template)


def smaller(group: list[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    for place, (kind, *parts) in enumerate(group):
        if len(group) > 1 and (place or group[1][0] != "minus"):
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
    graphed: bool = False

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

    def group(self, depth: int) -> list[tuple[Any, ...]]:
        elements: list[tuple[Any, ...]] = [("triple", self.triple()) for _ in range(self.chance.randint(1, 2 + (depth > 1)))]
        for _ in range(self.chance.randint(0, 2) if depth > 0 else 0):
            elements.insert(self.chance.randint(1, len(elements)), self.nested(depth - 1))
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
        if kind == "minus" and (self.within or self.graphed):
            kind = "optional"
        if kind == "union":
            return (kind, *(self.group(depth) for _ in range(self.chance.randint(2, 3))))
        if kind == "values":
            return (kind, self.values())
        if kind == "select":
            return (kind, self.select(depth, inner=True))
        if kind == "graph":
            return self.graph(depth)
        if kind == "filter":
            return (kind, f"FILTER({self.condition(2)})")
        if kind == "optional-filter":
            return ("optional", [*self.group(depth), ("filter", f"FILTER({self.condition(1)})")])
        return (kind, self.group(depth))

    def graph(self, depth: int) -> tuple[Any, ...]:
        name = self.one(*GRAPHS, "?g", "?g", "?a")
        if self.graphed:
            return "group", self.group(depth)
        self.graphed = name.startswith("?")
        group = [] if self.often(0.2) else self.group(depth)
        self.graphed = False
        return name, group

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
            f"?{n} > {self.one(*NUMBERS)}", f"?{n} <= ?{m}", f"?{a} = ?{b}", f"?{a} != ?{b}", f"BOUND(?{self.one(n, v, a)})",
            f"isIRI(?{v})",
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
        aggregate = self.one(
            "COUNT(*)", *([] if "[" in written(group) else ["COUNT(DISTINCT *)"]), f"COUNT(?{name})", f"COUNT(DISTINCT ?{name})",
            f"SUM(?{figure})", f"AVG(?{figure})",
            f"MIN(COALESCE(?{figure}, 0))", f"MAX(COALESCE(?{figure}, 0))", f"SUM(DISTINCT ?{figure})",
            f"GROUP_CONCAT(COALESCE(STR(?{name}), \"no\"); separator=\"|\")", f"COUNT(COALESCE(?{figure} + 1, 0))")
        having = f"HAVING(COUNT(*) {self.one('>', '<', '=')} {self.one(1, 2, 3)})" if self.often(0.2) else ""
        head = " ".join([*(f"?{key}" for key in keys), f"({aggregate} AS ?{other})"])
        return Select(head, group, " ".join([*(["GROUP BY", *(f"?{key}" for key in keys)] if keys else []), having]))

    def query(self) -> Select:
        select = self.select(2)
        if self.often(0.15):
            select.dataset = self.one(((":g1",), ()), ((":g1", ":g2"), ()), ((), (":g1",)), ((":g2",), (":g1",)), ((":nowhere",), ()))
        if not select.tail and self.often(0.15):
            return self.formed(select)
        if self.often(0.2):
            select.last = self.chance.randint(0, 3), self.chance.randint(0, 5)
        names = projected(select.head)
        if self.often(0.2) and names and not select.tail and not any(name.startswith("z") for name in names):
            select.head = " ".join(["DISTINCT" if "DISTINCT" in select.head else "", *(f"(STR(?{name}) AS ?{name}s)" for name in names)])
            select.order = " ".join(self.one(f"?{name}s", f"DESC(?{name}s)") for name in names)
        return select

    def formed(self, select: Select) -> Select:
        """An ASK or a CONSTRUCT of the same pattern; templates may make statements that are none (§16.2), and blank nodes."""
        if self.often(0.4):
            return replace(select, form="ASK")
        ends = [*(f"?{name}" for name in seen(select.group)), ":made", "_:made"]
        template = [f"{self.one(*ends)} {self.one(':made', '?x', '?y')} {self.one(*ends, *NUMBERS, *LITERALS)} ."
                    for _ in range(self.chance.randint(1, 3))]
        return replace(select, form="CONSTRUCT", template=tuple(template))


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
