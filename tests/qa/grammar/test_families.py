"""Phrasings of one question reach one request."""

from __future__ import annotations

import pytest

from tests.qa.grammar.world import best

FAMILIES = {
    "lakes by area": """
        lakes in Greece larger than 100 km2
        which Greek lakes exceed 100 square kilometres
        list all the lakes of Greece with an area of more than 100 sq km
        Which lakes in Greece have an area of more than 100 km2?
        find lakes in Greece whose area is over 100 square km""",
    "borders": """
        Which counties border Kent?
        What are the counties bordering Kent?
        list the counties that border Kent
        Which counties are adjacent to Kent
        name the counties next to Kent
        counties which share a border with Kent
        With which counties does Kent share borders?
        What are Kent's neighbouring counties?
        what are the neighboring counties of Kent""",
    "either": """
        lakes with an area below 10 km2 or above 90 km2
        lakes with less than 10 km2 of area or more than 90 km2 of area
        lakes with less than 10 km2 or more than 90 km2 of area
        lakes that are smaller than 10 km2 or larger than 90 km2""",
    "neither": """
        lakes not in Greece and not in Albania
        lakes neither in Greece nor in Albania
        Which lakes are neither in Greece nor in Albania?
        lakes that are not in Greece nor in Albania""",
    "flows": """
        which states does the Mississippi run through
        through which states does the Mississippi flow
        what are the states that the Mississippi runs through
        the states through which the Mississippi runs
        states traversed by the Mississippi""",
    "population": """
        What is the population of Athens?
        How many people live in Athens?
        How many inhabitants does Athens have?
        what is Athens's population
        give me the population of Athens""",
    "count": """
        How many lakes does Greece have?
        How many lakes are there in Greece?
        how many lakes are in Greece
        What is the number of lakes in Greece?
        What is the total number of Greek lakes?
        number of lakes in Greece""",
    "largest": """
        What is the largest lake in Greece?
        Which is the biggest lake of Greece
        Which lake in Greece is the largest?
        Which lake is the largest in Greece
        the largest Greek lake
        Which lake in Greece has the largest area?
        Out of all lakes in Greece, which is the largest?""",
    "nearest": """
        What is the closest hospital to Oxford?
        Which hospital is nearest to Oxford
        What's the nearest hospital from Oxford?
        Seeking the nearest hospital in relation to Oxford, any recommendations?""",
    "nearest in a direction": """
        What is the nearest park north of Oxford?
        Which park is closest to the north of Oxford?
        Which park is nearest when heading north from Oxford?
        Seeking the closest park located to the north of Oxford, any recommendations?
        North of Oxford, which is the nearest park?""",
    "how far the nearest in a direction is": """
        What is the distance to the nearest park north of Oxford?
        How far is the nearest park to the north of Oxford?
        How far away is the closest park north of Oxford?""",
    "between two distances": """
        Which parks are more than 5 km but less than 10 km from Oxford?
        parks more than 5 km and less than 10 km away from Oxford""",
    "within a distance": """
        Which parks are within 5 km of Oxford?
        parks at most 5 km away from Oxford
        Which parks are in a radius of 5 km from Oxford
        list parks within a distance of 5 kilometres from Oxford
        Where can I find a park within a 5 kilometer radius of Oxford?
        Within 5 km of Oxford, which parks are there?""",
    "direction": """
        Which lakes are north-west of Athens?
        lakes to the northwest of Athens
        What are the lakes north west of Athens
        list lakes lying northwest of Athens""",
    "direction within": """
        parks north of Athens within a radius of 10 km
        Where can I find a park to the north of Athens, within 10 kilometers?
        Within a radius of 10 km, where can I find a park towards the north of Athens?""",
    "yes or no": """
        Is Dublin north of Cork?
        Does Dublin lie to the north of Cork?
        Is Dublin located north of Cork""",
    "mutual": """
        Do Kent and Essex share a border?
        Does Kent border Essex?
        Are Kent and Essex neighbouring counties?
        Is Kent adjacent to Essex""",
    "bigger": """
        Is Texas larger than Alabama?
        Is Texas bigger than Alabama""",
    "at least": """
        Which municipalities have at least three lakes?
        municipalities with at least 3 lakes
        Which municipalities contain no fewer than three lakes
        name the municipalities that contain 3 or more lakes""",
    "none": """
        Which states do not contain any lakes?
        Which states have no lakes
        states without lakes
        the states that contain no lake""",
    "most": """
        Which county has the most parks?
        which county has the highest number of parks
        the county with the most parks
        Which county contains the most parks""",
    "nested": """
        what is the longest river in the largest state
        which river is the longest in the largest state
        the longest river of the biggest state""",
    "capital": """
        what is the population of the capital of Texas
        how many people live in the capital of Texas
        the population of Texas's capital""",
    "products": """
        Give me 5 sentinel-2 images of Hamburg with less than 10% cloud cover from 2021 sorted by date
        Find five Sentinel-2 scenes over Hamburg taken in 2021 with cloud cover below 10 %, ordered by date
        Show 5 Sentinel-2 pictures of Hamburg in 2021 with under 10 percent cloud cover, sort by date""",
    "newest": """
        the most recent Sentinel-2 image of the Amazon
        Find the latest Sentinel-2 scene over the Amazon
        Which Sentinel-2 image of the Amazon is the most recent?""",
    "floods": """
        Map the floods near Verona in March 2021
        Draw the floods near Verona in March 2021
        Show floods near Verona in March 2021 on a map""",
    "total": """
        What is the total area of lakes in Greece?
        Can you tell me the total area of all lakes in Greece?
        How much area do all lakes in Greece cover?
        What is the combined area of the lakes of Greece""",
    "how far": """
        How far is Kent from Essex?
        What is the distance between Kent and Essex?
        What's the distance from Kent to Essex
        How far apart are Kent and Essex""",
    "where": """
        Where is Loch Ness?
        Where is Loch Ness located
        Where is the lake Loch Ness located?""",
}


@pytest.mark.parametrize("family", FAMILIES)
def test_phrasings_of_a_family_are_one_request(family: str) -> None:
    first, *others = (line.strip() for line in FAMILIES[family].strip().splitlines())
    wanted = best(first)
    assert [text for text in others if best(text) != wanted] == []


def test_families_differ() -> None:
    requests = [best(text.strip().splitlines()[0].strip()) for text in FAMILIES.values()]
    assert len(set(requests)) == len(requests)
