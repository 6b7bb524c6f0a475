"""Questions of GeoQuestions1089 whose gold query does not ask what the question asks: counted apart, never as right."""

from __future__ import annotations

DISPUTED: dict[int, str] = {
    11: "asks for the county, takes the town of Cambridge",
    257: "asks for Cambridgeshire, takes the town of Cambridge",
    291: "asks for Cambridgeshire, takes the town of Cambridge",
    721: "asks for Cambridgeshire, takes the town of Cambridge",
    884: "asks for Cambridgeshire, takes the town of Cambridge",
    338: "asks for Nottingham, takes Nottinghamshire",
    797: "asks for Killinane, takes Kilkieran",
    218: "asks for Tullyhaw, takes Tully",
}
"""Number of the question → what is wrong with its query."""
