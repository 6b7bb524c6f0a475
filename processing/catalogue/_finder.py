"""Catalogues that answer as the legacy Finder does: GeoJSON of resto (OpenSearch with the EO extension, OGC 13-026r9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import shapely

from ._footprint import pieces, read_geojson
from ._model import Found, Search
from ._names import family
from ._paging import PagedCatalogue, Request, counted
from ._reading import first, found, objects, part, rows

_COLLECTIONS = {"1": "Sentinel1", "2": "Sentinel2", "3": "Sentinel3", "5P": "Sentinel5P"}


class FinderCatalogue(PagedCatalogue):
    """A Finder (resto), oldest acquisition first; ``url`` is that below which ``collections/NAME/search.json`` lies.

    The level is not asked, for Finders write it in their own ways (``LEVEL1C``, ``L1C``).
    """

    def _asked(self, search: Search, count: int) -> Request:
        named = {**_COLLECTIONS, **self._collections}.get(family(search.collection) or "", search.collection)
        path = f"/collections/{quote(named, safe='')}/search.json" if named else "/search.json"
        return self._url + path, _parameters(search, count)

    def _listed(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        return rows(self.name, document, "features")

    def _product(self, row: dict[str, Any]) -> Found:
        return read_feature(row, self.name)

    def _following(self, request: Request, document: dict[str, Any], read: int) -> Request | None:
        """The link of that name; without any links, the next number as long as pages are full."""
        links = part(document, "properties").get("links")
        if not isinstance(links, list):
            return counted(request, "maxRecords", "page", 1, read)
        href = next((one.get("href") for one in objects(links) if one.get("rel") == "next"), None)
        return self._linked(request, href) if isinstance(href, str) else None


def _parameters(search: Search, count: int) -> tuple[tuple[str, str], ...]:
    start, end = search.time.texts if search.time else ("", "")
    area = shapely.to_wkt(shapely.union_all([shapely.from_wkt(one) for one in pieces(search.area)])) if search.area is not None else ""
    plain = {
        "startDate": start,
        "completionDate": end,
        "geometry": area,
        "productType": search.product_type or "",
        "cloudCover": f"[0,{search.cloud_cover:g}]" if search.cloud_cover is not None else "",
        "maxRecords": str(count),
        "sortParam": "startDate",
        "sortOrder": "ascending",
        "page": "1",
    }
    return tuple((name, value) for name, value in plain.items() if value)


def read_feature(feature: Mapping[str, Any], catalogue: str) -> Found:
    """A product from a feature of a Finder; raises `ProductError` that names it."""
    said = part(feature, "properties")
    download = part(said, "services", "download")
    return found(
        catalogue,
        feature.get("id"),
        (said.get("title"), said.get("productIdentifier")),
        title=said.get("title"),
        collection=said.get("collection"),
        time=(said.get("startDate"), said.get("completionDate")),
        footprint=lambda: read_geojson(feature.get("geometry")),
        platform=said.get("platform"),
        product_type=said.get("productType"),
        level=said.get("processingLevel"),
        cloud_cover=said.get("cloudCover"),
        tile=said.get("mgrs"),
        relative_orbit=said.get("relativeOrbitNumber"),
        size=first({**said, "size": download.get("size")}, "size", "resourceSize"),
        links=list(_links(said, download)),
        properties={name: value for name, value in said.items() if isinstance(value, str | int | float | bool)},
    )


def _links(said: Mapping[str, Any], download: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    yield "data", download.get("url"), download.get("mimeType")
    yield "thumbnail", first(said, "thumbnail", "quicklook"), "image/jpeg"
    for link in objects(said.get("links")):
        if link.get("type") == "application/json":
            yield "self", link.get("href"), "application/json"
