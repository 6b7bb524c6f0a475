"""What a process is told on its standard input, which stays open after that."""

from __future__ import annotations

import json
from typing import Any


def encoded(request: dict[str, Any]) -> bytes:
    """A request as a line."""
    return json.dumps(request).encode() + b"\n"


def received() -> dict[str, Any]:
    """The request on standard input; not a byte behind it is taken."""
    with open(0, "rb", buffering=0, closefd=False) as stream:
        return dict(json.loads(stream.readline()))
