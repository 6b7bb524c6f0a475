"""Updates committed in groups: the writer makes all that wait in memory, one record in the log makes them durable.

::

    update ┐                     ┌▶ log, fsync, tip ─▶ all acknowledged ─▶ checkpoint, if the log has become long
    update ┼▶ one request ▶ worker
    update ┘                     └▶ the next is too big for the log: a snapshot of its own
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from earthweave.ontology import AbortedError, EarthweaveError
from earthweave.server.processes import error_of

from ._frames import Frame
from ._group import Group, Ticket
from ._layout import Generation, Layout
from ._limits import Limits
from ._serve import disk

Done = tuple[dict[str, Any], int]
Work = Callable[[str, str, Frame], Frame]
_TOGETHER = 1024
_SHOWN = 200


class Commits:
    """Takes updates from any number of threads.

    Args:
        work: has a write worker do something, listed as a run of a kind with a text; gives its last frame.
        beyond: what every request tells the worker besides.
    """

    def __init__(self, layout: Layout, limits: Limits, work: Work, beyond: Callable[[], dict[str, Any]]) -> None:
        self._layout, self._limits, self._work, self._beyond = layout, limits, work, beyond
        self._enough = limits.log_statements
        self._group = Group[dict[str, Any], Done](self._run, _TOGETHER)

    def update(self, request: dict[str, Any]) -> Done:
        """Have an update made; what it did, and the number of the generation that shows it. Raises what was wrong with it."""
        return self._group.submit(request)

    def _run(self, tickets: Sequence[Ticket[dict[str, Any], Done]]) -> None:
        with disk(), self._layout.writing(self._limits.write_wait):
            changes = self._make(tickets)
            if changes > self._enough:
                # what is acknowledged stays so whether this succeeds or not; it is tried again when the log is half as long again
                self._enough = changes + changes // 2
                with suppress(EarthweaveError, OSError):
                    self.checkpoint()
                    self._enough = self._limits.log_statements

    def _make(self, tickets: Sequence[Ticket[dict[str, Any], Done]]) -> int:
        """Make updates and settle their tickets; by how many statements the log changes the snapshot afterwards."""
        changes = 0
        while tickets:
            try:
                done, changes = self._commit(tickets)
            except EarthweaveError as error:
                # one of them has killed the worker: each is tried alone, unless somebody wanted them to end
                if len(tickets) > 1 and not isinstance(error, AbortedError):
                    return max([self._make([one]) for one in tickets])
                for one in tickets:
                    one.refuse(error)
                return changes
            tickets = tickets[done:]
            if tickets and not done:
                self._alone(tickets[0])
                tickets = tickets[1:]
        return changes

    def _commit(self, tickets: Sequence[Ticket[dict[str, Any], Done]]) -> tuple[int, int]:
        """Make the first updates together; how many that were, and by how many statements the log now changes the snapshot."""
        current = self._current()
        wishes = [one.wish for one in tickets]
        header = {"op": "commit", "kind": "commit", "most": self._limits.log_statements, **self._base(current)}
        text = wishes[0]["text"] if len(wishes) == 1 else "\n;\n".join(one["text"][:_SHOWN] for one in wishes)
        reply = self._work("update", text, Frame(header, json.dumps(wishes).encode()))
        if reply.body:
            # if the disk does not take it, it takes none of them: all are refused at once
            current = self._layout.commit(current, reply.body, reply.header["after"])
        outcomes = reply.header["outcomes"]
        for ticket, outcome in zip(tickets, outcomes, strict=False):
            if outcome["error"]:
                ticket.refuse(error_of(outcome["error"]))
            else:
                ticket.grant((outcome, current.number))
        return len(outcomes), int(reply.header["changes"])

    def _alone(self, ticket: Ticket[dict[str, Any], Done]) -> None:
        try:
            ticket.grant(self.write("update", ticket.wish["text"], ticket.wish))
        except EarthweaveError as error:
            ticket.refuse(error)

    def checkpoint(self) -> None:
        """Write what the log holds into a snapshot, so that the log begins anew; call it as the writer."""
        current = self._current()
        if current.length:
            self.write("checkpoint", "", {}, number=current.number)

    def write(self, kind: str, text: str, header: dict[str, Any], *, number: int | None = None, work: Work | None = None) -> Done:
        """Let a worker write the next snapshot beside the current one, and publish it; call it as the writer."""
        staged = self._layout.stage()
        try:
            current = self._current()
            whole = {"op": kind, "kind": kind, "staged": str(staged.folder), **self._base(current), **header}
            done = (work or self._work)(kind, text, Frame(whole, text.encode())).header
            with disk():
                generation = self._layout.publish(staged, number or current.number + 1, int(done["after"]))
        finally:
            shutil.rmtree(staged.folder, ignore_errors=True)
        return done, generation.number

    def _base(self, current: Generation) -> dict[str, Any]:
        return {"base": str(current.folder), "length": current.length, "memory": self._limits.load_memory,
                "cache": self._limits.geometry_cache, **self._beyond()}

    def _current(self) -> Generation:
        return self._layout.needed()
