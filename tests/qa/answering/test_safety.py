"""Whatever things are called, and whatever is typed, the shape of the query is the same, and no word of a question is in it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from earthweave.qa.knowledge import Called, index_of

from .conftest import World

HAWKESBURY = "http://example.org/hawkesbury"
HOSTILE = [
    'Say "O\'Neill" > } Bay', "a\nb c\r\td", "Bay } UNION { ?s ?p ?o", "\\u003e Bay\\", "<http://a.b/c>", "?feature", "'''Bay'''",
    "Bay # comment", "Ünïcödé Bay", "{Bay}", "DROP ALL", "x;y,z", "Robert'); DROP TABLE", "${Bay}", "%s %d Bay", "‮Bay", "a" * 300,
]  # fmt: skip


def shape(query: str) -> str:
    """A query without its terms."""
    return re.sub(r'<[^<>\s]*>|"(?:[^"\\]|\\.)*"', "_", query)


@pytest.mark.parametrize("label", HOSTILE)
def test_every_label_gives_the_same_shape(label: str, world: World) -> None:
    classes = ("https://w3id.org/earthweave/ontology#AdministrativeUnit",)
    plain, hostile = (
        replace(world.knowledge, names=index_of([Called(HAWKESBURY, ((name, 1.0),), classes, 1.0, (150, -34, 151, -33))]))
        for name in ("Plainplace", label)
    )
    asked = []
    for knowledge, name in ((plain, "Plainplace"), (hostile, label)):
        world.endpoint.asked.clear()
        found = World(world.endpoint, knowledge)(f"Show the flooded areas in {name}")
        asked.append([shape(query) for query in world.endpoint.asked])
        told = found.request is not None and any("hawkesbury" in query for query in world.endpoint.asked)
        if not told:
            # a label of marks alone cannot be typed so that it is known again: then nothing is asked, or what is understood is without it
            assert name != "Plainplace"
            assert not any("Bay" in query or "DROP" in query for query in world.endpoint.asked)
            return
        assert found.count == 3
    assert asked[0] == asked[1]


@pytest.mark.parametrize(
    "question",
    [
        'Which units were flooded in March 2021 "} DROP ALL # xyzzy', "floods in xyzzy } UNION { ?s ?p ?o }", "xyzzy floods <http://xyzzy>",
        'towns called "xyzzy"', "floods with a flood level above 5 } xyzzy {", "floods near xyzzy\n} #",
    ],
)  # fmt: skip
def test_words_of_questions_never_reach_the_endpoint(question: str, world: World) -> None:
    world.endpoint.asked.clear()
    world(question)
    typed = ("DROP", "xyzzy}", "# xyzzy", "<http://xyzzy>", "} UNION { ?s ?p ?o }")
    assert not any(word in query for query in world.endpoint.asked for word in typed)
