"""Products that a catalogue links to plainly: one file with the whole product, or the files of a SAFE product one by one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from earthweave.ontology import (
    EndpointError,
    ForbiddenError,
    NotFoundError,
    ProcessingError,
    Progress,
    ProgressSink,
    UnsupportedError,
)
from earthweave.processing.catalogue import Found, Transport

_SUFFIXES = ((b"PK\x03\x04", ".zip"), (b"II*\x00", ".tif"), (b"MM\x00*", ".tif"), (b"II+\x00", ".tif"), (b"MM\x00+", ".tif"))
"""How files begin that a product may be."""
_LONGEST = 120
OWN = "or fetch it yourself and give the files: --input1 and --input2, or their folder as --scenes"
"""The way out that is always open."""


def local_path(product: Found) -> Path | None:
    """Where a product lies on this machine; None if it has to be fetched."""
    for rel, href, _ in product.links:
        parts = urlsplit(href)
        path = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(href)
        if rel == "data" and (parts.scheme == "file" or "://" not in href) and path.exists():
            return path
    return None


def file_name(product: Found) -> str:
    """A name for the file or folder of a product, whatever its catalogue calls it."""
    return re.sub(r"[^\w.-]", "_", product.id).lstrip(".")[:_LONGEST] or "product"


def whole(product: Found) -> str:
    """Address of one file with all of the product; empty if the catalogue links to none."""
    links = [(rel, href, kind) for rel, href, kind in product.links if href.lower().startswith(("https://", "http://"))]
    named = [href for rel, href, kind in links if rel == "data"] + [href for _, href, kind in links if kind == "application/zip"]
    return next(iter(named), "")


def parts(product: Found, schemes: tuple[str, ...] = ("https", "http")) -> Mapping[str, str]:
    """Name within the SAFE folder → address, for products whose files are linked to one by one; raises `ProcessingError`."""
    mark = f"/{product.id}.SAFE/"
    found = {}
    for _, href, _ in product.links:
        address = urlsplit(href)
        before, sign, name = unquote(address.path).partition(mark)
        if sign and name and address.scheme in schemes:
            found[inner(name)] = href
    return found


def inner(name: str) -> str:
    """The name of a file within a product; raises `ProcessingError` for one that leads out of it."""
    if ".." in name.split("/") or "\\" in name or "//" in name or name.startswith("/") or "\0" in name:
        raise ProcessingError(f"the store lists an object {name[:200]!r}", why="its name leads out of the product")
    return name


def by_links(product: Found, transport: Transport, folder: Path, progress: ProgressSink) -> Path:
    """Fetch a product into a folder by its links; it appears when it is whole, files that are there already are not fetched again.

    Raises `NotFoundError` if it is there no longer, `ForbiddenError` if an account is needed, `EndpointError` for other answers,
    `UnsupportedError` if there are no such links.
    """
    if address := whole(product):
        progress(Progress(f"fetching {product.id}"))
        return _file(product, _body(product, transport, address), folder)
    files = parts(product)
    if not files:
        linked = ", ".join([href for _, href, _ in product.links][:2]) or "it has none"
        raise UnsupportedError(
            f"{product.id} cannot be fetched", why=f"{product.catalogue} links to no whole product: {linked}",
            way_out=f"search it in another catalogue (earthweave catalogue list), {OWN}",
        )  # fmt: skip
    target = folder / f"{file_name(product)}.SAFE"
    part = folder / f".{target.name}.part"
    for number, (name, href) in enumerate(files.items()):
        progress(Progress(f"fetching {product.id}", number / len(files), name))
        if not (part / name).is_file():
            _write(part / name, _body(product, transport, href))
    shutil.rmtree(target, ignore_errors=True)
    return part.replace(target)


def _file(product: Found, body: bytes, folder: Path) -> Path:
    suffix = next((suffix for begin, suffix in _SUFFIXES if body.startswith(begin)), None)
    if suffix is None:
        raise ProcessingError(
            f"{product.catalogue} does not give {product.id}", why=f"its answer is neither a zip nor a GeoTIFF: {body[:60]!r}",
            way_out=f"does its link lead to a page that asks for an account? look at it, {OWN}",
        )  # fmt: skip
    return _write(folder / f"{file_name(product)}{suffix}", body)


def _write(path: Path, body: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(body)
    return part.replace(path)


def _body(product: Found, transport: Transport, address: str) -> bytes:
    status, _, body = transport.get(address)
    if status == 200:
        return body
    plain = f"{urlsplit(address).hostname} answers {status} for {urlsplit(address).path[-120:]}"
    if status in (404, 410):
        raise NotFoundError(
            f"{product.catalogue} has {product.id} no longer", why=plain, way_out=f"search again, or in another catalogue, {OWN}"
        )
    if status in (401, 403):
        raise ForbiddenError(
            f"{product.catalogue} gives {product.id} to account holders alone", why=plain,
            way_out=f"take a catalogue whose products EODAG or S3 fetches with your account (earthweave catalogue list), {OWN}",
        )  # fmt: skip
    raise EndpointError(f"{product.catalogue} does not give {product.id}", why=plain, way_out=f"try again later, {OWN}")
