"""What a change detection has settled before pixels are read: scenes, bands, grid, masks, time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import Any

import numpy as np

from earthweave.ontology import Interval, ParameterError, ProductError

from ..raster import Grid, Tags, read_aoi
from ._bands import band_name, plain_name
from ._parameters import Change
from ._scene import Scene, open_scene
from ._target import target_grid

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Job:
    """Everything that is settled before pixels are read."""

    first: Scene
    second: Scene
    names: tuple[str, ...]
    grid: Grid
    area: Any
    masked: bool
    time: Interval

    @property
    def stem(self) -> str:
        """``<t1>Z_<t2>Z_<bands>_<resolution>``, as the exercise names its products."""
        start, end = (moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") for moment in (self.time.start, self.time.end))
        return f"{start}_{end}_{''.join(map(plain_name, self.names))}_{self.grid.xres:g}"

    @property
    def tags(self) -> Tags:
        """What the rasters say of themselves."""
        simulated = self.first.simulated or self.second.simulated
        attribution = tuple(dict.fromkeys((self.first.attribution, self.second.attribution)))
        return Tags(self.time, simulated, (self.first.id, self.second.id), attribution)


def prepare(p: Change) -> Job:
    """Open both scenes and settle the rest; raises `ParameterError` or `ProductError` before any pixel is read."""
    first, second = (
        open_scene(path, stack_bands=p.stack_bands, offset=p.stack_offset, quantification=p.stack_quantification, time=time)
        for path, time in ((p.input1, p.time1), (p.input2, p.time2))
    )
    if {first.level, second.level} == {"L1C", "L2A"}:
        raise ParameterError(
            "the scenes are of different levels",
            why="one is top-of-atmosphere (L1C), the other surface reflectance (L2A)",
            way_out="give two scenes of one level",
        )
    names = tuple(dict.fromkeys(map(band_name, p.bands)))
    if len(names) < 2 or "SCL" in names:
        raise ParameterError(
            f"bands = {','.join(p.bands)} cannot be compared",
            why="change vectors need two or more different spectral bands",
            way_out="write for example -b B3,B4,B8",
        )
    for scene in (first, second):
        for name in names:
            scene.band(name, first.grid.xres)
    area = read_aoi(p.aoi) if p.aoi else None
    has_classes = all("SCL" in scene.names for scene in (first, second))
    if p.cloud_mask == "scl" and not has_classes:
        raise ParameterError(
            "cloud_mask = scl needs scene classes", why="a scene has no SCL band", way_out="use --cloudmask auto or none, or L2A products"
        )
    return Job(
        first,
        second,
        names,
        target_grid(first.grid, p.resolution or first.finest(names), p.projection, area),
        area,
        has_classes and p.cloud_mask != "none",
        _interval(first, second),
    )


def _interval(first: Scene, second: Scene) -> Interval:
    for number, scene in enumerate((first, second), 1):
        if scene.time is None:
            raise ProductError(
                f"{scene.path.name} does not say when it was taken",
                why="neither its tags nor its name hold a date",
                way_out=f"say it: --time{number} 2021-03-15T00:02:41Z",
            )
    start, end = (scene.time for scene in (first, second) if scene.time)
    if end < start:
        raise ParameterError(
            "the second scene is older than the first",
            why=f"{end.isoformat()} is before {start.isoformat()}",
            way_out="swap input1 and input2",
        )
    return Interval(start, end)


def reference_vector(p: Change, bands: int) -> Array:
    """The direction from which angles are measured (bands); raises `ParameterError` if it does not fit the bands."""
    vector = np.array(p.reference_vector or (1.0,) * bands)
    if len(vector) != bands or not np.isfinite(vector).all() or not vector.any():
        raise ParameterError(
            f"reference_vector = {p.reference_vector} does not fit",
            why=f"{bands} bands need {bands} finite numbers, not all 0",
            way_out=f"write for example --referenceVector {','.join(['1'] * bands)}",
        )
    return vector
