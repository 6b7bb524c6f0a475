"""Jobs as OGC API – Processes tells them (statusInfo.yaml, jobList.yaml), and the choice of those that a client lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from earthweave.ontology import ParameterError
from earthweave.server.jobs import STATES, Job, Jobs

from ._descriptions import HTML, JSON, link
from ._media import media_type
from ._problems import masked

RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"
EXCEPTIONS = "http://www.opengis.net/def/rel/ogc/1.0/exceptions"
JOB_LIST = "http://www.opengis.net/def/rel/ogc/1.0/job-list"
PROVENANCE = "http://www.w3.org/ns/prov#has_provenance"
_RECORDS = (
    ("item.json", "describedby", "STAC item"),
    ("prov.ttl", PROVENANCE, "Provenance"),
    ("run.json", "describedby", "Record of the run"),
)
_PAGE, _MOST = 50, 1000
_ALL = (None, None)


def status_info(job: Job, address: str) -> dict[str, Any]:
    """statusInfo.yaml; besides it the stage, the inputs (of paths their names alone), and whose result was taken."""
    told = {
        "type": "process",
        "processID": job.service,
        "jobID": job.id,
        "status": job.state,
        "message": masked(job.message),
        "progress": job.progress,
        "stage": job.stage,
        "created": _moment(job.created),
        "started": _moment(job.started),
        "finished": _moment(job.finished),
        "updated": _moment(job.finished or job.started or job.created),
        "version": job.version,
        "inputs": {name: _shown(value) for name, value in job.parameters.items()},
        "reusedFrom": job.reused_from or None,
        "links": list(links(job, address)),
    }
    return {name: value for name, value in told.items() if value is not None}


def links(job: Job, address: str) -> list[dict[str, str]]:
    """Where a job leads."""
    here = f"{address}/jobs/{job.id}"
    found = [
        link(here, "self", JSON, "This job"),
        link(here, "alternate", HTML, "This job as a page"),
        link(here, "monitor", JSON, "Status"),
        link(f"{address}/jobs", "up", JSON, "All jobs"),
        link(f"{here}/log", "related", "text/plain", "Log"),
    ]
    if job.state == "successful":
        found.append(link(f"{here}/results", RESULTS, JSON, "Results"))
        found += [link(f"{here}/results/{name}", rel, media_type(name), title) for name, rel, title in records(job)]
    elif job.ended:
        found.append(link(f"{here}/results", EXCEPTIONS, "application/problem+json", "What went wrong"))
    return found


def records(job: Job) -> list[tuple[str, str, str]]:
    """The records of a run that lie with its results: name of the file, relation, title."""
    names = result_names(job)
    return [(found, rel, title) for end, rel, title in _RECORDS if (found := record_name(names, end))]


def record_name(names: Sequence[str], end: str) -> str:
    """The record with this end: the plain name, or ``<name of the product>.<end>``; empty if there is none."""
    return end if end in names else next((name for name in names if name.endswith(f".{end}")), "")


def result_names(job: Job) -> list[str]:
    """Names of all files of a result, relative to its folder."""
    if not job.folder.is_dir():
        return []
    return sorted(path.relative_to(job.folder).as_posix() for path in job.folder.rglob("*") if path.is_file())


def _shown(value: Any) -> Any:
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return masked(value) if isinstance(value, str) else value


def _moment(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if moment else None


@dataclass(frozen=True)
class Listing:
    """Which jobs a client wants to see.

    Attributes:
        states, processes: of these alone; empty for all.
        begun: earliest and latest moment of submission.
        lasted: least and most seconds of the run.
        limit: jobs of a page; at most 1,000.
        offset: jobs before it.
    """

    states: frozenset[str] = frozenset()
    processes: frozenset[str] = frozenset()
    begun: tuple[datetime | None, datetime | None] = (None, None)
    lasted: tuple[float | None, float | None] = (None, None)
    limit: int = _PAGE
    offset: int = 0

    def holds(self, job: Job) -> bool:
        """Whether a job is wanted."""
        if (self.states and job.state not in self.states) or (self.processes and job.service not in self.processes):
            return False
        return _within(job.created, self.begun) and (self.lasted == _ALL or _within(seconds(job), self.lasted))

    def page(self, jobs: Jobs) -> tuple[list[Job], bool]:
        """The jobs of the page, the latest first, and whether there are more."""
        state = next(iter(self.states)) if len(self.states) == 1 else None
        service = next(iter(self.processes)) if len(self.processes) == 1 else None
        more = max(len(self.states), len(self.processes)) > 1 or self.begun != _ALL or self.lasted != _ALL
        wanted = (job for job in jobs.list(state, service, -1 if more else self.offset + self.limit + 1) if self.holds(job))
        found = list(islice(wanted, self.offset, self.offset + self.limit + 1))
        return found[: self.limit], len(found) > self.limit


def seconds(job: Job) -> float | None:
    """How long a job has run; None if it has not begun."""
    return ((job.finished or datetime.now(UTC)) - job.started).total_seconds() if job.started else None


def _within(value: Any, bounds: tuple[Any, Any]) -> bool:
    least, most = bounds
    return value is not None and (least is None or value >= least) and (most is None or value <= most)


def read_listing(query: Mapping[str, Sequence[str]]) -> Listing:
    """Understand the parameters of a job list; raises `ParameterError`."""
    _one_of(query, "type", ("process",))
    return Listing(
        frozenset(_one_of(query, "status", STATES)),
        frozenset(_many(query, "processID")),
        _interval(_one(query, "datetime")),
        (_number(query, "minDuration"), _number(query, "maxDuration")),
        min(_whole(query, "limit", _PAGE, 1), _MOST),
        _whole(query, "offset", 0, 0),
    )


def _one(query: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(query.get(name, ())), "")


def _many(query: Mapping[str, Sequence[str]], name: str) -> list[str]:
    return [part for text in query.get(name, ()) for part in text.split(",") if part]


def _one_of(query: Mapping[str, Sequence[str]], name: str, known: Sequence[str]) -> list[str]:
    found = _many(query, name)
    for text in found:
        if text not in known:
            raise ParameterError(f"{name} = {text} is not accepted", way_out=f"one of {', '.join(known)}")
    return found


def _number(query: Mapping[str, Sequence[str]], name: str) -> float | None:
    text = _one(query, name)
    if text and not re.fullmatch(r"\d{1,12}(\.\d{1,9})?", text):
        raise ParameterError(f"{name} = {text} is not accepted", way_out="give seconds")
    return float(text) if text else None


def _whole(query: Mapping[str, Sequence[str]], name: str, default: int, least: int) -> int:
    text = _one(query, name)
    if text and not (re.fullmatch(r"[0-9]{1,9}", text) and int(text) >= least):
        raise ParameterError(f"{name} = {text} is not accepted", way_out=f"give a whole number from {least} on")
    return int(text) if text else default


def _interval(text: str) -> tuple[datetime | None, datetime | None]:
    """An instant or an interval of RFC 3339, whose ends may be open (OGC API – Common)."""
    if not text:
        return None, None
    first, slash, last = text.partition("/")
    try:
        start = None if first in ("", "..") else _read(first, "00:00:00")
        end = (None if last in ("", "..") else _read(last, "23:59:59.999999")) if slash else _read(first, "23:59:59.999999")
    except ValueError as error:
        raise ParameterError(f"datetime = {text} is not accepted", way_out="give 2021-03-15T00:00:00Z/.. or the like") from error
    return start, end


def _read(text: str, clock: str) -> datetime:
    moment = datetime.fromisoformat(text if "T" in text else f"{text}T{clock}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
