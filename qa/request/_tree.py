"""A question, understood: ``Request`` and its JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from earthweave.ontology import ParameterError

from ._checks import check
from ._things import Things, Value

Form = Literal["find", "count", "ask", "measure", "run"]


@dataclass(frozen=True)
class Aggregate:
    """One number from a value of all targets; a sum of ratios is the ratio of sums."""

    function: Literal["sum", "max", "min", "avg"]
    value: Value


@dataclass(frozen=True)
class Order:
    """Sort by a value; those without it come last."""

    by: Value
    descending: bool = True


@dataclass(frozen=True)
class Assumption:
    """What was taken for granted.

    Attributes:
        code: stable; the same assumption about another thing has the same code.
        text: a sentence for people.
        about: the words of the question that left it open.
    """

    code: str
    text: str
    about: str = ""


@dataclass(frozen=True)
class Request:
    """A question, understood.

    Attributes:
        form: ``find`` the targets, ``count`` them, ``ask`` whether there is one, ``measure`` one number of all of them (``aggregates``),
            ``run`` a service whatever the store has.
        target: what is asked for.
        columns: what is wanted of each target of ``find``; none is the thing itself.
        aggregates: of ``measure`` alone.
        order, limit: of ``find`` alone.
        draw: on a map.
        service: what ``run`` is to run, as people call it ("time series", "classification"), or the id of a service.
        assumptions: made while the question was read.
        unknown: words that were not understood and did not matter to the target.
    """

    form: Form
    target: Things
    columns: tuple[Value, ...] = ()
    aggregates: tuple[Aggregate, ...] = ()
    order: Order | None = None
    limit: int | None = None
    draw: bool = False
    service: str = ""
    assumptions: tuple[Assumption, ...] = ()
    unknown: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.form == "measure") != bool(self.aggregates):
            raise ParameterError("aggregates go with the form 'measure', and only with it")
        if (self.order or self.limit or self.columns) and self.form != "find":
            raise ParameterError(f"order, limit and columns do not go with the form {self.form!r}")
        if self.limit is not None and self.limit < 1:
            raise ParameterError(f"a limit of {self.limit}", way_out="ask for one or more")

    def to_json(self) -> dict[str, Any]:
        """The tree as JSON data; `Request.from_json` is its inverse."""
        found: dict[str, Any] = _adapter().dump_python(self, mode="json")
        return found

    @classmethod
    def from_json(cls, data: Any) -> Request:
        """Read JSON data; raises `ParameterError` that says where it does not fit, `SizeLimitError` if it has too many parts."""
        from pydantic import ValidationError

        try:
            request: Request = _adapter().validate_python(data)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "its top"
            raise ParameterError(f"not a request at {where}", why=first["msg"], way_out="see request_schema()") from error
        check(request)
        return request

    def without_notes(self) -> Request:
        """The same request without assumptions and unknown words: what decides the answer."""
        return replace(self, assumptions=(), unknown=())


@lru_cache(maxsize=1)
def _adapter() -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(Request)


def request_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a request."""
    schema: dict[str, Any] = _adapter().json_schema()
    return schema
