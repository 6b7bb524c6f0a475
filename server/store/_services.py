"""Inside a worker: other endpoints, asked through the process that owns it."""

from __future__ import annotations

from typing import Any

from earthweave.server.processes import error_of

from ._serve import Connection
from .algebra import Services


def services_of(connection: Connection, header: dict[str, Any]) -> Services | None:
    """How SERVICE is answered during a request; None if its header says that it is not."""

    def ask(endpoint: str, text: str) -> bytes:
        connection.send("remote", text.encode(), endpoint=endpoint)
        reply = connection.receive()
        if reply.op == "failed":
            raise error_of(reply.header)
        return reply.body

    told = header.get("services")
    return Services(ask, **told) if told else None
