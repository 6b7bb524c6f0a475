"""JSONPath (RFC 9535): simple paths walked here, at the speed of dictionaries, all others by the library.

A reference without ``$`` is relative to the record, as older mappings write them: ``name``, ``properties.name``, ``Country Code``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import pyarrow as pa

from earthweave.ontology import MappingError

from ..values import pc

Step: TypeAlias = str | int | None
"""A member's name, an element's number, or None for all of them (``*``)."""
_STEP = re.compile(
    r"""\.?(?:\*|\[\s*\*\s*\])(?P<all>)|\[\s*(?P<number>-?(?:0|[1-9]\d*))\s*\]|\[\s*'(?P<single>[^'\\\]]*)'\s*\]|\[\s*"(?P<double>[^"\\\]]*)"\s*\]"""
    r"""|\.(?P<name>[^\W\d]\w*(?:[ :@/-]+\w+)*|\d\w*(?:[ :@/-]+\w+)*|@\w+)"""
)


@dataclass(frozen=True)
class JsonPath:
    """A compiled path.

    Attributes:
        steps: what it consists of, or None if only the library can walk it.
        find: nodes that it selects, in document order.
    """

    steps: tuple[Step, ...] | None
    find: Callable[[Any], Sequence[Any]]


@lru_cache(maxsize=4096)
def json_path(text: str) -> JsonPath:
    """The path that a text says; raises `MappingError` if it says none."""
    steps = _steps(text)
    if steps is None:
        return JsonPath(None, _library(text))
    return JsonPath(steps, lambda node: walk(steps, node))


def walk(steps: Sequence[Step], node: Any) -> Sequence[Any]:
    """The nodes that simple steps lead to."""
    nodes = [node]
    for step in steps:
        if step is None:
            nodes = [child for one in nodes for child in children(one)]
        elif isinstance(step, str):
            nodes = [one[step] for one in nodes if isinstance(one, dict) and step in one]
        else:
            nodes = [one[step] for one in nodes if isinstance(one, list) and -len(one) <= step < len(one)]
    return nodes


def children(node: Any) -> Sequence[Any]:
    """Elements of an array, or values of an object's members."""
    return node if isinstance(node, list) else list(node.values()) if isinstance(node, dict) else ()


def _steps(text: str) -> tuple[Step, ...] | None:
    """The steps of a simple path, or None."""
    rest = text.strip()
    rest = rest[1:] if rest.startswith("$") else rest if rest.startswith("[") else f".{rest}"
    steps: list[Step] = []
    position = 0
    while position < len(rest):
        found = _STEP.match(rest, position)
        if found is None:
            return None
        steps.append(_step(found))
        position = found.end()
    return tuple(steps)


def _step(found: re.Match[str]) -> Step:
    if found["all"] is not None:
        return None
    if found["number"] is not None:
        return int(found["number"])
    return next(one for one in (found["single"], found["double"], found["name"]) if one is not None)


def _has(pattern: str, text: str) -> bool:
    try:
        return bool(pc.match_substring_regex(pa.scalar(text), pattern=pattern).as_py())
    except (pa.ArrowInvalid, UnicodeError):
        return False


def _library(text: str) -> Callable[[Any], Sequence[Any]]:
    from jsonpath import JSONPathEnvironment, JSONPathError
    from jsonpath.function_extensions import ExpressionType, FilterFunction

    class Regex(FilterFunction):
        """``match`` and ``search`` (RFC 9535 §2.4.6, §2.4.7) in linear time: a library that tries all ways may never end."""

        def __init__(self, frame: str) -> None:
            self._frame = frame

        @property
        def arg_types(self) -> list[ExpressionType]:
            """A value and a pattern."""
            return [ExpressionType.VALUE, ExpressionType.VALUE]

        @property
        def return_type(self) -> ExpressionType:
            """True or false."""
            return ExpressionType.LOGICAL

        def __call__(self, value: object, pattern: object) -> bool:
            """Whether a text has the pattern; no other value has, and none has what is no pattern."""
            return isinstance(value, str) and isinstance(pattern, str) and _has(self._frame % pattern, value)

    written = text.strip()
    full = written if written.startswith("$") else f"${written}" if written.startswith("[") else f"$.{written}"
    try:
        environment = JSONPathEnvironment(strict=True)
        environment.function_extensions |= {"match": Regex(r"\A(?:%s)\z"), "search": Regex("(?:%s)")}
        path = environment.compile(full)
    except (JSONPathError, ValueError) as error:
        reason = error.args[0] if error.args else type(error).__name__
        way_out = "paths look like $.name, $.list[*].name (RFC 9535)"
        raise MappingError(f"{text!r} is no JSONPath", why=str(reason), way_out=way_out) from error

    def find(node: Any) -> Sequence[Any]:
        # the library reads a text as a document of its own
        if not isinstance(node, dict | list):
            return ()
        try:
            return list(path.findall(node))
        except JSONPathError as error:
            raise MappingError(f"{text!r} cannot be followed", why=str(error.args[0])) from error

    return find
