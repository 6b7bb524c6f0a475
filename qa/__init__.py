"""Questions in English, understood as a typed tree, answered from linked data, or refused with a reason.

::

    text ─▶ tokens ─▶ typed readings ─▶ k best lattices ─▶ Request ─▶ GeoSPARQL ─▶ Answer
            _text     _words _time       _spans            _grammar    _plan        _answer
                      _quantity _lexicon                   Refusal ◀── at every step

The text of a question never becomes text of a query: between them stands the `Request`.
"""

from ._answer import Answer, answer
from ._lexicon import Lexicon
from ._offers import Proposal, propose
from ._plan import Query, plan
from ._ports import Cell, Endpoint, Estimate, Launcher, Limits, Offer, Table
from ._refusal import HINT, Refusal
from ._request import Aggregate, Assumption, Attribute, Order, Place, Request, Spatial, Target, Temporal, request_schema
from ._understand import understand
from ._values import number

__all__ = [
    "HINT", "Aggregate", "Answer", "Assumption", "Attribute", "Cell", "Endpoint", "Estimate", "Launcher", "Lexicon", "Limits", "Offer",
    "Order", "Place", "Proposal", "Query", "Refusal", "Request", "Spatial", "Table", "Target", "Temporal", "answer", "number", "plan",
    "propose", "request_schema", "understand",
]
