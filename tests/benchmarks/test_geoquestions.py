"""The judge of GeoQuestions1089: what tiny worlds hold, which links are given, and what is counted apart."""

from __future__ import annotations

from rdflib import URIRef
from shapely import from_wkt

from benchmarks._questions.cases import Case, share, table
from benchmarks._questions.geoquestions import _linked, _marked
from benchmarks._questions.pattern import PREFIXES, parsed, patterns
from benchmarks._questions.worlds import World, implied, worlds
from earthweave.ontology import GEO
from earthweave.qa.language import Reading, Scored, read
from earthweave.qa.request import Concept, Named

_TOWNLANDS = """SELECT ?p WHERE { ?p rdf:type y2geoo:OSI_Civil_Parish . ?t rdf:type y2geoo:OSI_Townland ; geo:sfWithin ?p }"""
YAGO = PREFIXES["yago"]


def _shapes(world: World) -> dict[str, object]:
    geometry = {o: s for s, p, o in world.triples if p == GEO.hasGeometry}
    return {str(geometry[s]): from_wkt(str(o)) for s, p, o in world.triples if p == GEO.asWKT}


def test_relations_as_properties_are_drawn_and_stated() -> None:
    made = worlds(patterns(parsed(_TOWNLANDS)), 8, 1)
    stated = [(str(s), str(o), _shapes(world)) for world in made for s, p, o in world.triples if p == GEO.sfWithin]
    assert stated
    assert all(shapes[one].within(shapes[other]) for one, other, shapes in stated)


def test_the_land_of_a_data_set_holds_all() -> None:
    ways = patterns(parsed(_TOWNLANDS))
    assert URIRef(f"{YAGO}Republic_of_Ireland") in implied(ways)
    shapes = _shapes(worlds(ways, 3, 1)[2])
    land = shapes.pop(f"{YAGO}Republic_of_Ireland")
    assert len(shapes) > 2
    assert all(one.within(land) for one in shapes.values())  # type: ignore[attr-defined]


def test_a_land_that_a_query_names_is_as_the_query_wants_it() -> None:
    query = """SELECT ?m WHERE { ?m rdf:type y2geoo:GAG_Municipality ; geo:hasGeometry ?g . ?g geo:asWKT ?w .
               yago:Greece geo:hasGeometry ?h . ?h geo:asWKT ?v FILTER geof:sfWithin(?w, ?v) }"""
    assert implied(patterns(parsed(query))) == []


def test_links_that_gold_has_are_kept_and_no_others() -> None:
    name = Reading("name", 0, 1, (Scored(Named("Cork", ("a",)), 0.7), Scored(Named("Cork", ("b", "c")), 0.3)))
    kept = _linked(name, {"c"})
    assert kept is not None
    assert [one.value.iris for one in kept.value] == [("b", "c")]
    assert _linked(Reading("class", 0, 1, (Scored(Concept("lake", "l"), 1.0),)), {"c"}) is None


def test_names_are_given_where_the_annotators_saw_them() -> None:
    question = read("Which lakes are in the Central Athens regional unit?")
    found = _marked(question, {"start": 23, "end": 37, "text": "Central Athens", "uri": "x"})
    assert question.words(found.start, found.end) == "Central Athens"


def test_what_the_set_has_wrong_is_counted_apart() -> None:
    cases = [Case("1", "A", "", True), Case("2", "A", "", False, "answer"), Case("3", "A", "", False, "answer", apart="disputed")]
    rows = table(cases).splitlines()
    shown = [[cell.strip() for cell in row.split("|")[1:4]] for row in rows[2:]]
    assert shown == [["A", "2", "1"], ["all", "2", "1"], ["apart: disputed", "1", "0"]]
    assert share(cases) == 0.5
