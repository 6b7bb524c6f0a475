"""SQL identifiers as mappings write them: delimited or regular, with a schema before a table or without (R2RML §5.1; ISO 9075-2 §5.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_PART = r'"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]|[^."`\[\]\s][^."`]*'
_PARTS = re.compile(rf"\s*({_PART})\s*(?:\.|$)")
_CLOSING = {'"': '"', "`": "`", "[": "]"}


@dataclass(frozen=True)
class Identifier:
    """A name, and whether it stood between delimiters: then its case counts, and it is never folded."""

    text: str
    delimited: bool


def identifier(name: str) -> Identifier:
    """A name as written → what it means: ``"ID"`` and `` `ID` `` are delimited, ``ID`` is regular."""
    closing = _CLOSING.get(name[:1])
    if closing and len(name) > 2 and name[-1] == closing:
        return Identifier(name[1:-1].replace(closing * 2, closing), True)
    return Identifier(name, False)


def identifiers(name: str) -> tuple[Identifier, ...]:
    """The parts of a table's name, catalogue and schema before it; a text that is no such name is a single part."""
    parts, at = [], 0
    while at < len(name):
        match = _PARTS.match(name, at)
        if match is None:
            return (Identifier(name, False),)
        parts.append(identifier(match[1].rstrip()))
        at = match.end()
    return tuple(parts)


def delimited(name: str, mark: str = '"') -> str:
    """A name between delimiters; whatever it holds, it is one name and nothing else."""
    return mark + name.replace(mark, mark * 2) + mark


def matching(wanted: Identifier, names: Sequence[str], folded: str, sensitive: bool) -> str | None:
    """The name that is meant: exact, or as the database folds a regular one (``folded``), or the only one that differs in case alone.

    Where case counts between delimiters (``sensitive``), a delimited one is exact.
    """
    for candidate in (wanted.text,) if wanted.delimited else (folded, wanted.text):
        if candidate in names:
            return candidate
    alike = [] if wanted.delimited and sensitive else [one for one in names if one.lower() == wanted.text.lower()]
    return alike[0] if len(alike) == 1 else None
