"""Saying no: a reason that programs can tell apart, a sentence for people, and what can be asked instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Code = Literal[
    "not-a-question", "prediction", "opinion", "outside-the-domain", "unknown-data-layer", "missing-place", "unknown-word",
    "unsupported-operation", "missing-unit", "needs-a-run", "too-long", "limit",
]  # fmt: skip

HINT = (
    "This box answers about floods in the store: which administrative units were flooded, where, when, how many flooded areas there are, "
    "how large they are and their flood level. For instance: Which administrative units were flooded in March 2021?"
)
COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "s2-cd": ("change detection between two Sentinel-2 scenes", "earthweave process run s2-cd …"),
        "crop-map": ("a crop map from a Sentinel-2 time series", "earthweave process run crop-map …"),
    }
)
"""Service → what it makes, and the command that runs it."""


@dataclass(frozen=True)
class Refusal:
    """A question that is not answered.

    Attributes:
        code: stable reason.
        text: the reason for people.
        hint: what can be asked or done instead.
        unknown: words that were not understood.
        suggestions: names that may have been meant.
    """

    code: Code
    text: str
    hint: str = HINT
    unknown: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


def needs_a_run(service: str) -> Refusal:
    """The question asks for data that a service has to make first."""
    makes, command = COMMANDS[service]
    text = f"That needs a run of {service} ({makes}): questions read what is in the store, they do not start processing yet."
    return Refusal("needs-a-run", text, f"Run it with: {command}   (earthweave process describe {service} lists its parameters)")


def missing_place(name: str, suggestions: tuple[str, ...]) -> Refusal:
    """A place is named that the store does not have."""
    meant = f" Did you mean {' or '.join(suggestions)}?" if suggestions else ""
    return Refusal("missing-place", f"The store has no place called {name!r}.{meant}", unknown=(name,), suggestions=suggestions)
