"""From a question to an answer that explains itself: data, a run that is proposed, or a refusal with its reason.

::

    text ─▶ understand ─▶ Request ─▶ plan, run ─▶ Answer ─▶ chips, edits, follow-ups ─▶ Request ─▶ …
"""

from ._answer import Answer, Column, Emptiness
from ._chips import Alternative, Chip, chips, without
from ._dialogue import Dialogue
from ._evidence import evidence
from ._offers import SLOTS, Proposal, propose
from ._provenance import Origin, provenance
from ._refusals import CODES, HINT, Refusal
from ._schema import answer_schema
from ._story import answer, answer_request
from ._suggesting import suggestions
from ._tree import Operation, edit_from_json, edited
from ._understanding import Understood, understand
from ._words import paraphrase

__all__ = [
    "CODES", "HINT", "SLOTS", "Alternative", "Answer", "Chip", "Column", "Dialogue", "Emptiness", "Operation", "Origin", "Proposal",
    "Refusal", "Understood", "answer", "answer_request", "answer_schema", "chips", "edit_from_json", "edited", "evidence", "paraphrase",
    "propose", "provenance", "suggestions", "understand", "without",
]  # fmt: skip
