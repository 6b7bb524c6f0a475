"""Catalogue → found products → RDF → store: what was found can be asked by place, time and cloud cover."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from earthweave.mapping import Report, map_source, read_rules, rules
from earthweave.ontology import Progress, ProgressSink, silent
from earthweave.processing.catalogue import Catalogue, Found, Search, items
from earthweave.server.store import Store

from ._delivery import Delivery

RULES = "stac"
"""The shipped rules that turn STAC items into RDF."""


@dataclass(frozen=True)
class Loaded:
    """What a search brought into a store.

    Attributes:
        found: the products, in the catalogue's order.
        mapped: report of the mapping; None if nothing was found.
        added: statements that the store did not have.
        notices: what should be known about the search.
    """

    found: tuple[Found, ...]
    mapped: Report | None
    added: int
    notices: tuple[str, ...]


def search_and_load(catalogue: Catalogue, search: Search, store: Store, *, progress: ProgressSink = silent) -> Loaded:
    """Search, map what was found by the rules ``stac``, and load it; a product found again adds nothing new.

    Raises as the catalogue, the mapping and the store do; the store is then as it was.
    """
    found = tuple(catalogue.search(search, progress))
    notices = tuple(catalogue.notices)
    if not found:
        return Loaded((), None, 0, notices)
    before = store.statistics().triples
    mapped = load_products(found, store, name=f"{catalogue.name} {search.collection}".strip(), progress=progress)
    return Loaded(found, mapped, store.statistics().triples - before, notices)


def load_products(products: Sequence[Found], store: Store, *, name: str = "products", progress: ProgressSink = silent) -> Report:
    """Map products by the rules ``stac`` and load them; returns the report of the mapping."""
    plan = read_rules(rules(RULES))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "products.json"
        path.write_text(json.dumps(items(products)), "utf-8")
        run = map_source(plan, path, progress=progress)
        Delivery(plan, Path(folder), progress=progress).load(run, store, name)
    progress(Progress("loaded", 1.0, f"{run.report.quads:,} statements about {len(products)} products"))
    return run.report
