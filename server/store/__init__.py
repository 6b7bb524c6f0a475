"""An embedded GeoSPARQL store: one folder, atomic loads and updates, queries in worker processes that can be killed.

::

    caller ─▶ Store ─▶ gate (length, nesting, SERVICE, LOAD, functions) ─▶ query worker: read-only generation, capped, no network
                └────▶ one writer at a time ─▶ private copy (hard links) ─▶ next generation, switched atomically
"""

from ._limits import Limits
from ._store import Store, open_store, restore
from ._types import Answer, LoadReport, Notice, RunningQuery, Statistics, UpdateReport
from .reports import BadStatement, ExportReport, FileReport

__all__ = [
    "Answer", "BadStatement", "ExportReport", "FileReport", "Limits", "LoadReport", "Notice", "RunningQuery", "Statistics", "Store",
    "UpdateReport", "open_store", "restore",
]
