"""STAC items as records (STAC 1.0 and its betas): of an item, an item collection or the answer of an API, or JSON Lines of items.

References are JSONPath within an item. Three things are put so that a mapping can say them: ``geometry`` is WKT in CRS84, ``assets`` and
``links`` are lists; an asset has its own ``key``, the ``item`` that it belongs to, and ``url``, its ``href`` if that is absolute or the
item says what it is relative to. The iterator counts from each item: ``$`` (or none)
gives the items, ``$.assets[*]`` all their assets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import shapely
from shapely.errors import ShapelyError

from earthweave.ontology import ProductError

from ._json import JsonReading, JsonRecord, JsonSource
from ._json_path import json_path
from ._records import Record


class StacSource:
    """The items of a file.

    Raises `ProductError` if there is none.
    """

    def __init__(self, path: Path, iterator: str = "", *, name: str = "") -> None:
        self.name = name or path.name
        self.total: int | None = None
        self.faults: list[tuple[int, str]] = []
        self._path, self._iterator = path, iterator or "$"
        json_path(self._iterator)

    def check(self, references: Sequence[str]) -> None:
        """See `Records`."""
        for reference in references:
            json_path(reference)

    def records(self) -> Iterator[Record]:
        """See `Records`."""
        self.faults.clear()
        found = 0
        for node in self._items():
            found += 1
            yield from JsonRecord(self._item(node, found)).within(self._iterator, "JSONPath")
        if not found:
            raise ProductError(f"{self.name} holds no STAC item", why="neither a feature with assets, nor a collection of such")

    def _items(self) -> Iterator[dict[str, Any]]:
        """One by one from a collection; else the document itself, or what is in its array."""
        some = False
        for node in self._nodes("$.features[*]"):
            some = True
            yield node
        if not some:
            for node in self._nodes("$[*]") if self._path.suffix.lower() in (".jsonl", ".ndjson") else self._nodes("$"):
                yield from node if isinstance(node, list) else (node,)

    def _nodes(self, iterator: str) -> Iterator[Any]:
        for record in JsonSource(self._path, JsonReading(iterator), name=self.name).records():
            if isinstance(record, JsonRecord) and _is_item(record.node):
                yield record.node
            elif isinstance(record, JsonRecord) and isinstance(record.node, list):
                yield [node for node in record.node if _is_item(node)]

    def _item(self, node: dict[str, Any], number: int) -> dict[str, Any]:
        assets = node.get("assets")
        keyed = assets.items() if isinstance(assets, dict) else ()
        base = next((link.get("href") for link in _links(node) if link.get("rel") == "self"), None)
        listed = [
            {**one, "key": key, "item": node["id"], "url": _absolute(base, one.get("href"))} for key, one in keyed if isinstance(one, dict)
        ]
        return {**node, "geometry": self._wkt(node.get("geometry"), number), "assets": listed}

    def _wkt(self, geometry: Any, number: int) -> str | None:
        if geometry is None:
            return None
        try:
            return str(shapely.to_wkt(shapely.from_geojson(json.dumps(geometry)), rounding_precision=-1, trim=True))
        except (ShapelyError, TypeError) as error:
            self.faults.append((number, f"a geometry that is no GeoJSON: {error}"))
            return None


def _is_item(node: Any) -> bool:
    return isinstance(node, dict) and node.get("type") == "Feature" and isinstance(node.get("id"), str) and "assets" in node


def _links(node: dict[str, Any]) -> list[dict[str, Any]]:
    links = node.get("links")
    return [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []


def _absolute(base: Any, href: Any) -> str | None:
    """The URL of a link, or None if it is relative to nothing known, or no URL."""
    if not isinstance(href, str):
        return None
    try:
        url = urljoin(base, href) if isinstance(base, str) else href
        return url if urlsplit(url).scheme else None
    except ValueError:
        # "http://[x" is neither
        return None
