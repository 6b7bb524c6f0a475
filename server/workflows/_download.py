"""Products of a catalogue to disk: by EODAG, by S3 where they lie in an object store, or by the links of the catalogue itself.

The libraries of the first two are an extra (``earthweave[catalogue]``) and open connections of their own, to the provider of the product
alone. That an account is needed and none was set is found out before anything is asked. Links are followed through the guarded door.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

from earthweave.ontology import (
    ForbiddenError,
    MissingDependencyError,
    NotFoundError,
    ParameterError,
    ProcessingError,
    Progress,
    ProgressSink,
    UnsupportedError,
    silent,
)
from earthweave.processing.catalogue import KNOWN, Found, Known, Transport, item

from ._links import OWN, by_links, inner, local_path, parts

WAYS = ("auto", "eodag", "s3")
"""How a product may be fetched; ``auto`` is S3 if it lies there and there are keys, else EODAG, or links where EODAG does not know them."""
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
_UNKNOWN = Known("", "", "", "")
_LENT = "see the provider's pages on S3 access"


def download(
    product: Found,
    folder: Path,
    *,
    way: str = "auto",
    environment: Mapping[str, str],
    transport: Transport | None = None,
    progress: ProgressSink = silent,
) -> Path:
    """Fetch a product into a folder; returns where it lies. What lies on this machine already is left there.

    Args:
        way: one of `WAYS`.
        environment: variables that name accounts, as EODAG and S3 clients read them.
        transport: the way to links of catalogues whose products EODAG does not fetch; None to follow none.

    Raises `MissingDependencyError` without the extra, `ForbiddenError` without an account, `UnsupportedError` for a product that cannot
    be fetched so, `NotFoundError` if it is there no longer, `ProcessingError` if the provider does not give it.
    """
    if (here := local_path(product)) is not None:
        return here
    known = next((one for one in KNOWN if one.name == product.catalogue), _UNKNOWN)
    keys = all(environment.get(name) for name in _KEYS)
    lies = _in_store(product)
    if way == "s3" or (way == "auto" and keys and lies):
        return _by_s3(product, lies, keys, known, folder, progress)
    if way == "auto" and transport is not None and not known.eodag:
        return by_links(product, transport, folder, progress)
    return _by_eodag(product, known, environment, folder, progress)


def _in_store(product: Found) -> str:
    """Where in an object store the whole product lies, or the SAFE folder of its files; empty if it does not."""
    named = (href for rel, href, _ in product.links if rel in ("s3", "data") and href.startswith("s3://"))
    within = (href.partition(".SAFE/")[0] + ".SAFE" for href in parts(product, ("s3",)).values())
    return next(named, "") or next(within, "")


def _library(name: str, what: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingDependencyError(
            f"{what} needs {name}, which is not installed", why=str(error), way_out="pip install 'earthweave[catalogue]'"
        ) from error


def _by_eodag(product: Found, known: Known, environment: Mapping[str, str], folder: Path, progress: ProgressSink) -> Path:
    if not known.eodag:
        names = ", ".join(one.name for one in KNOWN if one.eodag)
        raise UnsupportedError(
            f"{product.id} cannot be fetched", why=f"it was found in {product.catalogue}, whose products EODAG does not fetch whole",
            way_out=f"search it in {names}, or follow its links: {', '.join([href for _, href, _ in product.links][:2]) or 'it has none'}",
        )  # fmt: skip
    eodag = _library("eodag", "a download")
    if not _has_account(known.eodag, environment):
        mark = f"EODAG__{known.eodag.upper()}__AUTH__CREDENTIALS__"
        raise ForbiddenError(
            f"{product.catalogue} gives products to account holders alone, and no account is set",
            why=f"neither {mark}USERNAME nor a file ~/.config/eodag/eodag.yml is there",
            way_out=f"make an account there, then set {mark}USERNAME and {mark}PASSWORD",
        )
    with TemporaryDirectory() as scratch:
        path = Path(scratch) / "product.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": [_for_eodag(product, known)]}), "utf-8")
        errors = import_module("eodag.utils.exceptions").EodagError
        folder.mkdir(parents=True, exist_ok=True)
        try:
            gateway = eodag.EODataAccessGateway()
            [listed] = gateway.deserialize_and_register(str(path))
            return Path(gateway.download(listed, output_dir=str(folder.absolute()), progress_callback=_teller(eodag, product, progress)))
        except (errors, OSError, ValueError) as error:
            if type(error).__name__ == "NotAvailableError":
                raise NotFoundError(
                    f"{product.catalogue} does not have {product.id} at hand", why=str(error)[:500], way_out=f"order it there, {OWN}"
                ) from error
            raise ProcessingError(
                f"{product.catalogue} does not give {product.id}", why=f"{type(error).__name__}: {error}"[:500],
                way_out="is the account right, and is the product online there?",
            ) from error  # fmt: skip


def _has_account(provider: str, environment: Mapping[str, str]) -> bool:
    """Whether EODAG was told an account, by variables of its own or in its file, which it makes itself with empty ones."""
    mark = f"EODAG__{provider.upper()}__"
    if any(name.upper().startswith(mark) and "CREDENTIALS" in name.upper() and value for name, value in environment.items()):
        return True
    file = Path(environment.get("EODAG_CFG_FILE") or Path(environment.get("HOME", "/nowhere")) / ".config/eodag/eodag.yml")
    if not file.is_file():
        return False
    yaml = _library("yaml", "the file of accounts")
    try:
        said = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ParameterError(f"{file} cannot be read", why=str(error)[:300], way_out="mend it, or set the account by variables") from error
    return any(_filled(said.get(provider) if isinstance(said, dict) else None))


def _filled(said: Any) -> Iterator[bool]:
    """Whether credentials anywhere below have values."""
    for name, value in said.items() if isinstance(said, dict) else ():
        yield from (bool(one) for one in value.values()) if name == "credentials" and isinstance(value, dict) else _filled(value)


def _for_eodag(product: Found, known: Known) -> dict[str, Any]:
    """The product as EODAG writes its own search results."""
    feature = item(product)
    mission = (product.platform or "")[9:10]
    radar = next((one for one in ("SLC", "GRD", "OCN", "RAW") if one in (product.product_type or "")), "")
    collection = f"S2_MSI_{product.level}" if mission == "2" else f"S1_SAR_{radar}" if mission == "1" and radar else product.collection
    feature["properties"] |= {
        "eodag:provider": known.eodag,
        "eodag:search_intersection": feature["geometry"],
        "eodag:download_link": product.link("data"),
        "uid": product.key,
        "order:status": "succeeded",
    }
    return {**feature, "collection": collection, "assets": {}}


def _teller(eodag: Any, product: Found, progress: ProgressSink) -> Any:
    """EODAG's progress as ours."""

    class Told(eodag.utils.ProgressCallback):  # type: ignore[misc]
        def __call__(self, increment: float, total: float | None = None) -> None:
            super().__call__(increment, total)
            progress(Progress(f"fetching {product.id}", min(1.0, self.n / self.total) if self.total else None))

    return Told(disable=True)


