"""Catalogues that answer as the legacy Finder does: GeoJSON of resto (OpenSearch with the EO extension, OGC 13-026r9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urljoin

import shapely

from earthweave.ontology import ProgressSink, silent

from ._footprint import pieces, read_geojson
from ._model import Found, Search
from ._names import family
from ._paging import Page, Request, paged
from ._reading import first, found, part, rows
from ._transport import Transport, fetch

_COLLECTIONS = {"1": "Sentinel1", "2": "Sentinel2", "3": "Sentinel3", "5P": "Sentinel5P"}


class FinderCatalogue:
    """A Finder (resto), oldest acquisition first.

    Args:
        url: below which ``collections/NAME/search.json`` lies.
        page: products asked for at a time.
        collections: a mission's name in this catalogue where it is not ``Sentinel2`` and so on.
    """

    def __init__(
        self, url: str, transport: Transport, *, name: str = "finder", page: int = 100, collections: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.notices = name, list[str]()
        self._url, self._transport, self._page = url.rstrip("/"), transport, page
        self._collections = {**_COLLECTIONS, **(collections or {})}

    def search(self, search: Search, progress: ProgressSink = silent) -> Iterator[Found]:
        """See `Catalogue`."""
        named = self._collections.get(family(search.collection) or "", search.collection)
        path = f"/collections/{quote(named, safe='')}/search.json" if named else "/search.json"
        return paged(self.name, search, (self._url + path, self._parameters(search)), self._read, progress)

    def _parameters(self, search: Search) -> tuple[tuple[str, str], ...]:
        start, end = search.time.texts if search.time else ("", "")
        area = shapely.to_wkt(shapely.union_all([shapely.from_wkt(one) for one in pieces(search.area)])) if search.area is not None else ""
        plain = {
            "startDate": start,
            "completionDate": end,
            "geometry": area,
            "productType": search.product_type or "",
            "processingLevel": f"LEVEL{search.level[1:]}" if search.level else "",
            "cloudCover": f"[0,{search.cloud_cover:g}]" if search.cloud_cover is not None else "",
            "maxRecords": str(min(self._page, search.limit)),
            "sortParam": "startDate",
            "sortOrder": "ascending",
            "page": "1",
        }
        return tuple((name, value) for name, value in plain.items() if value)

    def _read(self, request: Request) -> Page:
        document = fetch(self._transport, self.name, *request)
        listed = rows(self.name, document, "features")
        return Page(tuple(read_feature(row, self.name) for row in listed), _following(request, document, len(listed)))


def _following(request: Request, document: Mapping[str, Any], read: int) -> Request | None:
    """The next page: the link of that name; without any links, the next number as long as pages are full."""
    links = part(document, "properties").get("links")
    if isinstance(links, list):
        link = next((one for one in links if isinstance(one, dict) and one.get("rel") == "next"), {})
        href = link.get("href")
        return (urljoin(request[0], href), ()) if isinstance(href, str) and read else None
    said = dict(request[1])
    if read < int(said["maxRecords"]):
        return None
    return request[0], tuple({**said, "page": str(int(said["page"]) + 1)}.items())


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
    listed = said.get("links")
    for link in listed if isinstance(listed, list) else ():
        if isinstance(link, dict) and link.get("type") == "application/json":
            yield "self", link.get("href"), "application/json"
