"""What leaves a processing service: a layer and where it came from (W3C PROV-O, STAC 1.0)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ._crs import Crs
from ._values import BBox, Interval

Kind = Literal["raster", "vector", "table", "document"]
"""What sort of thing a product is; tables and documents have no geometry of their own."""


@dataclass(frozen=True)
class Source:
    """Something that a run used (a ``prov:Entity``): its name, its digest, and whether it is real.

    Attributes:
        id: product identifier or file name, never a path of the machine.
        digest: ``sha256:<hex>``.
        simulated: True for data that a simulator made.
    """

    id: str
    digest: str
    simulated: bool = False


@dataclass(frozen=True)
class Provenance:
    """How a layer was made: one run of one service (a ``prov:Activity``).

    Attributes:
        run: IRI of the run.
        service: id of the service, e.g. ``s2-cd``.
        version: version of the service.
        parameters: what it was called with, JSON values.
        used: inputs.
        started, ended: with time zone.
        attribution: sentences that must travel with the result.
    """

    run: str
    service: str
    version: str
    parameters: Mapping[str, Any]
    used: tuple[Source, ...]
    started: datetime
    ended: datetime
    attribution: tuple[str, ...] = ()

    @property
    def simulated(self) -> bool:
        """True if anything that went in was simulated."""
        return any(source.simulated for source in self.used)


@dataclass(frozen=True)
class Layer:
    """A raster, vector file, table or document with what is needed to map, load, draw and cite it.

    Attributes:
        path: the data file.
        kind: ``raster``, ``vector``, ``table`` or ``document``.
        name: layer name inside the file, and its short name elsewhere.
        title: for people.
        media_type: e.g. ``image/tiff; application=geotiff``.
        crs: of the file's coordinates.
        bbox: lon lat degrees.
        time: when the phenomenon was observed; for a change, from the first to the second date.
        provenance: how it was made.
        meaning: band number or field name → what it means, with its unit.
    """

    path: Path
    kind: Kind
    name: str
    title: str
    media_type: str
    crs: Crs
    bbox: BBox
    time: Interval | None
    provenance: Provenance
    meaning: Mapping[str, str] = field(default_factory=dict)

    @property
    def simulated(self) -> bool:
        """True if the layer rests on simulated data."""
        return self.provenance.simulated
