"""All functions by name: how many arguments they take, and how each is called on single terms.

The scalar functions are the reference: whatever is evaluated on whole columns gives what they give.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from rapidfuzz import fuzz, process

from earthweave.ontology import GEOF, XSD, QueryError, UnknownFunctionError
from earthweave.ontology.geometry import SLIPS

from ..algebra import Call, Constant, Exists, Expression, Variable, remembered
from ..snapshot import Term
from ..spatial import STRDF, check_call
from ..temporal import EXTENSIONS
from ._builtins_strings import STRINGS
from ._builtins_terms import TERMS
from ._casts import CASTS
from ._functions_operators import OPERATORS
from ._registry import aggregates, functions
from ._text import shortened

_SURE = 75.0
_ANY = 100_000
ALIASES = {str(GEOF) + slip: str(GEOF) + meant for slip, meant in SLIPS.items()}
"""Slips in published queries, and what they mean."""


class Scalar(NamedTuple):
    """A function on single terms, with its least and most arguments; it raises `Failed` where it has no value."""

    call: Callable[..., Term]
    least: int
    most: int


SCALARS: dict[str, Scalar] = {
    **{name: Scalar(call, 1 if name in ("neg", "pos", "!") else 2, 1 if name in ("neg", "pos", "!") else 2)
       for name, call in OPERATORS.items()},
    **{name: Scalar(*entry) for name, entry in STRINGS.items()},
    **{name: Scalar(*entry) for name, entry in TERMS.items()},
    **{name: Scalar(call, 1, 1) for name, call in CASTS.items()},
}
"""Functions whose value depends on their arguments alone, all of which must have one."""
FORMS = {
    "BOUND": (1, 1), "IF": (3, 3), "COALESCE": (0, _ANY), "in": (1, _ANY), "not in": (1, _ANY),
    "NOW": (0, 0), "RAND": (0, 0), "UUID": (0, 0), "STRUUID": (0, 0), "BNODE": (0, 1),
}
"""What is evaluated in ways of its own: least and most arguments."""
VOLATILE = frozenset({"RAND", "UUID", "STRUUID", "BNODE"})
"""Functions whose value differs from row to row though their arguments do not."""
_SIMILAR = "Strabon announces it and computes nothing: its similarTerm is true of any two terms"
_NOT_OFFERED = {
    str(GEOF) + "asDGGS": ("DGGS is not offered: no geo:dggsLiteral is read or written", "write geometries with geof:asWKT"),
    **dict.fromkeys((EXTENSIONS + "SimilarTerm", EXTENSIONS + "similarTerm", STRDF + "similarTerm"),
                    (_SIMILAR, "compare with =, or with CONTAINS and REGEX on the lower case of both")),
}
"""Functions that others name and nobody can be given here: why, and the way out."""


def named(name: str) -> str:
    """The name under which a function is known here: builtins in upper case, IRIs as they are."""
    if name in SCALARS or name in FORMS or ":" in name:
        return ALIASES.get(name, name)
    upper = name.upper()
    return {"NOT IN": "not in", "IN": "in"}.get(upper, upper)


def check_functions(expression: Expression) -> None:
    """See that all functions in an expression exist and get as many arguments as they take.

    Raises:
        UnknownFunctionError: there is no such function; with the nearest name.
        QueryError: too few or too many arguments.
    """
    if isinstance(expression, Variable | Constant | Exists):
        return
    if isinstance(expression, Call):
        check_one(expression)
    for argument in expression.arguments:
        check_functions(argument)


def check_one(call: Call) -> None:
    """`check_functions` of a call alone, not of what its arguments call; errors begin with its line and column."""
    try:
        _check_call(call)
    except QueryError as error:
        raise type(error)(f"{at_line(call.place)}{error.what}", why=error.why, way_out=error.way_out) from error


def at_line(place: tuple[int, int] | None) -> str:
    """How a message begins that tells a place in a text."""
    return f"line {place[0]}, column {place[1]}: " if place else ""


def _check_call(call: Call) -> None:
    name, given = named(call.name), len(call.arguments)
    if name == "BOUND" and given == 1 and not isinstance(call.arguments[0], Variable):
        raise QueryError("BOUND takes a variable", why="SPARQL 1.1 §17.4.1.1")
    least, most = _arity(name)
    if name in ("+", "-") and given == 1:
        return
    if not least <= given <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}" if most < _ANY else f"at least {least}"
        title = shortened(call.name) if ":" in call.name else call.name
        raise QueryError(f"{title} takes {wanted} argument{'' if wanted == '1' else 's'}, not {given}")
    check_call(call)


def _arity(name: str) -> tuple[int, int]:
    if name in FORMS:
        return FORMS[name]
    if name in SCALARS:
        return SCALARS[name].least, SCALARS[name].most
    if name in functions:
        arities = getattr(functions[name], "arities", (0, _ANY))
        return min(arities), max(arities)
    raise unknown_function(name)


def unknown_function(name: str, where: str = "") -> UnknownFunctionError:
    """The error for a function that there is not, with the nearest name; ``where`` goes before what it says."""
    if name in _NOT_OFFERED:
        why, instead = _NOT_OFFERED[name]
        return UnknownFunctionError(f"{where}there is no function <{name}>", why=why, way_out=instead)
    known = {f"geof:{iri.removeprefix(str(GEOF))}": iri for iri in sorted(functions) if iri.startswith(str(GEOF))}
    known |= {f"xsd:{iri.removeprefix(str(XSD))}": iri for iri in CASTS}
    if name.startswith(STRDF):
        known = {f"strdf:{iri.removeprefix(STRDF)}": iri for iri in sorted({*functions, *aggregates}) if iri.startswith(STRDF)}
    local = re.split(r"[/#:]", name)[-1]
    guess = process.extractOne(local, {short: short.partition(":")[2] for short in known}, scorer=fuzz.ratio, score_cutoff=_SURE)
    offered = f"the functions are those of SPARQL 1.1, of GeoSPARQL, <{GEOF}…>, of stSPARQL, <{STRDF}…>, and casts of XML Schema"
    way_out = f"did you mean {guess[2]}, <{known[guess[2]]}> ?" if guess else offered
    shown = f"<{name}>" if ":" in name else name
    return UnknownFunctionError(f"{where}there is no function {shown}", way_out=way_out)


def unknown_builtin(word: str, builtins: Iterable[str], where: str) -> UnknownFunctionError:
    """The error for a word that is called and no function, with the nearest builtin or function of GeoSPARQL."""
    known = {name: name for name in sorted(builtins)}
    known |= {f"geof:{name}, <{GEOF}{name}>": name for name in sorted(one.removeprefix(str(GEOF)) for one in functions) if ":" not in name}
    guess = process.extractOne(word, known, scorer=fuzz.ratio, processor=str.lower, score_cutoff=_SURE)
    way_out = f"did you mean {guess[2]} ?" if guess else "functions without a prefix are those of SPARQL 1.1, §17.4"
    return UnknownFunctionError(f"{where}there is no function {word[:60]}", way_out=way_out)


@remembered
def volatile(expression: Expression) -> bool:
    """True if an expression may give different values for equal bindings, so that it is evaluated once per solution, where it stands."""
    if isinstance(expression, Variable | Constant | Exists):
        return False
    own = isinstance(expression, Call) and named(expression.name) in VOLATILE
    return own or any(volatile(argument) for argument in expression.arguments)
