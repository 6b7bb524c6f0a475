"""A question as tokens and as typed readings of their parts: `read`, then `annotate`."""

from ._calendar import add_months, southern
from ._collections import collection
from ._phrases import Phrases
from ._reading import Comparator, Facet, Kind, PropertyWord, Reading, RelationWord, Scored, Superlative
from ._registry import annotate
from ._routing import Engine, route
from ._tokens import MAX_CHARACTERS, Question, Token, blank, read
from ._words import PREPOSITIONS

__all__ = [
    "MAX_CHARACTERS",
    "PREPOSITIONS",
    "Comparator",
    "Engine",
    "Facet",
    "Kind",
    "Phrases",
    "PropertyWord",
    "Question",
    "Reading",
    "RelationWord",
    "Scored",
    "Superlative",
    "Token",
    "add_months",
    "annotate",
    "blank",
    "collection",
    "read",
    "route",
    "southern",
]
