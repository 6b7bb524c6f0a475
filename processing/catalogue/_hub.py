"""Data hubs of the first generation (DHuS): OpenSearch with a full-text query, answered as a feed in JSON.

The hub of ESA was closed in 2023; national mirrors and archives still answer so. In its JSON, what occurs once is not put in a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ._footprint import pieces, read_text
from ._model import Found, Search
from ._names import family
from ._paging import PagedCatalogue, Request, counted
from ._reading import found, objects, rows


class HubCatalogue(PagedCatalogue):
    """A data hub, oldest acquisition first; ``url`` is that of its search, and it gives pages of 100 at most."""

    def _asked(self, search: Search, count: int) -> Request:
        asked = {"format": "json", "rows": str(count), "start": "0", "orderby": "beginposition asc", "q": hub_query(search)}
        return self._url, tuple(asked.items())

    def _listed(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        feed = document.get("feed")
        return rows(self.name, {"entry": _several(feed.get("entry"))} if isinstance(feed, dict) else document, "entry")

    def _product(self, row: dict[str, Any]) -> Found:
        return read_entry(row, self.name)

    def _following(self, request: Request, document: dict[str, Any], read: int) -> Request | None:
        return counted(request, "rows", "start", read, read)


def hub_query(search: Search) -> str:
    """The full-text query of a search (Solr); texts are put in quotes, with those inside and backslashes escaped."""
    mission = family(search.collection)
    named = f"Sentinel-{mission}" if mission and mission != "5P" else "Sentinel-5 Precursor" if mission else search.collection
    parts = [f"platformname:{_quoted(named)}"] if named else []
    if search.time is not None:
        start, end = search.time.texts
        parts += [f"beginposition:[* TO {end}]", f"endposition:[{start} TO *]"]
    if search.area is not None:
        met = [f"footprint:{_quoted(f'Intersects({text})')}" for text in pieces(search.area)]
        parts.append(met[0] if len(met) == 1 else f"({' OR '.join(met)})")
    if search.product_type:
        parts.append(f"producttype:{_quoted(search.product_type)}")
    if search.cloud_cover is not None:
        parts.append(f"cloudcoverpercentage:[0 TO {search.cloud_cover:g}]")
    return " AND ".join(parts) or "*"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def read_entry(entry: Mapping[str, Any], catalogue: str) -> Found:
    """A product from an entry of the feed; raises `ProductError` that names it."""
    said = _fields(entry)
    return found(
        catalogue,
        entry.get("id") or said.get("uuid"),
        (said.get("identifier"), entry.get("title"), said.get("filename")),
        title=entry.get("title"),
        collection=said.get("platformname"),
        time=(said.get("beginposition"), said.get("endposition")),
        footprint=lambda: read_text(said.get("footprint")),
        platform=said.get("platformname"),
        product_type=said.get("producttype"),
        level=said.get("processinglevel"),
        cloud_cover=said.get("cloudcoverpercentage"),
        tile=said.get("tileid"),
        relative_orbit=said.get("relativeorbitnumber"),
        links=list(_links(entry)),
        properties={name: value for name, value in said.items() if name not in ("footprint", "gmlfootprint")},
    )


def _fields(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an entry, which are grouped by their type."""
    groups = (objects(_several(entry.get(kind))) for kind in ("date", "int", "double", "str", "bool"))
    return {str(one["name"]): one.get("content") for group in groups for one in group if "name" in one}


def _links(entry: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    names = {"": "data", "alternative": "self", "icon": "thumbnail"}
    for link in objects(_several(entry.get("link"))):
        if rel := names.get(str(link.get("rel", ""))):
            yield rel, link.get("href"), "image/jpeg" if rel == "thumbnail" else ""
