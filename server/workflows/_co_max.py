"""CO-max for those who wait for the answer: the broker's search, and the analyser as a job that is killed when its caller gives up."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earthweave import ontology
from earthweave.ontology import (
    AbortedError,
    DeadlineError,
    EarthweaveError,
    Interval,
    LimitError,
    NotFoundError,
    ParameterError,
    SizeLimitError,
)
from earthweave.processing.air import AirProduct, Area, find_products, meeting, product_of
from earthweave.processing.catalogue import Catalogue, Search
from earthweave.processing.raster import aoi_file
from earthweave.server.jobs import Job, Jobs
from earthweave.server.settings import PipelineSettings

_SERVICE = "co-max"
_LOOK = 0.03
"""Seconds between two looks at a job."""
_FIRST, _LAST = "1970-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"


@dataclass(frozen=True)
class CoQuestion:
    """What is asked for, as it came: nothing of it has been checked.

    Attributes:
        area: WKT or GeoJSON, lon lat degrees.
        start, end: ISO 8601, UTC unless a zone is said; empty for no bound.
        quality: pixels count whose ``qa_value`` is above.
        pixels: ``footprint`` or ``centre``.
    """

    area: str
    start: str = ""
    end: str = ""
    quality: float = 0.5
    pixels: str = "footprint"

    @property
    def time(self) -> Interval | None:
        """The period; None for all times. Raises `ParameterError`."""
        if not self.start and not self.end:
            return None
        try:
            time = Interval.parse(self.start or _FIRST, self.end or _LAST)
        except (ValueError, ontology.InputError) as error:
            raise ParameterError(
                f"the period {self.start!r} … {self.end!r} is none", why=str(error).splitlines()[0], way_out="write 2020-03-03T00:00:00Z"
            ) from error
        if time.start == time.end:
            raise ParameterError("the period is empty: end is not after start", way_out="give a later end, which is excluded")
        return time

    def place(self) -> Area:
        """The area. Raises `ParameterError`, also as `inline` does."""
        self.inline()
        return Area.read(self.area)

    def inline(self) -> None:
        """Raise `ParameterError` if the area is the name of a file, which would be one of the server's."""
        if aoi_file(self.area):
            raise ParameterError(
                "the area is the name of a file", why="the server reads no area from a file", way_out="send WKT or GeoJSON"
            )


