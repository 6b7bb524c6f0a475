"""Questions of GeoQuestions1089 whose gold query does not ask what the question asks: counted apart, never as right."""

from __future__ import annotations

DISPUTED: dict[int, str] = {
    11: "asks for the county, takes the town of Cambridge",
    257: "asks for Cambridgeshire, takes the town of Cambridge",
    291: "asks for Cambridgeshire, takes the town of Cambridge",
    721: "asks for Cambridgeshire, takes the town of Cambridge",
    884: "asks for Cambridgeshire, takes the town of Cambridge",
    338: "asks for Nottingham, takes Nottinghamshire",
    143: "divides the forests by their land one by one",
    326: "has north the other way round",
    519: "names two municipalities where one is meant",
    551: "names two beaches where one is meant",
    770: "orders by a variable that it does not bind",
    778: "orders by a variable that it does not bind",
    816: "orders by a variable that it does not bind, smallest first",
    834: "takes the largest municipality, which was not asked",
    870: "excludes nothing: its condition stands outside of the pattern that it is of",
    439: "lists the lakes where the rural areas are asked for",
    573: "lists the districts where the woodlands are asked for",
    812: "tells the smallest where there are fewer than ten",
    820: "tells the largest where the smallest is asked for",
    856: "orders by area where length is asked for",
    859: "adds that the lake lies in Ireland",
    797: "asks for Killinane, takes Kilkieran",
    218: "asks for Tullyhaw, takes Tully",
}
"""Number of the question → what is wrong with its query."""
