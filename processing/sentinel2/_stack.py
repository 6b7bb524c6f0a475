"""Bands of a scene stacked in one raster file, as many tools export them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from earthweave.ontology import ParameterError, ProductError

from ..raster import grid_of, open_raster, raster_tags
from ._bands import band_name
from ._scene import BandFile, Scene

_WHEN = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2}))?(?!\d)")


def read_stack(path: Path, names: Sequence[str] | None, offset: float, quantification: float, time: datetime | None) -> Scene:
    """Read a raster with a declared band list.

    ``names`` are the bands in the order of the file; without them the band descriptions must name them. The time is ``time``, else
    the file's own tags, else a date in the file name (``20170703`` is midnight UTC). No data is the file's nodata value, else 0.
    Raises `ProductError` if names and bands do not match.
    """
    with open_raster(path) as dataset:
        grid, tags, nodata = grid_of(dataset), raster_tags(dataset), dataset.nodata
        declared = [band_name(name) for name in names] if names else _described(dataset, path)
        if len(declared) != dataset.count:
            raise ProductError(
                f"{path.name} has {dataset.count} bands", why=f"{len(declared)} are declared", way_out="name every band with --stack-bands"
            )
    nothing = 0.0 if nodata is None else float(nodata)
    bands = tuple(BandFile(name, grid.xres, str(path), number, offset, quantification, nothing) for number, name in enumerate(declared, 1))
    found = time or (tags.time.start if tags.time else time_in_name(path.stem))
    return Scene(path.stem, path, "stack", found, grid, bands, tags.simulated)


def _described(dataset: Any, path: Path) -> list[str]:
    try:
        return [band_name(text or "") for text in dataset.descriptions]
    except ParameterError as error:
        raise ProductError(
            f"{path.name} does not say which bands it holds",
            why="its band descriptions are no Sentinel-2 bands",
            way_out="declare them: --stack-bands B1,B2,B3,…",
        ) from error


def time_in_name(stem: str) -> datetime | None:
    """The first date, with or without a time of day, in the name of a file (UTC); None if there is none."""
    match = _WHEN.search(stem)
    try:
        return datetime.strptime("".join(part or "00" for part in match.groups()), "%Y%m%d%H%M%S").replace(tzinfo=UTC) if match else None
    except ValueError:
        return None
