"""Products on this machine: where they lie already, or fetched once into a folder in which every later run finds them.

::

    <folder>/<product>-<key>/       held by one run at a time; the key is made of the catalogue and its id for the product
        <product>.SAFE or .zip      complete, or not there
        product.json                written last: what it is, and the digest of its content
        .part/                      what a run that was cut off has fetched of it
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from earthweave.ontology import ForbiddenError, InputError, ProcessingError, Progress, ProgressSink, silent
from earthweave.processing.catalogue import Found, Transport
from earthweave.processing.frame import digest
from earthweave.processing.sentinel2 import open_scene

from ._download import download
from ._links import OWN, file_name, local_path
from ._steps import held

_RECORD, _PART = "product.json", ".part"
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shelf:
    """Where fetched products are kept.

    Attributes:
        folder: made when the first product is fetched.
        transport: the way to links; None if nothing may be fetched.
        environment: variables that name accounts.
        progress: told what is fetched.
    """

    folder: Path
    transport: Transport | None
    environment: Mapping[str, str]
    progress: ProgressSink = silent

    def get(self, product: Found) -> Path:
        """Where a product lies, fetched now if it is not here yet; what was altered since is fetched again.

        Raises as `download`, and `ForbiddenError` if nothing may be fetched, `ProcessingError` if what comes is not the product.
        """
        if (here := local_path(product)) is not None:
            return here
        home = self.folder / f"{file_name(product)}-{_key(product)}"
        if self.transport is None and not home.is_dir():
            raise self._offline(product)
        try:
            with held(home, lambda: self.progress(Progress(f"waiting for another run to fetch {product.id}"))):
                try:
                    return _kept(home) or self._fetched(product, home)
                except BaseException:
                    _tidy(home)
                    raise
        except OSError as error:
            raise ProcessingError(
                f"{product.id} cannot be kept in {self.folder.name}", why=error.strerror or str(error),
                way_out="name a folder with room that can be written: --products",
            ) from error  # fmt: skip

    def _offline(self, product: Found) -> ForbiddenError:
        return ForbiddenError(
            f"{product.id} is not on this machine, and nothing may be fetched", why=f"{self.folder.name} does not hold it from another run",
            way_out=f"run once without --replay, {OWN}",
        )  # fmt: skip

    def _fetched(self, product: Found, home: Path) -> Path:
        if self.transport is None:
            raise self._offline(product)
        part = home / _PART
        fetched = download(product, part, environment=self.environment, transport=self.transport, progress=self.progress)
        _check(product, fetched, part)
        target = home / fetched.name
        shutil.rmtree(target, ignore_errors=True)
        fetched.replace(target)
        shutil.rmtree(part, ignore_errors=True)
        said = {"id": product.id, "catalogue": product.catalogue, "key": product.key, "name": target.name, "digest": _content(target)}
        record = home / f".{_RECORD}.part"
        record.write_text(json.dumps(said, indent=1), "utf-8")
        record.replace(home / _RECORD)
        return target


def _key(product: Found) -> str:
    """Catalogues are told apart: none can put its own product in the place of another's."""
    return hashlib.sha256(json.dumps([product.catalogue, product.key, product.id]).encode()).hexdigest()[:12]


def _kept(home: Path) -> Path | None:
    """The product in its folder, if it is whole and as it was fetched."""
    try:
        said = json.loads((home / _RECORD).read_text("utf-8"))
        path = home / str(said["name"])
        return path if _content(path) == said["digest"] else None
    except (OSError, ValueError, KeyError):
        return None


def _content(path: Path) -> str:
    return digest(path, tuple(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else ())


def _check(product: Found, path: Path, part: Path) -> None:
    """Refuse what is not the product that the catalogue promised; nothing of it is kept."""
    try:
        scene = open_scene(path)
    except InputError as error:
        wrong = f"what came cannot be read: {'; '.join(filter(None, (error.what, error.why)))}"
    else:
        other = product.tile is not None and scene.tile is not None and product.tile != scene.tile
        far = scene.time is not None and not product.time.start - _DAY < scene.time < product.time.end + _DAY
        if not other and not far:
            return
        wrong = f"what came is {scene.id}"
    shutil.rmtree(part, ignore_errors=True)
    raise ProcessingError(f"{product.catalogue} does not give {product.id}", why=wrong, way_out=f"search it in another catalogue, {OWN}")


def _tidy(home: Path) -> None:
    """Remove folders in which nothing is; what was fetched in part stays for the next run."""
    for folder in (home / _PART, home, home.parent):
        with suppress(OSError):
            folder.rmdir()
