"""Walking and editing a request: every node has a JSON Pointer (RFC 6901), every edit is JSON Patch (RFC 6902)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal

from earthweave.ontology import ParameterError

from ..request import AnyOf, Request, Spatial, Things

Path = tuple[str | int, ...]
_DIGITS = 10
"""Of a place in a list: Python reads no number of thousands of digits."""


@dataclass(frozen=True)
class Operation:
    """One operation of JSON Patch on a request; ``value`` is JSON data."""

    op: Literal["add", "replace", "remove"]
    path: str
    value: Any = None

    def to_json(self) -> dict[str, Any]:
        """As RFC 6902 has it."""
        return {"op": self.op, "path": self.path, **({} if self.op == "remove" else {"value": self.value})}


Edit = tuple[Operation, ...]


def pointer(path: Path) -> str:
    """The JSON Pointer of a path; field names need no escapes."""
    return "".join(f"/{step}" for step in path)


def walk(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every dataclass in a tree with its path, parents first."""
    if isinstance(tree, tuple):
        for place, one in enumerate(tree):
            yield from walk(one, (*path, place))
    elif is_dataclass(tree) and not isinstance(tree, type):
        yield path, tree
        for field in fields(tree):
            yield from walk(getattr(tree, field.name), (*path, field.name))


def node(tree: Any, path: Path) -> Any:
    """What stands at a path."""
    for step in path:
        tree = tree[step] if isinstance(step, int) else getattr(tree, step)
    return tree


def all_things(request: Request) -> Iterator[tuple[Path, Things]]:
    """The target and every other set of things, outermost first."""
    for path, one in walk(request.target, ("target",)):
        if isinstance(one, Things):
            yield path, one


def jsonable(value: Any) -> Any:
    """A part of a request as JSON data."""
    kind: type = type(value)
    return _adapter(kind).dump_python(value, mode="json")


@cache
def _adapter(kind: type) -> Any:
    """Made once for each type: making one takes a tenth of a second."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def replacement(path: Path, value: Any) -> Edit:
    """Put something else at a path."""
    return (Operation("replace", pointer(path), jsonable(value) if is_dataclass(value) else value),)


def removal(request: Request, path: Path) -> Edit:
    """Take away what stands at a path, with what says nothing without it; empty if the request would not be one any more."""
    parent = node(request, path[:-1])
    if not isinstance(path[-1], int):
        optional = path[-1] in ("pick", "order", "limit", "count", "metres", "op", "part") and parent is not None
        return (Operation("replace", pointer(path), None),) if optional else ()
    holder, field = node(request, path[:-2]), path[-2]
    rest = tuple(one for place, one in enumerate(parent) if place != path[-1])
    if isinstance(holder, AnyOf) and len(rest) == 1:
        return replacement(path[:-2], rest[0])
    if _needs(holder, str(field)) > len(rest):
        return removal(request, path[:-2]) if path[:-2] and not isinstance(holder, Things) else ()
    return (Operation("remove", pointer(path)),)


def _needs(holder: Any, field: str) -> int:
    """How many a tuple of a node must have at least."""
    if isinstance(holder, Things):
        return 0 if len(holder.classes) + len(holder.named) + len(holder.constraints) > 1 else 1
    if isinstance(holder, Spatial):
        return 2 if holder.relation in ("between", "towards") else 1
    return 1 if field in ("options", "intervals", "aggregates") else 0


def edited(request: Request, edit: Sequence[Operation]) -> Request:
    """The request after an edit; raises `ParameterError` if it does not fit, or leaves no request."""
    data = request.to_json()
    for one in edit:
        data = _applied(data, [step for step in one.path.split("/")[1:]], one)
    return Request.from_json(data)


def edit_from_json(data: Any) -> Edit:
    """Read JSON Patch; raises `ParameterError` that says where it is none."""
    if not isinstance(data, list):
        raise ParameterError("an edit is a list of operations", way_out="see RFC 6902: add, replace and remove are known")
    return tuple(map(_operation, data))


def _operation(data: Any) -> Operation:
    known = isinstance(data, Mapping) and data.get("op") in ("add", "replace", "remove") and isinstance(data.get("path"), str)
    if not known or not data["path"].startswith("/"):
        raise ParameterError(f"{f'{data!r}'[:200]} is no operation on a request", way_out="see RFC 6902: add, replace and remove are known")
    return Operation(data["op"], data["path"], data.get("value"))


def _applied(data: Any, steps: list[str], one: Operation) -> Any:
    if not steps:
        return one.value
    step, rest = steps[0], steps[1:]
    if isinstance(data, list):
        return _in_list(data, step, rest, one)
    if not isinstance(data, dict) or (step not in data and (rest or one.op == "remove")):
        raise ParameterError(f"the request has nothing at {one.path[:200]}", way_out="take paths from its chips")
    if not rest and one.op == "remove":
        return {name: value for name, value in data.items() if name != step}
    return {**data, step: _applied(data.get(step), rest, one)}


def _in_list(data: list[Any], step: str, rest: list[str], one: Operation) -> list[Any]:
    if step == "-" and one.op == "add" and not rest:
        return [*data, one.value]
    known = step.isascii() and step.isdecimal() and len(step) < _DIGITS
    if not known or int(step) > len(data) - (rest != [] or one.op != "add"):
        raise ParameterError(f"the request has nothing at {one.path[:200]}", way_out="take paths from its chips")
    at = int(step)
    if rest or one.op == "replace":
        return [*data[:at], _applied(data[at], rest, one), *data[at + 1 :]]
    return [*data[:at], *([one.value] if one.op == "add" else []), *data[at + (one.op == "remove") :]]
