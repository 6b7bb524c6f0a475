"""What went wrong inside functions during one query, where nothing may be raised."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..snapshot import shorten

_REASONS = 20


class Remark(NamedTuple):
    """One sentence for the reader of an answer, under a code: ``geometry``, ``argument``, ``unit`` or ``no-rows``."""

    code: str
    text: str


@dataclass
class Tally:
    """Failures and calls of one query, counted in rows; and the query's own geometry literals, once they are read.

    Attributes:
        counts: rows that failed, by code and reason.
        samples: one literal for each.
        hints: what is to be told though nothing failed.
        calls: rows for which a function was asked, by its local name.
        read: id of a computed literal → geometry, reason.
    """

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    samples: dict[tuple[str, str], str] = field(default_factory=dict)
    hints: dict[Remark, None] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    read: dict[int, tuple[Any, str]] = field(default_factory=dict)

    def note(self, code: str, reason: str, sample: str = "", count: int = 1) -> None:
        """Count failures."""
        if count > 0:
            self.counts[code, reason] += count
            self.samples.setdefault((code, reason), sample)

    def hint(self, code: str, text: str) -> None:
        """Tell something once, though nothing failed."""
        self.hints[Remark(code, text)] = None

    def notices(self, *, empty: bool) -> list[Remark]:
        """Sentences about it; for an empty answer also what was called how often."""
        found = [Remark(key[0], _sentence(key[1], count, self.samples[key])) for key, count in self.counts.most_common(_REASONS)]
        found += self.hints
        if empty and self.calls:
            called = ", ".join(f"geof:{name} {count:,} times" for name, count in self.calls.most_common())
            failed = self.counts.total()
            end = f"{failed:,} of the calls failed" if failed else "none of the calls failed: no geometries met the condition"
            found.append(Remark("no-rows", f"the answer is empty; {called}; {end}"))
        return found


def _sentence(reason: str, count: int, sample: str) -> str:
    return f"{reason} ({count:,} {'time' if count == 1 else 'times'}{f', e.g. {shorten(sample)}' if sample else ''})"
