"""The algebra of SPARQL 1.1 (§18.2) as plain values, named as there; scopes of GRAPH are pushed down to the leaves."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from ..snapshot import Term
from ._expression import Aggregate, Constant, Expression, Variable, variables
from ._remembered import remembered

Place = Variable | Constant


@dataclass(frozen=True)
class Link:
    """A step along one predicate, backwards if ``inverse``."""

    iri: str
    inverse: bool = False


@dataclass(frozen=True)
class Sequence:
    """One path after the other."""

    parts: tuple[Path, ...]


@dataclass(frozen=True)
class Alternative:
    """Any of the paths."""

    parts: tuple[Path, ...]


@dataclass(frozen=True)
class Inverse:
    """A path backwards."""

    part: Path


@dataclass(frozen=True)
class Repeat:
    """A path any number of times: ``*`` (least 0), ``+`` (least 1) or ``?`` (least 0, at most once); pairs are found once each."""

    part: Path
    least: Literal[0, 1]
    once: bool = False


@dataclass(frozen=True)
class Negated:
    """A step along any predicate but these, forwards or backwards; an empty tuple for a direction that is not walked is None."""

    forward: tuple[str, ...] | None
    backward: tuple[str, ...] | None


@dataclass(frozen=True)
class Computed:
    """A step between the pairs of nodes that a pattern gives, as a rewritten query has it.

    Attributes:
        node: the pattern; it binds ``start`` and ``stop``, and the graph of the path where that is a variable.
        link: the step that it stands for.
    """

    node: Node
    start: str
    stop: str
    link: Link


Path = Link | Sequence | Alternative | Inverse | Repeat | Negated | Computed


@dataclass(frozen=True)
class Triple:
    """A triple pattern.

    Attributes:
        graph: None for the active default graph; else the named graph, a variable runs over all named graphs.
        time: of its validity (stSPARQL): a literal, or a variable, which runs over the times of statements that have one. None for
            statements at any time and without one, each seen once.
        always: True if a statement without a time matches too, and leaves the variable ``time`` unbound.
        within: conditions on the variable ``time`` that hold for the times which are looked at.
    """

    subject: Place
    predicate: Place
    object: Place
    graph: Place | None = None
    time: Place | None = None
    always: bool = False
    within: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class PathPattern:
    """A property path that is no plain predicate (sequences and inverses are already triples)."""

    subject: Place
    path: Path
    object: Place
    graph: Place | None = None


@dataclass(frozen=True)
class Bgp:
    """Patterns that all match; empty, it is one empty solution."""

    patterns: tuple[Triple | PathPattern, ...]


@dataclass(frozen=True)
class GraphNames:
    """``GRAPH ?g {}``: every named graph, or one solution if the constant one exists."""

    graph: Place


@dataclass(frozen=True)
class Join:
    """Both."""

    left: Node
    right: Node


@dataclass(frozen=True)
class LeftJoin:
    """OPTIONAL: with the right side where it fits and ``condition`` (None: true) holds, else without."""

    left: Node
    right: Node
    condition: Expression | None


@dataclass(frozen=True)
class Filter:
    """Solutions for which the condition's effective boolean value is true."""

    condition: Expression
    input: Node


@dataclass(frozen=True)
class Union:
    """Either."""

    left: Node
    right: Node


@dataclass(frozen=True)
class Minus:
    """The left side without what is compatible with, and shares a variable with, the right.

    Attributes:
        aside: the graph that both sides are asked of; it must agree, but is no shared variable.
    """

    left: Node
    right: Node
    aside: Variable | None = None


@dataclass(frozen=True)
class Extend:
    """BIND: one more variable, unbound where the expression fails."""

    input: Node
    name: str
    expression: Expression


@dataclass(frozen=True)
class Values:
    """Inline data; None is UNDEF."""

    names: tuple[str, ...]
    rows: tuple[tuple[Term | None, ...], ...]


@dataclass(frozen=True)
class Group:
    """Grouping: keys by name (their expressions are bound below by Extend), aggregates by name. No keys and no input rows: one row."""

    input: Node
    keys: tuple[str, ...]
    aggregates: tuple[tuple[str, Aggregate], ...]


@dataclass(frozen=True)
class Project:
    """Only these variables; what lies below it is another scope."""

    input: Node
    names: tuple[str, ...]


@dataclass(frozen=True)
class Distinct:
    """Each solution once (REDUCED counts as DISTINCT)."""

    input: Node


