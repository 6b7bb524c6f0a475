"""Names: of properties and classes, of pieces of IRIs, of things for people, and texts of Turtle."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyarrow as pa

from ..values import iri_safe

PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IDENTIFYING = re.compile(r"(?i:(?:^|[_\W])(?:id|fid|oid|objectid|code|key|gid|uuid|guid|identifier)\d*(?:$|[_\W]))|[a-z]I[dD]$|^ID|ID$")

_MEASURING = re.compile(
    r"(?i)(?:^|.*[_\W])(year|month|day|week|hour|date|count|number|num|nr|no|rank|level|pop|population|elev|elevation|altitude|height|width"
    r"|depth|size|length|age|score|total|amount|sum|mean|min|max|median|pixels|cells|area|row|column|capacity|lat|lon|latitude|longitude|x|y|z)\d*(?:$|[_\W].*)"
)


def encoded(text: str) -> str:
    """A text as a piece of an IRI: all but ``iunreserved`` of RFC 3987 percent-encoded, as templates do it (R2RML §7.3)."""
    return str(iri_safe(pa.array([text], pa.string()))[0].as_py())


def identifying(name: str) -> bool:
    """True for names such as ``id``, ``NUTS_ID``, ``parcelId``, ``code``."""
    return _IDENTIFYING.search(name) is not None


def measuring(name: str) -> bool:
    """True for names such as ``floodLevel`` or ``year_built``, whose whole numbers are quantities, not codes."""
    return _MEASURING.fullmatch(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)) is not None


def turtle_string(text: str) -> str:
    """A text between quotation marks."""
    escapes = (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\x00", "\\u0000"))
    for special, escaped in escapes:
        text = text.replace(special, escaped)
    return f'"{text}"'


def one_line(text: str) -> str:
    """A text for a comment."""
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text)


def words(name: str) -> str:
    """``floodLevel`` → ``flood level``; capitals alone stay."""
    found = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_\W]+", " ", name).strip() or name
    return found if found.isupper() else found.lower()


def label(name: str) -> str:
    """A label in Turtle."""
    return f"{turtle_string(words(name))}@en"


class Terms:
    """Hands out local names, each once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def take(self, wanted: str) -> str:
        """The name, with as many underscores behind it as make it new."""
        name = wanted
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name
