"""Limits as data: a dataclass field that carries its unit and help, so that docs and ``--help`` are generated."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True)
class Setting:
    """One row of the settings table.

    Attributes:
        name: as written in code, in ``EARTHWEAVE_<NAME>`` and on the command line.
        default: the value when nobody says otherwise.
        unit: ``s``, ``MiB``, ``rows``, ``characters`` …; empty for a plain number or switch.
        help: one sentence.
    """

    name: str
    default: Any
    unit: str
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"EARTHWEAVE_{self.name.upper()}"


def setting(default: Any, *, unit: str = "", help: str) -> Any:
    """Declare a dataclass field that is a named setting."""
    return field(default=default, metadata={"unit": unit, "help": help})


def settings_of(table: type[Any]) -> tuple[Setting, ...]:
    """The rows that a dataclass of settings declares, in order."""
    return tuple(Setting(f.name, f.default, f.metadata["unit"], f.metadata["help"]) for f in fields(table))
