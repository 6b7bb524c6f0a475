"""A question as tokens and as typed readings of their parts: `read`, then `annotate`."""

from ._collections import collection
from ._reading import Comparator, Facet, Kind, PropertyWord, Reading, RelationWord, Scored, Superlative
from ._registry import annotate
from ._routing import Engine, route
from ._tokens import MAX_CHARACTERS, Question, Token, blank, read

__all__ = [
    "MAX_CHARACTERS",
    "Comparator",
    "Engine",
    "Facet",
    "Kind",
    "PropertyWord",
    "Question",
    "Reading",
    "RelationWord",
    "Scored",
    "Superlative",
    "Token",
    "annotate",
    "blank",
    "collection",
    "read",
    "route",
]
