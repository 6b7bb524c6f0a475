"""Page by page through a catalogue in the network, in one place for all kinds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from earthweave.ontology import EndpointError, ProductError, Progress, ProgressSink, silent

from ._model import Found, Search, matches
from ._reading import joined
from ._transport import Transport, fetch

Request: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""Address and query string of one page."""
_STALE = 3
"""Pages in a row that bring nothing new: then the catalogue does not page as it says."""
_MOST = 1000
"""Pages of a search: a catalogue that shows more does not heed what was asked."""
_NAMED = 5
"""Products that are named when they are left out; more are counted."""


class PagedCatalogue(ABC):
    """A catalogue in the network; its kind says how it is asked and what its answers mean.

    A product that cannot be read is left out and told in ``notices``; it is an error if none can.

    Args:
        url: where the service begins.
        page: products asked for at a time.
        collections: a mission's name in this catalogue where it is not the usual one of its kind.
    """

    def __init__(
        self, url: str, transport: Transport, *, name: str = "", page: int = 100, collections: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.notices = name or type(self).__name__.removesuffix("Catalogue").lower(), list[str]()
        self._url, self._transport, self._page = url.rstrip("/"), transport, page
        self._collections = dict(collections or {})
        self._left_out = 0
        self._fault: ProductError | None = None

    @abstractmethod
    def _asked(self, search: Search, count: int) -> Request:
        """The first page of a search, of so many products."""

    @abstractmethod
    def _listed(self, document: dict[str, Any]) -> list[dict[str, Any]]:
        """The entries of a page."""

    @abstractmethod
    def _product(self, row: dict[str, Any]) -> Found:
        """What an entry says."""

    @abstractmethod
    def _following(self, request: Request, document: dict[str, Any], read: int) -> Request | None:
        """The page after one that held so many entries."""

    def search(self, search: Search, progress: ProgressSink = silent) -> Iterator[Found]:
        """See `Catalogue`. Raises `EndpointError` for what is no page of products, `ProductError` if none of them can be read."""
        self.notices.clear()
        self._left_out, self._fault = 0, None
        return self._paged(search, self._asked(search, min(self._page, search.limit)), progress)

    def _paged(self, search: Search, first: Request, progress: ProgressSink) -> Iterator[Found]:
        """The products of all pages that meet a search, each once, until there are enough.

        Catalogues that count pages by number repeat products that moved on while they were read.
        """
        met, given, stale = set[str](), 0, 0
        for page in self._pages(first):
            fresh = {one.key: one for one in page if one.key not in met}
            stale = 0 if fresh or not page else stale + 1
            if stale == _STALE:
                raise self._astray("lead in a circle")
            for one in fresh.values():
                if matches(search, one):
                    given += 1
                    yield one
                    if given == search.limit:
                        return
            met |= fresh.keys()
            progress(Progress(f"searching {self.name}", given / search.limit, f"{given} of {len(met)} products"))
        if self._fault is not None and not met:
            raise self._fault

    def _pages(self, first: Request) -> Iterator[list[Found]]:
        """What can be read of all pages."""
        request: Request | None = first
        asked = set[Request]()
        while request is not None:
            if request in asked or len(asked) == _MOST:
                raise self._astray("never end" if len(asked) == _MOST else "lead in a circle")
            asked.add(request)
            document = fetch(self._transport, self.name, *request)
            listed = self._listed(document)
            yield list(self._readable(listed))
            request = self._following(request, document, len(listed)) if listed else None

    def _astray(self, how: str) -> EndpointError:
        return EndpointError(
            f"the pages of {self.name} {how}", why="it does not page as it says, or does not heed what was asked",
            way_out="ask for fewer products, or narrow area and dates",
        )  # fmt: skip

    def _readable(self, listed: list[dict[str, Any]]) -> Iterator[Found]:
        """The products of a page, without those that cannot be read."""
        for row in listed:
            try:
                yield self._product(row)
            except ProductError as error:
                self._fault = self._fault or error
                self._leave_out(error)

    def _leave_out(self, fault: ProductError) -> None:
        self._left_out += 1
        if self._left_out <= _NAMED:
            self.notices.append(f"left out: {fault.what}; {fault.why}"[:300])
        else:
            self.notices[_NAMED:] = [f"left out: {self._left_out - _NAMED:,} more that cannot be read"]

    def _linked(self, request: Request, href: str) -> Request:
        """The page that a link of another leads to."""
        address = joined(request[0], href)
        if address is None:
            raise EndpointError(f"{self.name} names a next page that is no address", why=href[:200], way_out="ask for fewer products")
        return address, ()


def counted(request: Request, size: str, place: str, step: int, read: int) -> Request | None:
    """The next page of a service that does not name it, if this one was full: the parameter ``place`` goes on by a step."""
    url, params = request
    said = dict(params)
    if size not in said or read < int(said[size]):
        return None
    kept = tuple((name, value) for name, value in params if name != place)
    return url, (*kept, (place, str(int(said.get(place, "0")) + step)))
