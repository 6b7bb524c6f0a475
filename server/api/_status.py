"""What the server says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Protocol

from earthweave.ontology import EW, settings_of
from earthweave.server.sparql import Servable
from earthweave.server.store import Limits

from ._models import SettingBody

_SIMULATED = f"ASK {{ ?x <{EW.simulated}> true }}"


class Store(Servable, Protocol):
    """What the web face needs of a store."""

    @property
    def limits(self) -> Limits:
        """Of queries; a request can only lower them."""
        ...


@dataclass
class Census:
    """Remembers, for one generation of the store, whether it holds simulated data."""

    store: Store
    _known: dict[int, bool] = field(default_factory=dict)

    def simulated(self, generation: int) -> bool:
        """True if anything in the store is marked ``ew:simulated true``; asked once per generation."""
        if generation not in self._known:
            self._known = {generation: bool(self.store.query(_SIMULATED).boolean)}
        return self._known[generation]


def product_version() -> str:
    """The installed version."""
    return version("earthweave")


def table_of(tables: Iterable[Any]) -> list[SettingBody]:
    """The rows of instances of settings, with the values in force."""
    return [
        SettingBody(name=row.name, value=getattr(table, row.name), default=row.default, unit=row.unit, help=row.help)
        for table in tables
        for row in settings_of(type(table))
    ]
