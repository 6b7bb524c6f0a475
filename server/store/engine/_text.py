"""Patterns and expressions written back as short text, for EXPLAIN and labels; no parser reads it."""

from __future__ import annotations

from earthweave.ontology import PREFIXES, XSD

from ..algebra import (
    Aggregate,
    Alternative,
    And,
    Call,
    Computed,
    Constant,
    Exists,
    Expression,
    Inverse,
    Link,
    Negated,
    Or,
    Path,
    PathPattern,
    Place,
    Repeat,
    Sequence,
    Triple,
    Variable,
)
from ..snapshot import Kind, Term

_INFIX = frozenset({"=", "!=", "<", ">", "<=", ">=", "+", "-", "*", "/"})
_MOST = 60
_SIGNS = {"!": "!", "neg": "-"}


def written(expression: Expression) -> str:
    """An expression as one line."""
    if isinstance(expression, Variable | Constant):
        return place(expression)
    if isinstance(expression, And | Or):
        return "(" + (" && " if isinstance(expression, And) else " || ").join(written(one) for one in expression.arguments) + ")"
    if isinstance(expression, Exists):
        return "NOT EXISTS {…}" if expression.negated else "EXISTS {…}"
    return _call(expression)


def _call(call: Call) -> str:
    arguments = [written(one) for one in call.arguments]
    if call.name in _INFIX and len(arguments) == 2:
        return f"{arguments[0]} {call.name} {arguments[1]}"
    if call.name in ("in", "not in"):
        return f"{arguments[0]} {call.name.upper()} ({', '.join(arguments[1:])})"
    if call.name in _SIGNS:
        return _SIGNS[call.name] + arguments[0]
    name = shortened(call.name) if ":" in call.name else call.name
    return f"{name}({', '.join(arguments)})"


def aggregated(aggregate: Aggregate) -> str:
    """An aggregate as one line."""
    name = shortened(aggregate.name) if ":" in aggregate.name else aggregate.name
    argument = "*" if aggregate.argument is None else written(aggregate.argument)
    return f"{name}({'DISTINCT ' if aggregate.distinct else ''}{argument})"


def place(one: Place) -> str:
    """A variable or a term; long literals are cut."""
    if isinstance(one, Variable):
        return one.name if one.name.startswith("_:") else f"?{one.name}"
    return term(one.term)


def term(one: Term) -> str:
    """A term, IRIs with the usual prefixes, long literals cut."""
    if one.type.kind is Kind.IRI:
        return shortened(one.text)
    if one.type.kind is Kind.BNODE:
        return f"_:{one.text}"
    text = one.text if len(one.text) <= _MOST else one.text[:_MOST] + "…"
    if one.type.language:
        return f'"{text}"@{one.type.language}'
    return f'"{text}"' if one.type.datatype == str(XSD.string) else f'"{text}"^^{shortened(one.type.datatype)}'


def shortened(iri: str) -> str:
    """An IRI with the longest of the house's prefixes, else in angle brackets."""
    best = max((name for name, base in PREFIXES.items() if iri.startswith(str(base)) and len(iri) > len(str(base))),
               key=lambda name: len(str(PREFIXES[name])), default=None)
    local = iri[len(str(PREFIXES[best])):] if best is not None else ""
    return f"{best}:{local}" if best is not None and "/" not in local and "#" not in local else f"<{iri}>"


def pattern(one: Triple | PathPattern) -> str:
    """A triple or path pattern, with its graph."""
    middle = place(one.predicate) if isinstance(one, Triple) else path(one.path)
    text = f"{place(one.subject)} {middle} {place(one.object)}"
    text += f" {place(one.time)}" if isinstance(one, Triple) and one.time is not None else ""
    return text if one.graph is None else f"GRAPH {place(one.graph)} {{ {text} }}"


def path(one: Path) -> str:
    """A property path."""
    if isinstance(one, Link):
        return ("^" if one.inverse else "") + shortened(one.iri)
    if isinstance(one, Computed):
        return path(one.link)
    if isinstance(one, Inverse):
        return f"^({path(one.part)})"
    if isinstance(one, Sequence | Alternative):
        return "(" + ("/" if isinstance(one, Sequence) else "|").join(path(part) for part in one.parts) + ")"
    if isinstance(one, Repeat):
        return f"({path(one.part)})" + ("?" if one.once else "*" if one.least == 0 else "+")
    return _negated(one)


def _negated(one: Negated) -> str:
    forward = [shortened(iri) for iri in one.forward or ()]
    backward = ["^" + shortened(iri) for iri in one.backward or ()]
    return "!(" + "|".join(forward + backward) + ")"
