"""String functions and hashes of SPARQL 1.1 (§17.4.3, §17.4.6) on single terms."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from urllib.parse import quote

from ..snapshot import Term
from ._builtins_regex import compiled, replacement
from ._functions_operators import number_of
from ._values import Failed, Operand, Tagged, boolean, integer, string, term


def text_of(operand: Operand) -> str:
    """Lexical form of a string literal, with or without language; `Failed` for other terms."""
    found = operand.value
    if isinstance(found, str):
        return found
    if isinstance(found, Tagged):
        return found.text
    raise Failed("a string was expected")


def simple(operand: Operand) -> str:
    """A string without language; `Failed` for other terms."""
    found = operand.value
    if not isinstance(found, str):
        raise Failed("a string without language was expected")
    return found


def like(operand: Operand, text: str) -> Term:
    """``text`` with the language of a string literal."""
    found = operand.value
    return term(Tagged(text, found.language)) if isinstance(found, Tagged) else string(text)


def _compatible(left: Operand, right: Operand) -> tuple[str, str]:
    """Texts of two arguments that may be compared (§17.4.3.1.2): the second has no language, or the first one's."""
    first, second = text_of(left), text_of(right)
    one, other = left.value, right.value
    if isinstance(other, Tagged) and not (isinstance(one, Tagged) and one.language == other.language):
        raise Failed("the arguments differ in language")
    return first, second


def _length(operand: Operand) -> Term:
    return integer(len(text_of(operand)))


def _upper(operand: Operand) -> Term:
    return like(operand, text_of(operand).upper())


def _lower(operand: Operand) -> Term:
    return like(operand, text_of(operand).lower())


def _encoded(operand: Operand) -> Term:
    return string(quote(text_of(operand), safe="-_.~"))


def _tested(test: Callable[[str, str], bool]) -> Callable[[Operand, Operand], Term]:
    return lambda left, right: boolean(test(*_compatible(left, right)))


def _before(left: Operand, right: Operand) -> Term:
    text, part = _compatible(left, right)
    before, found, _ = text.partition(part) if part else ("", "x", "")
    return like(left, before) if found else string("")


def _after(left: Operand, right: Operand) -> Term:
    text, part = _compatible(left, right)
    _, found, after = text.partition(part) if part else ("", "x", text)
    return like(left, after) if found else string("")


def _substring(source: Operand, start: Operand, length: Operand | None = None) -> Term:
    """Characters from ``start`` (the first is 1), as fn:substring (XPath F&O 3.1 §5.4.3) rounds and cuts."""
    text, first = text_of(source), _rounded(start)
    end = math.inf if length is None else first + _rounded(length)
    if first != first or end != end:
        return like(source, "")
    begin, stop = max(first, 1), min(end, len(text) + 1)
    return like(source, text[int(begin) - 1:int(stop) - 1] if begin < stop else "")


def _rounded(operand: Operand) -> float:
    number = float(number_of(operand).number)
    return math.floor(number + 0.5) if math.isfinite(number) else number


def _concatenated(*operands: Operand) -> Term:
    text = "".join([text_of(operand) for operand in operands])
    languages = {found.language if isinstance(found := operand.value, Tagged) else "" for operand in operands}
    language = languages.pop() if len(languages) == 1 else ""
    return term(Tagged(text, language)) if language else string(text)


def _matches(source: Operand, pattern: Operand, flags: Operand | None = None) -> Term:
    found = compiled(simple(pattern), simple(flags) if flags else "").search(text_of(source))
    return boolean(found is not None)


def _replaced(source: Operand, pattern: Operand, by: Operand, flags: Operand | None = None) -> Term:
    options = simple(flags) if flags else ""
    expression = compiled(simple(pattern), options)
    if expression.search(""):
        raise Failed("the pattern matches the empty string (XPath F&O 3.1 §5.6.4, FORX0003)")
    return like(source, expression.sub(replacement(simple(by), expression.groups, options), text_of(source)))


def _language_matches(tag: Operand, range_: Operand) -> Term:
    """Basic filtering of RFC 4647 §3.3.1."""
    language, wanted = simple(tag).lower(), simple(range_).lower()
    if wanted == "*":
        return boolean(bool(language))
    return boolean(language == wanted or language.startswith(wanted + "-"))


def _hashed(name: str) -> Callable[[Operand], Term]:
    return lambda operand: string(hashlib.new(name, simple(operand).encode(), usedforsecurity=False).hexdigest())


STRINGS: dict[str, tuple[Callable[..., Term], int, int]] = {
    "STRLEN": (_length, 1, 1), "UCASE": (_upper, 1, 1), "LCASE": (_lower, 1, 1), "ENCODE_FOR_URI": (_encoded, 1, 1),
    "CONTAINS": (_tested(lambda text, part: part in text), 2, 2),
    "STRSTARTS": (_tested(str.startswith), 2, 2), "STRENDS": (_tested(str.endswith), 2, 2),
    "STRBEFORE": (_before, 2, 2), "STRAFTER": (_after, 2, 2), "SUBSTR": (_substring, 2, 3), "CONCAT": (_concatenated, 0, 1_000),
    "REGEX": (_matches, 2, 3), "REPLACE": (_replaced, 3, 4), "LANGMATCHES": (_language_matches, 2, 2),
    **{name: (_hashed(name.lower()), 1, 1) for name in ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")},
}
"""Name → function, least and most arguments."""
