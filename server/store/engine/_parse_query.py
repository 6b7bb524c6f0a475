"""Query forms and solution modifiers of SPARQL 1.1 (§15, §16, §18.2.4–5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import pyoxigraph

from earthweave.ontology import XSD

from ..algebra import (
    Aggregate,
    Bgp,
    Call,
    Constant,
    Distinct,
    EachGraph,
    Exists,
    Expression,
    Extend,
    GraphNames,
    Group,
    LeftJoin,
    Node,
    OrderBy,
    PathPattern,
    Place,
    Project,
    Query,
    Slice,
    Triple,
    Values,
    Variable,
)
from ..snapshot import iri, literal
from ._parse_patterns import PatternParser, filtered, joined, visible
from ._parse_terms import HIDDEN

_Columns = list[tuple[str, Expression | None]]
_ZERO = Constant(literal("0", str(XSD.integer)))
_OF_NOTHING: dict[str, Constant] = {"COUNT": _ZERO, "SUM": _ZERO, "AVG": _ZERO, "GROUP_CONCAT": Constant(literal(""))}
"""What aggregates give for an empty group (§18.5.1); the others give an error."""
_ANY = "WHERE { SELECT (1 AS ?earthweave_any) "
_NOWHERE = Variable(f"{HIDDEN}.0")


@dataclass
class _Tail:
    """What stands behind a WHERE; ``keys`` None: no GROUP BY."""

    keys: list[tuple[str, Expression | None]] | None = None
    having: list[Expression] = field(default_factory=list)
    order: list[tuple[Expression, bool]] = field(default_factory=list)
    offset: int = 0
    limit: int | None = None
    values: Values | None = None


@dataclass
class _Dataset:
    """FROM and FROM NAMED."""

    default: list[str] = field(default_factory=list)
    named: list[str] = field(default_factory=list)

    def of(self, names: Iterable[str]) -> tuple[str, ...] | None:
        """A part of it; None if the query names no dataset."""
        return tuple(names) if self.default or self.named else None


class QueryParser(PatternParser):
    """Reads a query.

    Attributes:
        form: where the form begins, -1 before it is known.
        instead: start, end and substitute of what must be read otherwise to see the query as an update that inserts nothing or its
            template where a sub-select has a solution, all but the last bracket.
    """

    def __init__(self, text: str) -> None:
        self.form = -1
        self.instead: list[tuple[int, int, str]] = []
        super().__init__(text)

    def query(self) -> Query:
        """The whole text as a query; raises `QueryError` or `UnsupportedError`."""
        self.prologue()
        forms = {"SELECT": self._select, "ASK": self._ask, "CONSTRUCT": self._construct, "DESCRIBE": self._describe}
        if self.key not in forms:
            self.fail("SELECT, ASK, CONSTRUCT or DESCRIBE")
        self.form = self.start
        query = forms[self.key]()
        if self.kind != "end":
            # behind a whole query the checker has nothing better to say
            self.form = -1
            self.fail("the end")
        return query

    def _select(self) -> Query:
        dataset = _Dataset()
        self.instead.append((self.start, self.start, "INSERT {} WHERE { "))
        node, names = self._selection(dataset)
        return _query("select", node, dataset, names=names)

    def sub_select(self) -> Node:
        """A SELECT in braces, the braces left out."""
        return self._selection(None)[0]

    def _selection(self, dataset: _Dataset | None) -> tuple[Node, tuple[str, ...]]:
        outer, self.aggregates = self.aggregates, {}
        self.expect("SELECT")
        once = self.accept("DISTINCT") or self.accept("REDUCED")
        columns, starts = self._columns()
        if dataset is not None:
            self._dataset(dataset)
        where = self._where()
        tail = self._tail()
        node, aggregates = where, self.aggregates
        self.aggregates = outer
        node = self._grouped(node, tail, aggregates)
        if columns is not None and (tail.keys is not None or aggregates):
            self._check_grouped(columns, starts, visible(node))
        for name, expression in columns or ():
            node = node if expression is None else Extend(node, name, expression)
        names = tuple(name for name, _ in columns) if columns is not None else self._all(node)
        return self._modified(node, tail, names, once), names

    def _columns(self) -> tuple[_Columns | None, list[int]]:
        """The SELECT clause, None for a star, and where each of its columns begins."""
        columns: _Columns = []
        starts: list[int] = []
        if self.accept("*"):
            return None, starts
        while self.kind == "variable" or self.key == "(":
            starts.append(self.start)
            columns.append(self._column())
        return columns, starts

    def _check_grouped(self, columns: _Columns, starts: list[int], known: frozenset[str]) -> None:
        """See that the columns of groups are made of what a group has one value of (§11.4); raises `QueryError`."""
        for (name, expression), start in zip(columns, starts, strict=True):
            unknown = (frozenset({name}) if expression is None else _outside(expression)) - known
            if unknown:
                one = min(unknown)
                with self.certain():
                    self.break_rule(f"?{one} is selected, but it is neither grouped by nor inside an aggregate",
                                    "a group has one value of each key of GROUP BY and of each aggregate (§11.4)",
                                    f"add it to GROUP BY, or select an aggregate of it, as (SAMPLE(?{one}) AS ?one_{one})", start)
            known |= {name}

    def _column(self) -> tuple[str, Expression | None]:
        if self.kind == "variable":
            return self.variable().name, None
        self.expect("(")
        expression = self.expression()
        self.expect("AS")
        name = self.variable().name
        self.expect(")")
        return name, expression

    def _all(self, node: Node) -> tuple[str, ...]:
        """What a star stands for, in the order of the text."""
        there = visible(node)
        return tuple(name for name in self.seen if name in there)

    def _dataset(self, dataset: _Dataset) -> None:
        while self.key == "FROM":
            start = self.start
            self.advance()
            (dataset.named if self.accept("NAMED") else dataset.default).append(self._whole_iri())
            self.instead.append((start, self.start, ""))

    def _whole_iri(self) -> str:
        """An IRI that the checker of the syntax does not come to see."""
        name = self.iri()
        try:
            pyoxigraph.NamedNode(name)
        except ValueError as error:
            self.break_rule(f"<{name[:40]}> is no IRI", str(error), "write it as RFC 3987 has it")
        return name

    def _where(self) -> Node:
        self.accept("WHERE")
        outer, self.aggregates = self.aggregates, None
        node = self.group()
        self.aggregates = outer
        return node

    def _tail(self) -> _Tail:
        tail = _Tail()
        if self.accept("GROUP"):
            self.expect("BY")
            tail.keys = self._keys()
        if self.accept("HAVING"):
            while self._at_condition():
                tail.having.append(self.constraint())
        if self.accept("ORDER"):
            self.expect("BY")
            tail.order = self._order()
        self._slice(tail)
        tail.values = self.data_block() if self.accept("VALUES") else None
        return tail

    def _keys(self) -> _Columns:
        keys: _Columns = []
        while self._at_condition():
            if self.kind == "variable":
                keys.append((self.variable().name, None))
            elif self.accept("("):
                expression = self.expression()
                name = self.variable().name if self.accept("AS") else self.invented().name
                self.expect(")")
                keys.append((name, expression))
            else:
                keys.append((self.invented().name, self.constraint()))
        return keys

    def _order(self) -> list[tuple[Expression, bool]]:
        order = []
        while self._at_condition():
            descending = self.accept("DESC")
            if not descending:
                self.accept("ASC")
            order.append((self.constraint(), descending))
        return order

    def _at_condition(self) -> bool:
        follows = self.key in ("HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES")
        return self.kind in ("variable", "iri", "name") or self.key == "(" or (self.kind == "word" and not follows)

    def _slice(self, tail: _Tail) -> None:
        while self.key in ("LIMIT", "OFFSET"):
            limiting = self.advance().upper() == "LIMIT"
            if not self.word.isdecimal():
                self.fail("a whole number")
            count = int(self.advance())
            if limiting:
                tail.limit = count
            else:
                tail.offset = count

    def _grouped(self, node: Node, tail: _Tail, aggregates: dict[Aggregate, Variable]) -> Node:
        """Grouping, HAVING and the trailing VALUES, in this order (§18.2.4.1–3)."""
        if tail.keys is not None or aggregates:
            node = self._group_node(node, tail.keys or [], aggregates, explicit=tail.keys is not None)
        node = filtered(node, tail.having)
        return node if tail.values is None else joined(node, tail.values)

    def _group_node(self, node: Node, keys: _Columns, aggregates: dict[Aggregate, Variable], *, explicit: bool) -> Node:
        own = self._graph_names()
        if any(aggregate.argument is None and aggregate.distinct for aggregate in aggregates):
            # DISTINCT * compares solutions, and blank nodes of the pattern are no part of these
            node = Project(node, (*sorted(visible(node)), *own))
        for name, expression in keys:
            node = node if expression is None else Extend(node, name, expression)
        names = (*dict.fromkeys(name for name, _ in keys), *own)
        pairs = tuple((variable.name, aggregate) for aggregate, variable in aggregates.items())
        if own and not explicit:
            return self._group_of_each_graph(node, pairs)
        return Group(node, names, pairs)

    def _group_of_each_graph(self, node: Node, pairs: tuple[tuple[str, Aggregate], ...]) -> Node:
        """Also a graph without a solution has its one group."""
        graph = self.graph or _NOWHERE
        count = self.invented()
        hidden = {name: self.invented() for name, _ in pairs}
        renamed = ((hidden[name].name, aggregate) for name, aggregate in pairs)
        inner = Group(node, self._graph_names(), (*renamed, (count.name, Aggregate("COUNT", None))))
        outer: Node = LeftJoin(GraphNames(graph), inner, None)
        for name, aggregate in pairs:
            nothing: Expression = _OF_NOTHING.get(aggregate.name, _NOWHERE)
            outer = Extend(outer, name, Call("IF", (Call("BOUND", (count,)), hidden[name], nothing)))
        return outer

    def _graph_names(self) -> tuple[str, ...]:
        """The hidden variable of the graph that a sub-select is asked of."""
        return (self.graph.name,) if isinstance(self.graph, Variable) and self.graph.name.startswith(HIDDEN) else ()

    def _modified(self, node: Node, tail: _Tail, names: tuple[str, ...] | None, once: bool) -> Node:
        """ORDER BY, projection (None: not any), DISTINCT, and LIMIT with OFFSET, in this order (§18.2.5)."""
        own = self._graph_names()
        sliced = tail.offset > 0 or tail.limit is not None
        if tail.order and (sliced or not own):
            node = OrderBy(node, tuple(tail.order))
        if names is not None:
            node = Project(node, (*names, *own))
        if once:
            node = Distinct(node)
        if not sliced:
            return node
        node = Slice(node, tail.offset, tail.limit)
        # rows are counted for each graph by itself
        return EachGraph(node, Variable(own[0])) if own else node

    def _ask(self) -> Query:
        self.instead.append((self.start, self.stop, f"INSERT {{}} {_ANY}"))
        self.advance()
        dataset, self.aggregates = _Dataset(), {}
        self._dataset(dataset)
        return _query("ask", self._solutions(self._where(), None), dataset)

    def _solutions(self, where: Node, names: tuple[str, ...] | None) -> Node:
        tail = self._tail()
        return self._modified(self._grouped(where, tail, self.aggregates or {}), tail, names, once=False)

    def _construct(self) -> Query:
        self.instead.append((self.start, self.stop, "INSERT"))
        self.advance()
        dataset, self.aggregates = _Dataset(), {}
        template: tuple[Triple | PathPattern, ...]
        if self.key == "{":
            template = self._template()
            self.instead.append((self.start, self.start, f"\n{_ANY}"))
            self._dataset(dataset)
            where = self._where()
        else:
            self._dataset(dataset)
            self.instead.append((self.start, self.stop, ""))
            self.expect("WHERE")
            # of this form the parser's own complaints are the better ones: the checker takes it for a template of an update
            form, self.form = self.form, -1
            template = self._template()
            self.form = form
            self.instead.append((self.start, self.start, f"\n{_ANY} {{}} "))
            where = Bgp(template)
        triples = tuple(one for one in template if isinstance(one, Triple))
        places = (place for one in triples for place in (one.subject, one.predicate, one.object))
        return _query("construct", self._solutions(where, _names(places)), dataset, template=triples)

    def _template(self) -> tuple[Triple | PathPattern, ...]:
        self.expect("{")
        found: list[Triple | PathPattern] = []
        self.triples(found)
        self.expect("}")
        return tuple(found)

    def _describe(self) -> Query:
        start = self.start
        self.advance()
        dataset, self.aggregates = _Dataset(), {}
        places: list[Place] = []
        star = self.accept("*")
        while not star and self.kind in ("variable", "iri", "name"):
            places.append(self.variable() if self.kind == "variable" else Constant(iri(self._whole_iri())))
        if not star and not places:
            self.fail("a variable, an IRI or *")
        self.instead.append((start, self.start, f"INSERT {{}} {_ANY}"))
        self._dataset(dataset)
        given = self.key in ("WHERE", "{")
        if not given:
            self.instead.append((self.start, self.start, "\n{} "))
        where = self._where() if given else Bgp(())
        if star:
            places = [Variable(name) for name in self._all(where)]
        return _query("describe", self._solutions(where, _names(places)), dataset, described=tuple(places))


def _outside(expression: Expression) -> frozenset[str]:
    """Variables of the text in an expression, but those of patterns in EXISTS."""
    if isinstance(expression, Variable):
        return frozenset() if expression.name.startswith(HIDDEN) else frozenset({expression.name})
    if isinstance(expression, Constant | Exists):
        return frozenset()
    return frozenset().union(*(_outside(one) for one in expression.arguments))


def _names(places: Iterable[Place]) -> tuple[str, ...]:
    """Variables of the text among them, each once."""
    return tuple(dict.fromkeys(place.name for place in places if isinstance(place, Variable) and not place.name.startswith(HIDDEN)))


def _query(form: Literal["select", "ask", "construct", "describe"], node: Node, dataset: _Dataset, *, names: tuple[str, ...] = (),
           template: tuple[Triple, ...] = (), described: tuple[Place, ...] = ()) -> Query:
    return Query(form, node, names, template, described, dataset.of(dataset.default), dataset.of(dataset.named))
