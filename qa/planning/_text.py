"""The text of a query. No string goes in unescaped: whatever is written is a term, and all terms are written here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rdflib import URIRef
from rdflib.term import Variable

from earthweave.ontology import ParameterError

from ._algebra import (
    Aggregate,
    Ask,
    Bind,
    Branches,
    Call,
    Chain,
    Column,
    Expression,
    Filter,
    Infix,
    Minus,
    Optional_,
    Part,
    Query,
    Select,
    Step,
    Term,
    Triple,
    Values,
)

_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_NOT_IN_IRIS = frozenset('<>"{}|^`\\') | frozenset(map(chr, range(0x21)))


def text_of(query: Query) -> str:
    """SPARQL 1.1."""
    lines = ["ASK {", *_body(query.body, "  "), "}"] if isinstance(query, Ask) else _select(query, "")
    return "\n".join(lines) + "\n"


def _select(select: Select, indent: str) -> Iterator[str]:
    yield f"{indent}SELECT {'DISTINCT ' * select.distinct}{' '.join(map(_column, select.columns))} WHERE {{"
    yield from _body(select.body, indent + "  ")
    yield indent + "}"
    if select.group:
        yield f"{indent}GROUP BY {' '.join(one.n3() for one in select.group)}"
    if select.having is not None:
        yield f"{indent}HAVING ({_inline(select.having)})"
    if select.order:
        yield f"{indent}ORDER BY {' '.join(_key(one, down) for one, down in select.order)}"
    if select.limit is not None:
        yield f"{indent}LIMIT {select.limit.n3() if isinstance(select.limit, Variable) else int(select.limit)}"
    if select.offset:
        yield f"{indent}OFFSET {int(select.offset)}"


def _key(expression: Expression, descending: bool) -> str:
    return f"DESC({_inline(expression)})" if descending else f"ASC({_inline(expression)})"


def _column(column: Column) -> str:
    return column.name.n3() if column.expression is None else f"({_inline(column.expression)} AS {column.name.n3()})"


def _body(parts: Iterable[Part], indent: str) -> Iterator[str]:
    for part in parts:
        yield from _part(part, indent)


def _part(part: Part, indent: str) -> Iterator[str]:
    inner = indent + "  "
    if isinstance(part, Triple):
        path = "|".join(_term(one) for one in part.predicates)
        yield f"{indent}{_term(part.subject)} {path if len(part.predicates) == 1 else f'({path})'} {_term(part.object)} ."
    elif isinstance(part, Chain):
        yield f"{indent}{_term(part.subject)} {'/'.join(map(_step, part.steps))} {_term(part.object)} ."
    elif isinstance(part, Filter):
        yield f"{indent}FILTER ({_inline(part.expression)})"
    elif isinstance(part, Bind):
        yield f"{indent}BIND ({_inline(part.expression)} AS {part.name.n3()})"
    elif isinstance(part, Values):
        yield f"{indent}VALUES {part.name.n3()} {{ {' '.join(_term(one) for one in part.terms)} }}"
    elif isinstance(part, Optional_ | Minus):
        yield from (f"{indent}{'MINUS' if isinstance(part, Minus) else 'OPTIONAL'} {{", *_body(part.body, inner), indent + "}")
    elif isinstance(part, Branches):
        for number, option in enumerate(part.options):
            yield from (f"{indent}{'UNION ' * bool(number)}{{", *_body(option, inner), indent + "}")
    else:
        yield from (indent + "{", *_select(part, inner), indent + "}")


def _step(step: Step) -> str:
    return f"({'|'.join('^' * back + _term(one) for one, back in step.predicates)}){'*' * step.many}"


def _inline(expression: Expression) -> str:
    if isinstance(expression, Infix):
        return f" {expression.op} ".join(map(_operand, expression.arguments))
    if isinstance(expression, Call):
        name = _term(expression.function) if isinstance(expression.function, URIRef) else expression.function
        return f"{name}({', '.join(map(_inline, expression.arguments))})"
    if isinstance(expression, Aggregate):
        name = _term(expression.function) if isinstance(expression.function, URIRef) else expression.function
        return f"{name}({'DISTINCT ' * expression.distinct}{_inline(expression.argument)})"
    return _term(expression)


def _operand(expression: Expression) -> str:
    return f"({_inline(expression)})" if isinstance(expression, Infix) else _inline(expression)


def _term(term: Term) -> str:
    """A variable, IRI or literal; raises `ParameterError` for an IRI that no query can hold."""
    if isinstance(term, Variable):
        return f"?{term}"
    if isinstance(term, URIRef):
        if not _SCHEME.match(term) or not set(term).isdisjoint(_NOT_IN_IRIS):
            raise ParameterError(f"{str(term)!r} is no IRI", way_out="percent-encode what RFC 3987 does not allow in one")
        return f"<{term}>"
    # n3() is not used: some texts with line breaks come out of it as no literal (rdflib 7)
    text = f'"{str(term).translate(_ESCAPED)}"'
    return f"{text}@{term.language}" if term.language else f"{text}^^{_term(term.datatype)}" if term.datatype else text
