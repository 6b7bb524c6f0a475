"""The WSGI server: waitress, with connections that outlive an answer without a body."""

from __future__ import annotations

from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer, create_server
from waitress.task import WSGITask


class _Task(WSGITask):  # type: ignore[misc]
    def set_close_on_finish(self) -> None:
        """Close the connection after this answer, unless the answer ends with its head.

        waitress 3.0 takes whatever has no Content-Length for an answer that the end of the connection ends. One with status 204 or 304
        ends with its head (RFC 9112 §6.3), and 204 must not have that header (RFC 9110 §8.6).
        """
        request: Any = self.request
        last = request.headers.get("CONNECTION", "").lower() == "close"
        if self.has_body or last or self.version != "1.1":
            super().set_close_on_finish()


class _Channel(HTTPChannel):  # type: ignore[misc]
    task_class = _Task


def listening_server(app: Any, **options: Any) -> Any:
    """A server that listens for a WSGI application, with waitress' options; its ``run()`` serves until interrupted."""
    parts: dict[int, Any] = {}
    server = create_server(app, map=parts, **options)
    # one for each address of the host
    for part in parts.values():
        if isinstance(part, BaseWSGIServer):
            part.channel_class = _Channel
    return server