def _by_s3(product: Found, lies: str, keys: bool, known: Known, folder: Path, progress: ProgressSink) -> Path:
    if not lies:
        raise UnsupportedError(f"{product.id} does not lie in an object store", way_out="fetch it with --way eodag")
    boto3 = _library("boto3", "a download by S3")
    if not keys:
        raise ForbiddenError(
            f"{product.catalogue} gives objects to holders of keys alone, and none are set",
            why=f"{' and '.join(_KEYS)} are needed", way_out=f"make keys there ({_LENT}), then set both variables",
        )  # fmt: skip
    errors = import_module("botocore.exceptions")
    place = urlsplit(lies)
    try:
        return _objects(boto3.client("s3", endpoint_url=known.s3 or None), place.netloc, place.path.strip("/"), folder, progress)
    except (errors.BotoCoreError, errors.ClientError) as error:
        raise ProcessingError(
            f"{product.catalogue} does not give {product.id}", why=f"{type(error).__name__}: {error}"[:500],
            way_out="are the keys still valid, and is the product there?",
        ) from error  # fmt: skip


def _objects(client: Any, bucket: str, prefix: str, folder: Path, progress: ProgressSink) -> Path:
    """All objects below a prefix, in a folder of its last name; it appears when all are there."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    listed = [one for page in pages for one in page.get("Contents", ()) if not one["Key"].endswith("/")]
    within = [one for one in listed if one["Key"] == prefix or one["Key"].startswith(prefix + "/")]
    if not within:
        raise ProcessingError(f"s3://{bucket}/{prefix} holds nothing", way_out="search again: the product may have been replaced")
    target = folder / PurePosixPath(prefix).name
    part = target.with_name(f".{target.name}.part")
    for number, one in enumerate(within):
        progress(Progress(f"fetching {target.name}", number / len(within), f"{len(within)} files"))
        name = inner(one["Key"][len(prefix) :].strip("/") or PurePosixPath(prefix).name)
        _object(client, bucket, one, part / name)
    shutil.rmtree(target, ignore_errors=True)
    (part / target.name if within[0]["Key"] == prefix else part).replace(target)
    shutil.rmtree(part, ignore_errors=True)
    return target


def _object(client: Any, bucket: str, listed: Mapping[str, Any], path: Path) -> None:
    """One object, unless a run that was cut off has it already: the client gives files their name when they are whole."""
    if path.is_file() and path.stat().st_size == listed.get("Size"):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    client.download_file(bucket, listed["Key"], str(path))