@dataclass(frozen=True)
class OrderBy:
    """Sorted by expressions, each ascending or, if True, descending (SPARQL 1.1 §15.1); stable."""

    input: Node
    keys: tuple[tuple[Expression, bool], ...]


@dataclass(frozen=True)
class Slice:
    """Some in the middle; ``limit`` None is all."""

    input: Node
    offset: int
    limit: int | None


@dataclass(frozen=True)
class EachGraph:
    """A pattern that is asked of each named graph by itself, and binds ``graph`` to its name."""

    input: Node
    graph: Variable


@dataclass(frozen=True)
class Service:
    """A pattern that another endpoint answers (SPARQL 1.1 Federated Query, W3C 2013).

    Attributes:
        endpoint: its IRI, or a variable that the patterns around bind.
        names: the pattern's variables, each as it is called here and as it is called in the text.
        certain: those, by their names here, that are bound in every solution.
        prologue: the declarations that the text needs.
        text: the group as it was written, with its braces.
        silent: True if a failure stands for one empty solution.
    """

    endpoint: Place
    names: tuple[tuple[str, str], ...]
    certain: tuple[str, ...]
    prologue: str
    text: str
    silent: bool = False


Node = (Bgp | GraphNames | Join | LeftJoin | Filter | Union | Minus | Extend | Values | Group | Project | Distinct | OrderBy | Slice
        | Service | EachGraph)


@dataclass(frozen=True)
class Query:
    """A whole query.

    Attributes:
        form: what is asked for.
        pattern: the solutions, projection and modifiers included.
        names: columns of a SELECT, in order.
        template: of a CONSTRUCT; blank nodes are variables named ``_:…`` that get a fresh node per solution.
        described: of a DESCRIBE: constants and variables.
        default_graphs, named_graphs: FROM and FROM NAMED; None if the query names no dataset.
    """

    form: Literal["select", "ask", "construct", "describe"]
    pattern: Node
    names: tuple[str, ...] = ()
    template: tuple[Triple, ...] = ()
    described: tuple[Place, ...] = ()
    default_graphs: tuple[str, ...] | None = None
    named_graphs: tuple[str, ...] | None = None


@remembered
def children(node: Node) -> tuple[Node, ...]:
    """Patterns directly below, those in EXISTS left out."""
    names = [field.name for field in fields(node) if field.name in ("input", "left", "right")]
    return tuple(getattr(node, name) for name in names)


@remembered
def in_scope(node: Node) -> frozenset[str]:
    """Names of the variables that may be bound in a solution of ``node`` (SPARQL 1.1 §18.2.1)."""
    if isinstance(node, Bgp):
        return frozenset(place.name for one in node.patterns for place in places(one) if isinstance(place, Variable))
    if isinstance(node, GraphNames):
        return frozenset({node.graph.name} if isinstance(node.graph, Variable) else ())
    if isinstance(node, Values | Project):
        return frozenset(node.names)
    if isinstance(node, Group):
        return frozenset(node.keys) | {name for name, _ in node.aggregates}
    if isinstance(node, Service):
        return frozenset(dict(node.names)) | ({node.endpoint.name} if isinstance(node.endpoint, Variable) else frozenset())
    if isinstance(node, Minus):
        return in_scope(node.left)
    below = frozenset().union(*(in_scope(child) for child in children(node)))
    return below | {node.name} if isinstance(node, Extend) else below


def places(pattern: Triple | PathPattern) -> tuple[Place, ...]:
    """Subject, predicate (of a triple), object, graph and time (if there are these)."""
    middle = (pattern.predicate,) if isinstance(pattern, Triple) else ()
    time = pattern.time if isinstance(pattern, Triple) else None
    return (pattern.subject, *middle, pattern.object, *(one for one in (pattern.graph, time) if one is not None))


@remembered
def mentioned(node: Node) -> frozenset[str]:
    """Names of all variables anywhere in ``node``, in expressions and below EXISTS too."""
    names = in_scope(node).union(*(mentioned(child) for child in children(node)))
    return names.union(*(variables(one) for one in expressions(node)))


def expressions(node: Node) -> tuple[Expression, ...]:
    """Expressions directly in ``node``."""
    if isinstance(node, Filter):
        return (node.condition,)
    if isinstance(node, LeftJoin):
        return () if node.condition is None else (node.condition,)
    if isinstance(node, Extend):
        return (node.expression,)
    if isinstance(node, Group):
        return tuple(aggregate.argument for _, aggregate in node.aggregates if aggregate.argument is not None)
    return tuple(one for one, _ in node.keys) if isinstance(node, OrderBy) else ()

