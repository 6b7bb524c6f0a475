"""What a child process may cost, and how to tell that it wanted more."""

from __future__ import annotations

from dataclasses import dataclass

from earthweave.ontology import DeadlineError, MemoryLimitError

MEMORY_EXIT = 77
"""Exit status of a child that ran out of memory where nothing could be raised."""
_SIGNS = (b"memory allocation", b"bad_alloc", b"Cannot allocate memory", b"MemoryError")


@dataclass(frozen=True)
class Budget:
    """What a piece of work may cost, under the names of the settings that say so.

    Attributes:
        work: how messages call it, e.g. ``the query``.
        clock, seconds: setting and value of the wall time.
        purse, mebibytes: setting and value of the memory.
    """

    work: str
    clock: str
    seconds: float
    purse: str
    mebibytes: int

    def late(self) -> DeadlineError:
        """The error for too much time."""
        return DeadlineError(
            f"{self.work} took longer than {self.seconds:g} s",
            why=f"the limit {self.clock} is {self.seconds:g} s",
            way_out=f"narrow it, or raise {self.clock} (EARTHWEAVE_{self.clock.upper()})",
        )

    def greedy(self) -> MemoryLimitError:
        """The error for too much memory."""
        return MemoryLimitError(
            f"{self.work} needed more than {self.mebibytes} MiB of memory",
            why=f"the limit {self.purse} is {self.mebibytes} MiB",
            way_out=f"narrow it, or raise {self.purse} (EARTHWEAVE_{self.purse.upper()})",
        )


def starved(status: int, last_words: bytes) -> bool:
    """True if a child that ended with this status, after these words on its standard error, wanted memory that it did not get."""
    return status == MEMORY_EXIT or any(sign in last_words for sign in _SIGNS)
