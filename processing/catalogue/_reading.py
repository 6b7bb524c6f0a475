"""From what a catalogue writes about a product to `Found`; what is missing or wrong names the product."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from earthweave.ontology import EarthweaveError, EndpointError, Interval, ProductError

from ._model import Found, Link
from ._names import Named, bare, level_name, platform_name, said_by_name, tile_name

T = TypeVar("T")
_SCHEMES = ("https", "http", "s3", "gs", "ftp")
"""Where a catalogue in the network may say that something lies: never on this machine."""
_NO_IRI = re.compile(r'[\x00-\x20\x7f<>"{}|\\^`\ud800-\udfff]')
"""What no IRI holds (RFC 3987, §2.2)."""


def found(
    catalogue: str, key: Any, names: Iterable[Any], *, time: tuple[Any, Any], footprint: Callable[[], Any], title: Any = None,
    collection: Any = None, platform: Any = None, product_type: Any = None, level: Any = None, cloud_cover: Any = None, tile: Any = None,
    relative_orbit: Any = None, size: Any = None, links: Iterable[tuple[str, Any, Any]] = (), properties: Mapping[str, Any] | None = None,
    simulated: bool = False, local: bool = False,
) -> Found:  # fmt: skip
    """A product from the values of a reply, each of which may be anything.

    ``names`` may hold the product's own name; what that says wins over what the catalogue says of platform, level, tile and orbit, for
    catalogues leave them out or write them in their own way. ``local`` says that the user gave the reply as a file: what comes over the
    network may link to the network alone. Raises `ProductError` that names the product.
    """
    own, said = _own(names)
    there = "" if key is None else _printable(str(key))
    id = own or there
    if not id:
        raise ProductError(f"{catalogue} lists a product without a name", why="neither id nor name", way_out=_ELSEWHERE)
    type_text = _text(product_type)
    return Found(
        id=id,
        title=_text(title) or id,
        catalogue=catalogue,
        collection=_text(collection) or "",
        platform=_either(said.platform, platform_name(_text(platform))),
        product_type=_either(type_text, said.product_type),
        level=_either(said.level, level_name(_text(level)), level_name(type_text)),
        time=_read(catalogue, id, "acquisition time", lambda: _interval(*time)),
        footprint=_read(catalogue, id, "footprint", footprint),
        cloud_cover=_percent(cloud_cover),
        tile=_either(said.tile, tile_name(_text(tile))),
        relative_orbit=_either(said.relative_orbit, _whole(relative_orbit)),
        size=_either(_whole(size)),
        links=tuple(_kept(links, local)),
        properties=dict(properties or {}),
        key=there or id,
        simulated=simulated,
    )


def _either(*values: T | None) -> T | None:
    """The first value that says something; None if none does."""
    return next((one for one in values if one), None)


def _kept(links: Iterable[tuple[str, Any, Any]], local: bool) -> Iterator[Link]:
    for rel, href, kind in links:
        if isinstance(href, str) and href and (_is_address(href) or (local and "://" not in href)):
            yield rel, href, _text(kind) or ""


def _is_address(href: str) -> bool:
    """Whether a text is an address in the network, and can be an IRI."""
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.netloc) and not _NO_IRI.search(href)


def rows(catalogue: str, document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The entries of a reply; raises `EndpointError` if it has none, or one that is no object."""
    listed = document.get(name)
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise EndpointError(
            f"{catalogue} answered with JSON that is no list of products",
            why=f"{name} is missing or no list of objects; there are {', '.join(sorted(document)[:8]) or 'no members'}",
            way_out="is this a catalogue of that kind? see: earthweave catalogue list",
        )
    return listed


def part(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """An object inside another, by the path to it; an empty one if it is not there."""
    found: Any = row
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in a list; none if it is no list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def joined(base: str, href: Any) -> str | None:
    """Where a link on a page leads; None if it is no address."""
    try:
        return urljoin(base, href) if isinstance(href, str) and href else None
    except ValueError:
        return None


def first(row: Mapping[str, Any], *names: str) -> Any:
    """The first of these members that has a value."""
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


_ELSEWHERE = "narrow the search so that it is left out, or search another catalogue"


def _own(names: Iterable[Any]) -> tuple[str, Named]:
    """The product's own name and what it says: the first that follows a convention."""
    for name in names:
        if isinstance(name, str) and (said := said_by_name(name)):
            return bare(name), said
    return "", Named()


def _read(catalogue: str, id: str, what: str, read: Callable[[], T]) -> T:
    try:
        return read()
    except (EarthweaveError, KeyError, TypeError, ValueError, OverflowError) as error:
        why = "; ".join(filter(None, (error.what, error.why))) if isinstance(error, EarthweaveError) else f"{type(error).__name__}: {error}"
        raise ProductError(f"{catalogue}: the product {id} has no readable {what}", why=why[:400], way_out=_ELSEWHERE) from error


def _interval(start: Any, end: Any) -> Interval:
    if not isinstance(start, str) or not start:
        raise ProductError("it is missing")
    return Interval.parse(start, end if isinstance(end, str) and end else None)


def _text(value: Any) -> str | None:
    return (_printable(value) or None) if isinstance(value, str) else None


def _printable(text: str) -> str:
    """A text that terminals and files can hold: what steers the one, or is half a character, is a space."""
    return "".join(one if one.isprintable() else " " for one in text).strip()


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _percent(value: Any) -> float | None:
    """A share; catalogues write −1 for what they do not know."""
    number = _number(value)
    return number if number is not None and 0 <= number <= 100 else None


def _whole(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number >= 0 and number == int(number) else None
