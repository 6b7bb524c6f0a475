"""Room for deep texts: a recursive descent takes up to five calls a level of brackets, and the gate lets hundreds of levels pass."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from earthweave.ontology import SizeLimitError

_CALLS = 4000


@contextmanager
def room_for_nesting(what: str) -> Iterator[None]:
    """Let a parser call itself deeper; raise `SizeLimitError` that names ``what`` if that is not enough."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _CALLS))
    try:
        yield
    except RecursionError as error:
        raise SizeLimitError(f"the {what} is nested too deep", way_out="write it with fewer brackets") from error
    finally:
        sys.setrecursionlimit(before)
