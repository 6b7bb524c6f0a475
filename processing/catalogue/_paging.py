"""Page by page through a catalogue, in one place for all kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from earthweave.ontology import EndpointError, Progress, ProgressSink

from ._model import Found, Search, matches

Request: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""Address and query string of one page."""
_STALE = 3
"""Pages in a row that bring nothing new: then the catalogue does not page as it says."""


@dataclass(frozen=True)
class Page:
    """One page: its products in order, and where the next one is, if there is one."""

    found: tuple[Found, ...]
    following: Request | None


def paged(name: str, search: Search, first: Request, read: Callable[[Request], Page], progress: ProgressSink) -> Iterator[Found]:
    """The products of all pages that meet a search, each once, until there are enough.

    Catalogues that count pages by number repeat products that moved on while they were read. Raises `EndpointError` if the pages lead
    in a circle.
    """
    met, asked, given, stale = set[str](), set[Request](), 0, 0
    request: Request | None = first
    while request is not None:
        if request in asked or stale == _STALE:
            raise EndpointError(
                f"the pages of {name} lead in a circle", why=f"{len(asked)} pages were read, {len(met)} products are on them",
                way_out=f"ask for {given or 1} products, or fewer",
            )  # fmt: skip
        asked.add(request)
        page = read(request)
        fresh = [found for found in page.found if found.key not in met]
        stale = 0 if fresh or not page.found else stale + 1
        for found in fresh:
            if found.key not in met and matches(search, found):
                given += 1
                yield found
                if given == search.limit:
                    return
            met.add(found.key)
        progress(Progress(f"searching {name}", given / search.limit, f"{given} of {len(met)} products"))
        request = page.following
