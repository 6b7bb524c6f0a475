"""The exceptions of every room, one tree.

::

    EarthweaveError                 what went wrong, why, and the way out
    ├── InputError                  something that was given is wrong
    │   ├── ParameterError          a parameter is out of its bounds or choices
    │   ├── ProductError            a scene, raster or vector file cannot be read
    │   ├── GeometryError           a geometry literal cannot be read
    │   ├── CrsError                a coordinate reference system is unknown
    │   ├── MappingError            a mapping document is wrong (file, line, triples map)
    │   ├── RdfSyntaxError          an RDF document does not parse
    │   ├── NotAcceptableError      no result format that was asked for can hold the result
    │   └── QueryError              a SPARQL text is wrong
    │       └── UnknownFunctionError    it calls a function that nobody defined
    ├── NotFoundError               a named thing does not exist
    ├── ForbiddenError              refused by policy (SERVICE, LOAD, updates without a token)
    ├── UnsupportedError            understood, but not offered: never a partial answer
    ├── MissingDependencyError      an optional extra is not installed
    ├── LimitError                  a named limit was reached
    │   ├── DeadlineError           the time limit
    │   ├── MemoryLimitError        the memory limit
    │   └── SizeLimitError          text, nesting, rows or bytes
    ├── AbortedError                somebody stopped it while it ran
    ├── ProcessingError             a service failed on valid input
    │   └── EndpointError           another SPARQL endpoint cannot be reached, or does not answer as it should
    └── StoreError                  the store on disk is damaged, busy or of another format
        └── StoreBusyError          another writer holds the store
"""

from __future__ import annotations

from typing import ClassVar


class EarthweaveError(Exception):
    """What went wrong, why, and the way out: one line each."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str = "", way_out: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.way_out = way_out

    def __str__(self) -> str:
        return "\n".join(line for line in (self.what, self.why, self.way_out) if line)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.what, self.why, self.way_out)


def _rebuild(kind: type[EarthweaveError], what: str, why: str, way_out: str) -> EarthweaveError:
    return kind(what, why=why, way_out=way_out)


class InputError(EarthweaveError):
    """Something that was given is wrong."""

    code = "bad-input"
    exit_code = 2


class ParameterError(InputError):
    """A parameter is out of its bounds or choices."""

    code = "bad-parameter"


class ProductError(InputError):
    """A scene, raster or vector file cannot be read."""

    code = "bad-product"


class GeometryError(InputError):
    """A geometry literal cannot be read."""

    code = "bad-geometry"


class CrsError(InputError):
    """A coordinate reference system is unknown."""

    code = "unknown-crs"


class MappingError(InputError):
    """A mapping document is wrong; the text names file, line and triples map."""

    code = "bad-mapping"


class RdfSyntaxError(InputError):
    """An RDF document does not parse."""

    code = "bad-rdf"


class NotAcceptableError(InputError):
    """No result format that was asked for can hold the result."""

    code = "not-acceptable"


class QueryError(InputError):
    """A SPARQL text is wrong."""

    code = "bad-query"


class UnknownFunctionError(QueryError):
    """A SPARQL text calls a function that nobody defined."""

    code = "unknown-function"


class NotFoundError(EarthweaveError):
    """A named thing does not exist."""

    code = "not-found"
    exit_code = 2


class ForbiddenError(EarthweaveError):
    """Refused by policy."""

    code = "forbidden"
    exit_code = 2


class UnsupportedError(EarthweaveError):
    """Understood, but not offered; raised instead of a partial answer."""

    code = "unsupported"
    exit_code = 2


class MissingDependencyError(EarthweaveError):
    """An optional extra is not installed."""

    code = "missing-extra"


class LimitError(EarthweaveError):
    """A named limit was reached; the text names it and how to raise it."""

    code = "limit"


class DeadlineError(LimitError):
    """The time limit was reached."""

    code = "deadline"


class MemoryLimitError(LimitError):
    """The memory limit was reached."""

    code = "memory-limit"


class SizeLimitError(LimitError):
    """A text, nesting, row or byte limit was reached."""

    code = "size-limit"


class AbortedError(EarthweaveError):
    """Somebody stopped it while it ran."""

    code = "aborted"


class ProcessingError(EarthweaveError):
    """A service failed on valid input."""

    code = "processing-failed"


class EndpointError(ProcessingError):
    """Another SPARQL endpoint cannot be reached, or does not answer as it should."""

    code = "endpoint-failed"


class StoreError(EarthweaveError):
    """The store on disk is damaged, busy or of another format."""

    code = "store"


class StoreBusyError(StoreError):
    """Another writer holds the store."""

    code = "store-busy"
