"""Templates of R2RML (W3C, 2012, §7.3): ``http://example.org/{code}/{name}``, braces and backslashes escaped by a backslash."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..plan import Reference

_TOKEN = re.compile(r"\\([\\{}])|\{((?:[^{}\\]|\\[\\{}])*)\}|([{}\\])|([^\\{}]+)")


def column_name(name: str) -> str:
    """A column's name without the double quotes of a delimited SQL identifier."""
    return name[1:-1].replace('""', '"') if len(name) > 1 and name[0] == name[-1] == '"' else name


def column(name: str) -> Reference:
    """A reference to a column whose name may be a delimited SQL identifier."""
    bare = column_name(name)
    return Reference(bare, bare != name)


def parse_template(text: str, reference: Callable[[str], Reference] = column) -> tuple[str | Reference, ...]:
    """Split a template into texts and references; raise `ValueError` for unbalanced braces, a bare backslash or an empty name."""
    parts: list[str | Reference] = []
    for escaped, name, stray, plain in (match.groups() for match in _TOKEN.finditer(text)):
        if stray == "\\":
            raise ValueError(f"a backslash before no brace in template {text!r}: it must be doubled")
        if stray:
            raise ValueError(f"unbalanced {stray} in template {text!r}")
        if name is None:
            _append(parts, escaped or plain)
        elif not name:
            raise ValueError(f"empty name in template {text!r}")
        else:
            parts.append(reference(re.sub(r"\\(.)", r"\1", name)))
    return tuple(parts)


def _append(parts: list[str | Reference], text: str) -> None:
    if parts and isinstance(parts[-1], str):
        parts[-1] += text
    else:
        parts.append(text)


def escape_template(text: str) -> str:
    """A text as it must be written inside a template."""
    return re.sub(r"([\\{}])", r"\\\1", text)


def escape_identifier(name: str) -> str:
    """A name as a delimited SQL identifier (ISO 9075-2, §5.2)."""
    return '"' + name.replace('"', '""') + '"'
