"""Scenes in a folder as a catalogue: SAFE folders and zips, GeoTIFF stacks; no index is kept, their metadata are read at each search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import shapely

from earthweave.ontology import CRS84, InputError, Interval, NotFoundError, Progress, ProgressSink, silent

from ..raster import project
from ..sentinel2 import Scene, open_scene
from ._footprint import footprint
from ._model import Found, Search, matches
from ._names import family, platform_name

_DEEP = 4
"""Levels of folders that are looked through."""
_MEDIA = {".zip": "application/zip", ".tif": "image/tiff; application=geotiff", ".tiff": "image/tiff; application=geotiff"}


class FolderCatalogue:
    """The Sentinel-2 scenes below a folder, oldest first; the link ``data`` of each is its path.

    What cannot be read as a scene, or does not say when it was taken, is left out and told in ``notices``.

    Args:
        stack_bands: bands of GeoTIFF stacks whose band descriptions do not say them.
    """

    def __init__(self, path: Path, *, name: str = "", stack_bands: Sequence[str] | None = None) -> None:
        if not path.is_dir():
            raise NotFoundError(f"{path} is no folder", way_out="name the folder that holds the scenes")
        self.name, self.notices = name or path.resolve().name, list[str]()
        self._path, self._bands = path, stack_bands

    def search(self, search: Search, progress: ProgressSink = silent) -> Iterator[Found]:
        """See `Catalogue`."""
        self.notices.clear()
        products = [one for one in self._products(progress) if _collected(search.collection, one) and matches(search, one)]
        yield from sorted(products, key=lambda one: (one.time.start, one.id))[: search.limit]

    def _products(self, progress: ProgressSink) -> Iterator[Found]:
        places = list(_places(self._path, _DEEP))
        for number, place in enumerate(places, 1):
            progress(Progress(f"searching {self.name}", number / len(places), place.name))
            try:
                yield self._found(place)
            except InputError as error:
                self.notices.append(f"{place.name} is left out: {'; '.join(filter(None, (error.what, error.why)))}"[:300])

    def _found(self, place: Path) -> Found:
        scene = open_scene(place, stack_bands=self._bands if place.suffix.lower() in (".tif", ".tiff") else None)
        if scene.time is None:
            raise InputError(f"{place.name} does not say when it was taken")
        return Found(
            id=scene.id,
            title=scene.id,
            catalogue=self.name,
            collection="stack" if scene.level == "stack" else "SENTINEL-2",
            platform=platform_name(scene.platform),
            product_type=scene.product.type if scene.product else None,
            level=None if scene.level == "stack" else scene.level,
            time=Interval(scene.time, scene.time),
            footprint=_outline(scene),
            cloud_cover=scene.cloud_cover,
            tile=scene.tile,
            relative_orbit=scene.orbit,
            size=_size(place),
            links=(("data", str(place.absolute()), _MEDIA.get(place.suffix.lower(), "")),),
            properties=scene.properties,
            key=str(place.absolute()),
            simulated=scene.simulated,
        )


def _places(folder: Path, deep: int) -> Iterator[Path]:
    """What may be a scene below a folder; a SAFE folder is one, whatever lies in it, and links are not followed."""
    for one in sorted(folder.iterdir()):
        if one.is_symlink() or one.name.startswith("."):
            continue
        if one.is_dir() and (one.suffix.upper() == ".SAFE" or any(one.glob("MTD_MSI*.xml"))):
            yield one
        elif one.is_dir() and deep > 1:
            yield from _places(one, deep - 1)
        elif one.is_file() and one.suffix.lower() in _MEDIA:
            yield one


def _outline(scene: Scene) -> Any:
    """Of the pixels with data if the product says it, else of the grid."""
    if scene.product and scene.product.footprint is not None:
        return footprint(scene.product.footprint)
    return footprint(project(shapely.box(*scene.grid.bounds), scene.grid.crs, CRS84))


def _size(place: Path) -> int:
    return sum(one.stat().st_size for one in place.rglob("*") if one.is_file()) if place.is_dir() else place.stat().st_size


def _collected(collection: str, product: Found) -> bool:
    """Stacks do not say their mission; they are read as what they are likely to be."""
    return not collection or family(collection) == "2" or collection == product.collection
