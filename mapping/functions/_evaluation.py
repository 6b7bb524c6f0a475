"""What a function sees of the rows it is applied to, and how it is described."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from ..plan import Expression, Kind
from ..values import Shapes

Text: TypeAlias = tuple[Any, str]
"""A string column of lexical forms, and their natural datatype."""
Arguments: TypeAlias = tuple[Expression, ...]


class Evaluation(Protocol):
    """Some rows under evaluation: a batch of the columnar executor, or a single record of the row executor."""

    def __len__(self) -> int: ...

    def text(self, expression: Expression) -> Text:
        """Lexical forms of an expression and their natural datatype; null where it has no value."""
        ...

    def constant(self, expression: Expression) -> str:
        """The text of an argument that must be the same for all rows; raises `MappingError`."""
        ...

    def numbers(self, expression: Expression) -> Any:
        """Values as float64, NaN where there is none; what is no number is rejected."""
        ...

    def shapes(self, expression: Expression) -> Shapes:
        """Geometries of an expression."""
        ...

    def reject(self, which: Any, reason: str) -> None:
        """Leave rows out: ``which`` is a boolean array; the first reason of a row stands."""
        ...


@dataclass(frozen=True)
class Function:
    """How a function is called.

    Attributes:
        apply: from rows and arguments to a column of texts.
        arity: least and most arguments.
        kind: what its values are unless the mapping says otherwise.
        geometry: True if it gives geometries, to be used inside other functions alone.
        serializes: True if its texts are those of the geometry that is its first argument.
        parameters: IRIs of its parameters by position, for RML-FNML; empty if it is called by position alone.
        outputs: IRIs of its outputs; empty if it is called by position alone.
    """

    apply: Callable[[Evaluation, Arguments], Text]
    arity: tuple[int, int] = (1, 1)
    kind: Kind = Kind.LITERAL
    geometry: bool = False
    serializes: bool = False
    parameters: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
