"""Catalogues that speak OData 4 as the Copernicus Data Space does: CDSE, CREODIAS, and relatives with fewer fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ._footprint import pieces, read_geojson, read_text
from ._model import Found, Search, spans
from ._names import family
from ._paging import PagedCatalogue, Request, counted
from ._reading import first, found, objects, part, rows

_ATTRIBUTE = "Attributes/OData.CSC.{kind}Attribute/any(att:att/Name eq {name} and att/OData.CSC.{kind}Attribute/Value {operator} {value})"


class ODataCatalogue(PagedCatalogue):
    """An OData service of Copernicus products, oldest acquisition first; ``url`` is that below which ``Products`` lies."""

    def _asked(self, search: Search, count: int) -> Request:
        params = (
            ("$filter", odata_filter(search, self._collections)),
            ("$orderby", "ContentDate/Start asc"),
            ("$top", str(count)),
            ("$expand", "Attributes"),
            ("$expand", "Assets"),
        )
        return f"{self._url}/Products", params

    def _listed(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        return rows(self.name, document, "value")

    def _product(self, row: dict[str, Any]) -> Found:
        return read_product(row, self.name, self._url)

    def _following(self, request: Request, document: dict[str, Any], read: int) -> Request | None:
        """Some services name the next page, others want to be told what to skip."""
        href = document.get("@odata.nextLink")
        return self._linked(request, href) if isinstance(href, str) else counted(request, "$top", "$skip", read, read)


def quoted(text: str) -> str:
    """A string as OData writes it: in quotes, with those inside doubled (OData 4.01 ABNF, ``string``)."""
    return "'" + text.replace("'", "''") + "'"


def odata_filter(search: Search, collections: Mapping[str, str] | None = None) -> str:
    """The ``$filter`` of a search; what it cannot say is checked on the products."""
    mission = family(search.collection)
    named = f"SENTINEL-{mission}" if mission else search.collection
    parts = [f"Collection/Name eq {quoted((collections or {}).get(mission or '', named))}"] if named else []
    if search.area is not None:
        met = [f"OData.CSC.Intersects(area=geography{quoted(f'SRID=4326;{text}')})" for text in pieces(search.area)]
        parts.append(met[0] if len(met) == 1 else f"({' or '.join(met)})")
    if search.time is not None:
        (start, end), (before, after) = search.time.texts, spans(search.time)
        parts += [f"ContentDate/Start {before} {end}", f"ContentDate/End {after} {start}"]
    if (wanted := _type(search, mission)) is not None:
        parts.append(wanted)
    if search.cloud_cover is not None:
        parts.append(_attribute("Double", "cloudCover", "le", f"{search.cloud_cover:.2f}"))
    return " and ".join(parts)


def _type(search: Search, mission: str | None) -> str | None:
    """The product type: Sentinel-2 writes the level in it; the types of the others are looked for in the name, which holds them."""
    wanted = search.product_type
    if mission == "2" and not wanted and search.level in ("L1C", "L2A"):
        wanted = f"S2MSI{search.level[1:]}"
    if wanted is None:
        return None
    if mission in (None, "2"):
        return _attribute("String", "productType", "eq", quoted(wanted))
    return f"contains(Name,{quoted(wanted)})"


def _attribute(kind: str, name: str, operator: str, value: str) -> str:
    return _ATTRIBUTE.format(kind=kind, name=quoted(name), operator=operator, value=value)


def read_product(row: Mapping[str, Any], catalogue: str, url: str) -> Found:
    """A product from an entry of ``Products``; raises `ProductError` that names it."""
    name, key = first(row, "Name", "name"), first(row, "Id", "id")
    said, dates = _attributes(row), part(row, "ContentDate")
    start = dates.get("Start") or first(row, "beginPosition") or said.get("beginningDateTime")
    return found(
        catalogue,
        key or name,
        (name,),
        title=name,
        collection=said.get("collection") or said.get("platformShortName"),
        time=(start, dates.get("End") or first(row, "endPosition") or said.get("endingDateTime")),
        footprint=lambda: _footprint(row),
        platform=f"{said.get('platformShortName', '')}{said.get('platformSerialIdentifier') or said.get('platform') or ''}",
        product_type=said.get("productType"),
        level=said.get("processingLevel") or said.get("processing:level"),
        cloud_cover=said.get("cloudCover"),
        tile=said.get("tileId"),
        relative_orbit=said.get("relativeOrbitNumber"),
        size=first(row, "ContentLength", "size"),
        links=list(_links(row, f"{url}/Products({key})" if key else "")),
        properties={
            **{name: value for name, value in row.items() if isinstance(value, str | int | float | bool) and name in _PLAIN},
            **said,
        },
    )


_PLAIN = ("Online", "offline", "PublicationDate", "ModificationDate", "OriginDate", "S3Path", "ContentType")
"""Members of an entry that are kept; a preview inside it is not."""


def _attributes(row: Mapping[str, Any]) -> dict[str, Any]:
    return {str(one["Name"]): one.get("Value") for one in objects(row.get("Attributes")) if "Name" in one}


def _footprint(row: Mapping[str, Any]) -> Any:
    """As GeoJSON where there is some, else as text."""
    if part(row, "GeoFootprint").get("coordinates"):
        return read_geojson(row["GeoFootprint"])
    return read_text(first(row, "Footprint", "footprint"))


def _links(row: Mapping[str, Any], address: str) -> Iterator[tuple[str, Any, Any]]:
    yield "data", f"{address}/$value" if address else None, first(row, "@odata.mediaContentType", "ContentType")
    yield "self", address, "application/json"
    path = row.get("S3Path")
    yield "s3", f"s3:/{path}" if isinstance(path, str) and path.startswith("/") else None, ""
    for asset in objects(row.get("Assets")):
        if asset.get("Type") == "QUICKLOOK":
            yield "thumbnail", asset.get("DownloadLink"), "image/jpeg"
