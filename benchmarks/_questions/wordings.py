"""How questions about the catalogue are worded: families of templates, of which some are kept apart.

Slots: ``count`` with a space behind it, ``noun`` (images), ``scenes`` (another word for them), ``one`` (the same, single where one is
asked for), ``of`` and ``over`` a place, ``when``, ``shares`` ("less than 10% clouds") and ``other`` ("clouds below 10 percent"), ``best``
and ``top`` (superlatives), ``be``. A capital letter asks for a slot that is filled, and says it first in the sentence: ``When``, ``Place``.
"""

from __future__ import annotations

from collections.abc import Mapping

DEVELOPMENT: Mapping[str, Mapping[str, str]] = {
    "list": {
        "imperative": "Give me {count_or_all}{noun}{of}{when}{with_shares}.",
        "show": "Show {count}{products}{over}{when}{with_other}",
        "which": "Which {noun}{over} were taken{when_or}{with_shares}?",
        "fronted time": "{When}, which {noun}{over} have {shares_or}?",
        "fronted place": "For {Place}, list {count_or_all}{noun}{when}{with_shares}",
        "relative": "Find {count_or_all}{noun}{of} that were acquired{when_or}{with_other}",
        "polite": "Could you please show me {count_or_all}{scenes}{of}{when}{with_shares}, thanks",
        "do you have": "do you have {count_or_any}{noun}{of}{when}{with_shares}?",
        "lower case": "i'd like {count_or_all}{scenes}{over}{when}{with_other} please",
        "any": "any {noun}{of}{when}{with_shares}?",
        "fronted both": "{When}, for {Place}, show {count_or_all}{scenes}{with_shares}",
        "passive": "{count_or_all}{noun} captured{over}{when}{with_shares}",
    },
    "count": {
        "how many": "How many {noun}{of} are there{when}{with_shares}?",
        "number": "What is the number of {products}{over}{when}{with_other}?",
        "count of": "Give me a count of {noun}{of}{when}{with_shares}",
        "fronted time": "{When}, how many {noun}{of} were taken{with_shares}?",
        "fronted place": "Over {Place}, how many {scenes} are there{when}{with_other}?",
        "polite": "could you tell me how many {noun}{of} there are{when}{with_shares}, please",
        "do you have": "How many {noun}{of} do you have{when}{with_shares}?",
    },
    "ask": {
        "are there": "Are there any {noun}{of}{when}{with_shares}?",
        "have": "Have any {noun} been taken{over}{when}{with_shares}?",
        "were": "were any {scenes} acquired{over}{when}{with_other}?",
        "is it true": "Is it true that there are {noun}{of}{when}{with_shares}?",
    },
    "best": {
        "superlative": "Find the {count}{best} {one}{of}{when}{with_shares}.",
        "fronted": "{When}, what {be} the {count}{best} {one}{of}{with_shares}?",
        "which is": "Of all {noun}{of}{when}{with_shares}, which {be} the {count}{best}?",
        "telegraphic": "{count}{best} {one}{over}{when}{with_other}",
        "polite": "I need the {count}{best} {one}{of}{when}{with_shares}, please",
    },
}
KEPT: Mapping[str, Mapping[str, str]] = {
    "list": {
        "need": "I need {count}{scenes}{cover}{when}{having_shares}.",
        "telegraphic": "{count}{scenes} {place}{when}{comma_other}",
        "looking for": "I am looking for {count_or_all}{noun}{over}{having_shares}{when}",
        "search": "Search for {count}{products} that show {Place}{when}{with_shares}",
        "where bounds": "List {count_or_all}{noun}{of}{when} where {Other}",
        "what": "What {noun}{of}{when} are available{with_shares}?",
        "have a look": "Let me have a look at {count_or_all}{scenes}{of}{when}{with_shares}",
        "can I": "Can I get {count_or_all}{noun}{over}{when}{with_other}?",
    },
    "count": {
        "count": "Count the {acquisitions}{over}{with_shares}{when}.",
        "exist": "How many {products} exist{over}{when}{having_shares}?",
        "telegraphic": "number of {scenes}{over}{when}{comma_other}",
        "total": "I want to know the total number of {noun}{of}{when}{with_shares}",
    },
    "ask": {
        "exist": "Do {noun}{over} exist{when}{with_shares}?",
        "is there": "Is there at least one {single}{of}{when}{with_shares}?",
        "was": "Was there a {single}{over}{when}{having_shares}?",
    },
    "best": {
        "superlative": "What {be} the {count}{top} {one}{over}{when}{with_shares}?",
        "want": "I want to see the {count}{top} {one}{of}{when}{having_shares}",
        "show me": "show me the {count}{top} {one}{over}{when}{with_other} please",
    },
}
"""Written with no rule in view, and no rule may be made for them."""
