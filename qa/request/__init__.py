"""What a question asks for, as a typed tree: ``Request``, its parts, its checks, and its JSON."""

from ._things import (
    Amount,
    AnyOf,
    Argument,
    Box,
    Compare,
    Concept,
    Constraint,
    Count,
    Direction,
    Has,
    Interval,
    Measure,
    Named,
    Operator,
    Part,
    Pick,
    Point,
    Property,
    Ratio,
    Related,
    Relation,
    Spatial,
    Temporal,
    Text,
    Things,
    Value,
)
from ._tree import Aggregate, Assumption, Form, Order, Request, request_schema
from ._units import UNITS, Unit, converted

__all__ = [
    "Aggregate", "Amount", "AnyOf", "Argument", "Assumption", "Box", "Compare", "Concept", "Constraint", "Count", "Direction", "Form",
    "Has", "Interval", "Measure", "Named", "Operator", "Order", "Part", "Pick", "Point", "Property", "Ratio", "Related", "Relation",
    "Request", "Spatial", "Temporal", "Text", "Things", "UNITS", "Unit", "Value", "converted", "request_schema",
]
