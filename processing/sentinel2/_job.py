"""What a change detection has settled before pixels are read: scenes, bands, grid, masks, time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from earthweave.ontology import Interval, ParameterError, ProductError, Source

from ..frame import digest
from ..raster import Grid, Tags, project, read_aoi
from ._bands import band_name, plain_name
from ._clouds import NEEDED
from ._masks import CloudRule
from ._parameters import Change
from ._polar import Scale
from ._scene import Scene, scene_of
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
    clouds: CloudRule
    time: Interval

    @property
    def scenes(self) -> tuple[Scene, Scene]:
        """First and second."""
        return self.first, self.second

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

    @property
    def scales(self) -> tuple[Scale, Scale]:
        """How the numbers of either scene become reflectance."""
        wanted = self.grid.pixel_in(self.first.grid.crs)
        first, second = ([scene.band(name, wanted) for name in self.names] for scene in self.scenes)
        one, other = (
            Scale(np.array([band.offset for band in bands]), np.array([band.quantification for band in bands])) for bands in (first, second)
        )
        return one, other

    @property
    def whole(self) -> bool:
        """Whether every pixel is one of the product's own, so that two bytes hold it."""
        return all(_own_pixels(scene, self.names, self.grid) for scene in self.scenes)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Both scenes, and the file of a cloud mask."""
        rule = self.clouds.source
        masks = {"scl": ("SCL",), "builtin": NEEDED}.get(rule, ()) if isinstance(rule, str) else ()
        read = tuple(dict.fromkeys((*self.names, *masks)))
        found = tuple(scene.source(read, self.grid.pixel_in(scene.grid.crs)) for scene in self.scenes)
        return (*found, Source(rule.name, digest(rule))) if isinstance(rule, Path) else found


def prepare(p: Change) -> Job:
    """Open both scenes and settle the rest; raises `ParameterError` or `ProductError` before any pixel is read."""
    first, second = (scene_of(p, path, time) for path, time in ((p.input1, p.time1), (p.input2, p.time2)))
    _comparable(first, second, p.any_orbit)
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
    grid = target_grid(first.grid, p.resolution or first.finest(names), p.projection, area)
    _meets(grid, second)
    return Job(first, second, names, grid, area, _cloud_rule(p, first, second), _interval(first, second))


def _comparable(first: Scene, second: Scene, any_orbit: bool) -> None:
    """Refuse scenes whose difference would not be change."""
    if {first.level, second.level} == {"L1C", "L2A"}:
        raise ParameterError(
            "the scenes are of different levels",
            why="one is top-of-atmosphere (L1C), the other surface reflectance (L2A)",
            way_out="give two scenes of one level",
        )
    if first.tile and second.tile and first.tile != second.tile:
        raise ParameterError(
            "the scenes are of different tiles",
            why=f"{first.id} is of T{first.tile}, {second.id} of T{second.tile}",
            way_out="give two scenes of one tile",
        )
    if first.orbit and second.orbit and first.orbit != second.orbit and not any_orbit:
        raise ParameterError(
            "the scenes are of different relative orbits",
            why=f"R{first.orbit:03d} and R{second.orbit:03d} see the ground from different sides, which looks like change",
            way_out="give two scenes of one relative orbit, or say --any-orbit",
        )


def _meets(grid: Grid, second: Scene) -> None:
    """Refuse a grid that the second scene does not reach."""
    there = project(shapely.box(*grid.bounds), grid.crs, second.grid.crs)
    if not there.intersects(shapely.box(*second.grid.bounds)):
        raise ProductError(
            "the second scene lies elsewhere",
            why=f"{second.id} covers {', '.join(f'{value:.4f}' for value in second.grid.bbox.bounds)} (lon lat), none of the result",
            way_out="give two scenes of one place, and an area of interest that both cover",
        )


def _cloud_rule(p: Change, first: Scene, second: Scene) -> CloudRule:
    has_classes = all("SCL" in scene.names for scene in (first, second))
    if p.cloud_mask == "scl" and not has_classes:
        raise ParameterError(
            "cloud_mask = scl needs scene classes", why="a scene has no SCL band", way_out="use --cloudmask auto or none, or L2A products"
        )
    source = ("scl" if has_classes else "none") if p.cloud_mask == "auto" else p.cloud_mask
    return CloudRule(source, p.cloud_classes, p.cloud_dilate)


def _own_pixels(scene: Scene, names: tuple[str, ...], grid: Grid) -> bool:
    """True if the grid's pixels are those of the bands; of stacks nobody promises that their numbers are whole."""
    if scene.level == "stack" or scene.grid.crs != grid.crs:
        return False
    away = (scene.grid.west - grid.west) / grid.xres, (scene.grid.north - grid.north) / grid.yres
    aligned = all(abs(value - round(value)) < 1e-6 for value in away)
    return aligned and all(abs(scene.band(name, grid.xres).resolution / grid.xres - 1) < 1e-9 for name in names)


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
