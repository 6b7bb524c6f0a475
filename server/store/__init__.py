"""An embedded GeoSPARQL store: one folder, atomic loads and updates, queries in worker processes that can be killed.

::

    caller ─▶ Store ─▶ gate (length, nesting, prefixes, functions) ─▶ query worker: read-only generation, capped, no network
                │                                                        ╰─▶ SERVICE: asks Store, which calls what its `Remote` lets it
                └────▶ one writer at a time ─▶ private copy (hard links) ─▶ next generation, switched atomically
"""

from ._limits import Limits
from ._remote import Remote
from ._store import Store, open_store, restore
from ._types import Answer, LoadReport, Notice, Replaced, RunningQuery, Statistics, UpdateReport
from .reports import BadStatement, Census, Contents, ExportReport, Extensions, FileReport, PropertyPartition

__all__ = [
    "Answer", "BadStatement", "Census", "Contents", "ExportReport", "Extensions", "FileReport", "Limits", "LoadReport", "Notice",
    "PropertyPartition", "Remote", "Replaced", "RunningQuery", "Statistics", "Store", "UpdateReport", "open_store", "restore",
]