class CoMaxDesk:
    """Where the highest CO column is asked for; may be used by several threads.

    Args:
        jobs: run the analysis; a worker must serve them.
        settings: ``co_products`` names the folder of the products; the others are limits.
        catalogue: asked by `find` in place of the folder; what it finds need not lie in the folder yet.

    Raises `ParameterError` if there is no such folder.
    """

    def __init__(self, jobs: Jobs, settings: PipelineSettings, catalogue: Catalogue | None = None) -> None:
        self.products = Path(settings.co_products).expanduser()
        if not settings.co_products or not self.products.is_dir():
            raise ParameterError(
                f"co_products = {settings.co_products!r} is no folder", way_out="name the folder of the Sentinel-5P products (--products)"
            )
        self._jobs, self._settings, self._catalogue = jobs, settings, catalogue
        self._free = threading.Semaphore(settings.co_calls)

    def find(self, question: CoQuestion) -> tuple[AirProduct, ...]:
        """The products of the period that looked at the area, by catalogue or folder.

        Raises as `CoQuestion` and the catalogue do, and `LimitError` if all places are taken or too many products are found.
        """
        with self._place():
            time, area = question.time, question.place()
            if self._catalogue is None:
                return meeting(self._few(find_products(self.products, time)), area)
            most = self._settings.co_products_most
            search = Search("SENTINEL-5P", area.geometry, time, product_type="L2__CO____", limit=most)
            return tuple(product_of(self.products / f"{found.id}.nc") for found in self._catalogue.search(search))

    def maximum(
        self,
        question: CoQuestion,
        ids: Sequence[str] | None = None,
        *,
        seconds: float | None = None,
        left: Callable[[], bool] = lambda: False,
    ) -> tuple[dict[str, Any], Path]:
        """The maximum among the products with these identifiers, or all of the period: JSON values, and the folder of the results.

        Args:
            question: what is asked for.
            ids: of products; None for all of the folder.
            seconds: longest wait, if it is shorter than ``co_wait``; then the job is killed.
            left: says that the caller is gone; then the job is killed too.

        Raises:
            NotFoundError: a product is not in the folder, or none has a pixel in the area and period.
            LimitError: all places are taken, or the question is about too many products.
            DeadlineError, AbortedError: the wait was too long, or the caller left.
            EarthweaveError: whatever the job failed of.
        """
        longest = self._settings.co_wait if seconds is None else min(seconds, self._settings.co_wait)
        with self._place():
            done = self._ended(self._submitted(question, ids), longest, left)
        return json.loads((done.folder / "co_max.json").read_text("utf-8")), done.folder

    def _submitted(self, question: CoQuestion, ids: Sequence[str] | None) -> Job:
        question.inline()
        chosen = self._few(self._chosen(question, ids))
        if not chosen:
            raise NotFoundError("there is no product of the period", way_out="take another period")
        given = {"aoi": question.area, "quality": question.quality, "pixels": question.pixels, "input": [one.path for one in chosen]}
        period = {name: value for name, value in (("start", question.start), ("end", question.end)) if value}
        return self._jobs.submit(_SERVICE, {**given, **period})

    def _chosen(self, question: CoQuestion, ids: Sequence[str] | None) -> tuple[AirProduct, ...]:
        if ids is None:
            return find_products(self.products, question.time)
        known = {path.stem: path for path in self.products.rglob("S5P_*.nc")}
        missing = [id for id in ids if id not in known]
        if missing:
            raise NotFoundError(
                f"{len(missing)} products are not here, first {missing[0][:120]!r}",
                why="the analyser reads the products of its own folder",
                way_out="fetch them into the folder first, or leave them out",
            )
        return tuple(product_of(known[id]) for id in dict.fromkeys(ids))

    def _few(self, products: tuple[AirProduct, ...]) -> tuple[AirProduct, ...]:
        most = self._settings.co_products_most
        if len(products) > most:
            what, why = f"the question is about {len(products):,} products", f"the limit co_products_most is {most}"
            raise SizeLimitError(what, why=why, way_out="ask for a shorter period")
        return products

    @contextmanager
    def _place(self) -> Iterator[None]:
        """One of the places for those who wait."""
        if not self._free.acquire(blocking=False):
            why = f"the limit co_calls is {self._settings.co_calls}"
            raise LimitError("too many calls at the same time", why=why, way_out="ask again in a moment")
        try:
            yield
        finally:
            self._free.release()

    def _ended(self, job: Job, seconds: float, left: Callable[[], bool]) -> Job:
        until = time.monotonic() + seconds
        while not (found := self._jobs.get(job.id)).ended:
            if left() or time.monotonic() > until:
                self._stop(job.id)
                if left():
                    raise AbortedError(f"job {job.id} was stopped", why="its caller left")
                raise DeadlineError(f"the answer took longer than {seconds:g} s", why="so long a caller may wait", way_out="ask for less")
            time.sleep(_LOOK)
        if found.state == "successful":
            return found
        raise _error(found)

    def _stop(self, id: str) -> None:
        try:
            self._jobs.cancel(id)
        except ParameterError:
            # it has ended meanwhile
            return


def _error(job: Job) -> EarthweaveError:
    """What a job failed of; that no pixel is left is no failure of the service, but a thing that is not there."""
    told = job.error or {"type": "AbortedError", "what": f"job {job.id} was dismissed", "why": job.message, "way_out": "ask again"}
    # what the runner itself says of a job is a failure, and begins with its name
    if told["type"] == "ProcessingError" and not told["what"].startswith(f"job {job.id} "):
        return NotFoundError(told["what"], why=told["why"], way_out=told["way_out"])
    kind: type[EarthweaveError] = getattr(ontology, told["type"], EarthweaveError)
    return kind(told["what"], why=told["why"], way_out=told["way_out"])
