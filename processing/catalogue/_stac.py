"""Catalogues that speak the STAC API (1.0, item search by GET), and STAC items in files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from earthweave.ontology import ParameterError, ProductError, ProgressSink, silent

from ._footprint import box, read_geojson
from ._model import Found, Search, matches
from ._names import family
from ._paging import PagedCatalogue, Request
from ._reading import first, found, joined, objects, part, rows
from ._transport import fetch

_QUERY = "item-search#query"
_FILTER = ("item-search#filter", "cql2-text")
_COLLECTIONS = {"1": "sentinel-1-grd", "2": "sentinel-2-l1c,sentinel-2-l2a"}
"""Names that most catalogues give the collections of a mission."""


class StacCatalogue(PagedCatalogue):
    """A STAC API, ``url`` that of its landing page.

    Box, time and collection are asked for, clouds too where the service says that it can; the rest is checked here.
    ``collections`` may name several for a mission, comma-separated.
    """

    _conforms: str | None = None

    def _asked(self, search: Search, count: int) -> Request:
        return f"{self._url}/search", self._parameters(search, count)

    def _listed(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        return rows(self.name, document, "features")

    def _product(self, row: dict[str, Any]) -> Found:
        return read_item(row, self.name)

    def _parameters(self, search: Search, count: int) -> tuple[tuple[str, str], ...]:
        plain = {
            "collections": self._named(search),
            "bbox": ",".join(f"{value:.9g}" for value in box(search.area)) if search.area is not None else "",
            "datetime": "/".join(search.time.texts) if search.time else "",
            "limit": str(count),
            **(self._clouds(search.cloud_cover) if search.cloud_cover is not None else {}),
        }
        return tuple((name, value) for name, value in plain.items() if value)

    def _named(self, search: Search) -> str:
        mission = family(search.collection)
        named = {**_COLLECTIONS, **self._collections}.get(mission or "", "" if mission else search.collection)
        if mission and not named:
            raise ParameterError(
                f"{self.name} has no one collection for {search.collection}", why="STAC catalogues split a mission by instrument and level",
                way_out=f"give a collection's own name; {self._url}/collections lists them",
            )  # fmt: skip
        if not search.level:
            return named
        exact = [one for one in named.split(",") if one.lower().endswith(search.level.lower())]
        return ",".join(exact) or named

    def _clouds(self, most: float) -> dict[str, str]:
        """The cloud cover in the language that the service says it understands, if any."""
        if self._conforms is None:
            self._conforms = json.dumps(fetch(self._transport, self.name, self._url).get("conformsTo"))
        if _QUERY in self._conforms:
            return {"query": json.dumps({"eo:cloud_cover": {"lte": most}})}
        if all(one in self._conforms for one in _FILTER):
            return {"filter": f"eo:cloud_cover <= {most:g}", "filter-lang": "cql2-text"}
        return {}

    def _following(self, request: Request, document: dict[str, Any], read: int) -> Request | None:
        """An address, or a body for POST, which says the same as a query string does for GET (STAC API, item search)."""
        link = next((one for one in objects(document.get("links")) if one.get("rel") == "next"), {})
        href, body = link.get("href"), link.get("body")
        if not isinstance(href, str):
            return None
        following = self._linked(request, href)
        if str(link.get("method", "GET")).upper() != "POST" or not isinstance(body, dict):
            return following
        written = tuple((name, _written(value)) for name, value in body.items() if value is not None)
        kept = tuple((name, value) for name, value in request[1] if name not in body) if link.get("merge") else ()
        return following[0], (*kept, *written)


class FileCatalogue:
    """STAC items in a file: an item, a collection of items, or what ``earthweave catalogue search --geojson`` wrote."""

    def __init__(self, path: Path, *, name: str = "") -> None:
        self.name, self.notices = name or path.stem, list[str]()
        self._path = path

    def search(self, search: Search, progress: ProgressSink = silent) -> Iterator[Found]:
        """See `Catalogue`; a mission's name as collection stands for all its products. Raises `ProductError`."""
        given = 0
        for one in read_items(self._path, self.name):
            if given < search.limit and _collected(search.collection, one) and matches(search, one):
                given += 1
                yield one


