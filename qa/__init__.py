"""Questions in English, understood as a typed tree, answered from linked data, by a run, or refused with a reason.

::

    text ─▶ language ─▶ grammar ─▶ Request ─▶ planning ─▶ answering ─▶ Answer: data, a proposal, or a Refusal
            readings    knowledge of the store            chips, edits, follow-ups lead back to a Request

The text of a question never becomes text of a query: between them stands the `Request`.
"""

from ._ports import Cell, Endpoint, Estimate, Launcher, Limits, Offer, Table
from .answering import (
    CODES,
    HINT,
    SLOTS,
    Answer,
    Chip,
    Dialogue,
    Operation,
    Origin,
    Proposal,
    Refusal,
    answer,
    answer_request,
    answer_schema,
    edit_from_json,
    edited,
    evidence,
    paraphrase,
    provenance,
    suggestions,
)
from .knowledge import Knowledge, build, opened
from .request import Box, Request, request_schema

__all__ = [
    "CODES", "HINT", "SLOTS", "Answer", "Box", "Cell", "Chip", "Dialogue", "Endpoint", "Estimate", "Knowledge", "Launcher", "Limits",
    "Offer", "Operation", "Origin", "Proposal", "Refusal", "Request", "Table", "answer", "answer_request", "answer_schema", "build",
    "edit_from_json", "edited", "evidence", "opened", "paraphrase", "provenance", "request_schema", "suggestions",
]  # fmt: skip
