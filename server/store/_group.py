"""Threads that want the same thing at the same time: one of them does it for all that wait."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from earthweave.ontology import AbortedError, EarthweaveError

Wish = TypeVar("Wish")
Result = TypeVar("Result")


class Ticket(Generic[Wish, Result]):
    """A wish of one thread, until it is granted or refused."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.leads = False
        self._result: Result | None = None
        self._error: BaseException | None = None
        self.settled = False
        self.called = threading.Event()

    def grant(self, result: Result) -> None:
        """Hand over the result."""
        self._result, self.settled = result, True
        self.called.set()

    def refuse(self, error: BaseException) -> None:
        """Hand over an error, which its thread raises."""
        self._error, self.settled = error, True
        self.called.set()

    def result(self) -> Result:
        """The result; raises the error."""
        if self._error is not None:
            raise self._error
        assert self._result is not None
        return self._result


class Group(Generic[Wish, Result]):
    """Gathers wishes; ``work`` grants or refuses all tickets that it is given, and what it raises refuses those left.

    Args:
        most: wishes that are worked on together.
    """

    def __init__(self, work: Callable[[Sequence[Ticket[Wish, Result]]], None], most: int) -> None:
        self._work, self._most = work, most
        self._lock = threading.Lock()
        self._waiting: list[Ticket[Wish, Result]] = []
        self._led = False

    def submit(self, wish: Wish) -> Result:
        """Wait until a wish is granted."""
        ticket = Ticket[Wish, Result](wish)
        with self._lock:
            self._waiting.append(ticket)
            ticket.leads, self._led = not self._led, True
        try:
            if not ticket.leads:
                ticket.called.wait()
        except BaseException:
            self._withdraw(ticket)
            raise
        if ticket.leads:
            self._lead()
        return ticket.result()

    def _withdraw(self, ticket: Ticket[Wish, Result]) -> None:
        """Its thread was interrupted while it waited."""
        with self._lock:
            if ticket in self._waiting:
                self._waiting.remove(ticket)
        if ticket.leads:
            self._hand_over()

    def _lead(self) -> None:
        with self._lock:
            tickets, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
        try:
            self._work(tickets)
        except (EarthweaveError, OSError) as error:
            self._refuse(tickets, error)
        finally:
            # nothing is left to refuse but if something nobody foresaw ends this thread
            self._refuse(tickets, AbortedError("the write was interrupted", why="the thread that did it for this one ended"))
            self._hand_over()

    @staticmethod
    def _refuse(tickets: Sequence[Ticket[Wish, Result]], error: Exception) -> None:
        for ticket in tickets:
            if not ticket.settled:
                ticket.refuse(error)

    def _hand_over(self) -> None:
        with self._lock:
            self._led = bool(self._waiting)
            if self._led:
                self._waiting[0].leads = True
                self._waiting[0].called.set()