def read_items(path: Path, name: str = "") -> tuple[Found, ...]:
    """The products in a file of STAC items; raises `ProductError` for a file that is none."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise ProductError(
            f"{path.name} cannot be read as JSON", why=str(error)[:200], way_out="give a GeoJSON file of STAC items"
        ) from error
    listed = document.get("features", [document]) if isinstance(document, dict) else None
    if not isinstance(listed, list) or not all(isinstance(one, dict) and "geometry" in one for one in listed):
        raise ProductError(
            f"{path.name} holds no STAC items", why="neither an item nor a collection", way_out="give a GeoJSON file of items"
        )
    return tuple(read_item(one, name or path.stem, path.absolute().as_uri()) for one in listed)


def read_item(item: Mapping[str, Any], catalogue: str, address: str = "") -> Found:
    """A product from a STAC item; raises `ProductError` that names it.

    ``address`` is where the item itself lies, for links that are relative to it. A range of time wins over ``datetime``, which some
    catalogues fill with the date of publication. An item that one of our searches wrote keeps the catalogue that it came from.
    """
    said = part(item, "properties")
    own = next((one.get("href") for one in objects(item.get("links")) if one.get("rel") == "self"), None)
    base = own if isinstance(own, str) and "://" in own else address
    assets = {key: one for key, one in part(item, "assets").items() if isinstance(one, dict)}
    return found(
        # what a network service says of itself must not send its links to the account of another
        str((address and said.get("earthweave:catalogue")) or catalogue),
        said.get("earthweave:key") or item.get("id"),
        (said.get("s2:product_uri"), said.get("identifier"), said.get("title"), item.get("id")),
        title=said.get("title"),
        collection=item.get("collection") or said.get("eodag:collection"),
        time=(first(said, "start_datetime", "datetime"), first(said, "end_datetime", "datetime")),
        footprint=lambda: read_geojson(item.get("geometry")),
        platform=said.get("platform"),
        product_type=first(said, "product:type", "s2:product_type", "s1:product_type"),
        level=said.get("processing:level"),
        cloud_cover=said.get("eo:cloud_cover"),
        tile=said.get("grid:code"),
        relative_orbit=said.get("sat:relative_orbit"),
        size=_size(assets),
        links=[*_assets(assets, base), *_links(said, own)],
        properties=said,
        simulated=said.get("earthweave:simulated") is True,
        local=bool(address),
    )


def _assets(assets: Mapping[str, dict[str, Any]], base: str) -> Iterator[tuple[str, Any, Any]]:
    for key, asset in assets.items():
        href = asset.get("href")
        yield _rel(key, asset), joined(base, href) if base else href, asset.get("type")


def _rel(key: str, asset: Mapping[str, Any]) -> str:
    """What an asset is: its key, but a zip with the data is the whole product."""
    roles = asset.get("roles")
    whole = asset.get("type") == "application/zip" and isinstance(roles, list) and "data" in roles
    return str(asset.get("earthweave:rel") or ("data" if whole else key))


def _links(said: Mapping[str, Any], own: Any) -> Iterator[tuple[str, Any, Any]]:
    yield "self", own, "application/geo+json"
    yield "data", said.get("eodag:download_link"), ""
    yield "thumbnail", said.get("eodag:thumbnail"), ""


def _size(assets: Mapping[str, dict[str, Any]]) -> int | None:
    sizes = [one["file:size"] for one in assets.values() if isinstance(one.get("file:size"), int)]
    return sum(sizes) if sizes else None


def _written(value: Any) -> str:
    """A member of a POST body as a parameter of GET."""
    if isinstance(value, list) and not any(isinstance(one, dict | list) for one in value):
        return ",".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)


def _collected(collection: str, product: Found) -> bool:
    """Whether a product is of a collection; those of a mission are told by their platform."""
    mission = family(collection)
    if mission is None:
        return not collection or collection == product.collection
    return (product.platform or "").startswith(f"sentinel-{mission.lower()}")
