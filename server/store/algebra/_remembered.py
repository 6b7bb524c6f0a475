"""Answers about a pattern or an expression that are kept with it: planning asks for them again at each level above."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

_Value = TypeVar("_Value")
_Asked = TypeVar("_Asked")


def remembered(function: Callable[[_Asked], _Value]) -> Callable[[_Asked], _Value]:
    """The function, asked once of each frozen dataclass; to look values up by equality would take hashes of whole trees."""
    key = f"_{function.__name__}"

    @wraps(function)
    def known(value: _Asked) -> _Value:
        kept: dict[str, Any] = value.__dict__
        if key not in kept:
            kept[key] = function(value)
        found: _Value = kept[key]
        return found

    return known
