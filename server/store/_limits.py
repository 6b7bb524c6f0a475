"""The limits of the store, one row each: name, default, unit, help."""

from __future__ import annotations

from dataclasses import dataclass

from earthweave.ontology import setting


@dataclass(frozen=True)
class Limits:
    """What a query or a write may cost; reaching one is an error that names it, or a cut that the answer announces."""

    query_deadline: float = setting(30.0, unit="s", help="wall time after which a query is killed")
    query_memory: int = setting(2048, unit="MiB", help="memory that one query may take beyond what its worker starts with")
    query_rows: int = setting(100_000, unit="rows", help="rows or triples after which a result is cut, and says so")
    query_bytes: int = setting(64 * 1024 * 1024, unit="bytes", help="size of values after which a result is cut, and says so")
    query_characters: int = setting(65_536, unit="characters", help="longest query text")
    query_nesting: int = setting(256, unit="levels", help="deepest nesting of brackets or of signs in a query or update")
    entailment: str = setting("relations", unit="regime",
                              help="what patterns match beside what is stated: simple (nothing), relations (topological relations "
                                   "between geometries), rdfs (also subclasses, sub-properties, domains and ranges)")
    query_workers: int = setting(2, unit="processes", help="queries that run at the same time in one process")
    short_query: float = setting(0.5, unit="s",
                                 help="how long a query may have the worker kept for short ones when all others are busy; 0: none is kept")
    service_batch: int = setting(100, unit="solutions", help="solutions that SERVICE sends along with one call of another endpoint")
    service_rows: int = setting(1_000_000, unit="solutions", help="solutions that SERVICE takes from one call at most")
    service_bytes: int = setting(64 * 1024 * 1024, unit="bytes", help="size of an answer that SERVICE takes from one call at most")
    load_roots: str = setting("", unit="folders", help="folders, a colon between two, below which LOAD may read; empty: it is refused")
    update_characters: int = setting(8 * 1024 * 1024, unit="characters", help="longest update text")
    load_deadline: float = setting(86_400.0, unit="s", help="wall time after which a load, update or export is killed")
    load_memory: int = setting(8192, unit="MiB", help="memory that a load or update may take")
    load_bytes: int = setting(256 * 1024 * 1024 * 1024, unit="bytes", help="size of one RDF document, unpacked")
    load_nesting: int = setting(256, unit="levels", help="deepest nesting of a JSON-LD document")
    log_statements: int = setting(20_000, unit="statements",
                                  help="changes after which the log becomes a snapshot; a bigger update makes one at once")
    write_wait: float = setting(10.0, unit="s", help="how long a write waits for another writer before it gives up")
    geometry_cache: int = setting(256, unit="MiB", help="literals that a worker keeps parsed")
