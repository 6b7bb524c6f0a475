"""The small words that say what is wanted and hold a question together, as codes; and those that say nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Any, get_args

from ..request import Direction
from ._phrases import Phrases
from ._reading import Reading
from ._relations import spellings
from ._tokens import Question

OPERATORS: tuple[tuple[str, str], ...] = (
    # what is wanted
    ("which", "which, what, which ones?, whats, what kind|kinds|type|types of, what are the names of, what is the name of"),
    ("list",
     "list, list up, look up, give, find, show, name, tell, return, retrieve, search, search for, get, enumerate, provide, provide with, "
     "identify, "
     "determine, fetch, display, see, select, suggest, recommend, locate, track down, discover, report, download, extract, want, "
     "need, request, "
     "look for, looking for, searching for, search of, in search of, seeking, seek, interested in, interested in finding, query, "
     "any recommendations|suggestions|ideas for, have any? suggestions|recommendations for, assistance in locating|finding, know of, "
     "let me|us have|see|know, calculate, compute, work out, estimate, put, present, print, output, pull up, bring up, look up, "
     "pick out, hand, fetch up, bring, pull, assess, survey, examine, inspect, "
     "i'm after, i am after, could|can|may i have|get|see, i'd|would like to? see|get|have, "
     "locating, finding, view, browse, state, where can i|we find|get, where could i|we find, where can i|we find, find the location of, "
     "give me the location of, suggestions for, recommendations for, do you know|have, do you happen to have, access|reach|get to, get to"),
    ("map", "map, plot, draw, visualise, visualize, highlight, make|create|draw|produce|generate a? map of, map of, detect, "
         "delineate, show on a? map"),
    ("on-map", "on a|the map, as a? map, on map"),
    ("where", "where, whereabouts, where is the? location|position of"),
    ("when", "when, on what date, what year, in what|which year"),
    ("who", "who, by whom"),
    ("how-many", "how many, how many different|distinct"),
    ("number", "number, count, how many"),
    ("number-of", "number of, total? number|count of, amount of, count of, count, tally of, numbers of"),
    ("how-much", "how much"),
    ("how-far", "how far, how far away, how far apart, how distant, how close, how near"),
    ("how-large", "how large, how big, how extensive, how small, how great, how sizeable"),
    ("how-long", "how long, how lengthy"),
    ("how-high", "how high, how tall, how elevated, how low"),
    ("how-dense", "how dense, how densely populated"),
    ("how-populous", "how populous, how populated, how crowded"),
    ("how-deep", "how deep"),
    ("how-wide", "how wide, how broad"),
    ("how-cloudy", "how cloudy, how clouded"),
    ("how-old", "how old"),
    ("there", "there"),
    # verbs
    ("be", "is, are, was, were, 's, be, been, being, am, ist"),
    ("do", "do, does, did"),
    ("have", "have, has, had, possess, possesses, own, feature, features, experience, experiences, experienced, suffer, suffers, suffered, "
             "saw, witnessed, underwent"),
    ("can", "can, could"),
    ("be-found", "be found, be seen, be retrieved, be listed, be located, be had, be downloaded"),
    ("whether", "whether, is it true that?, is it the case that, is it correct that, tell me|us whether|if, do you know whether|if, "
                "check whether|if, i wonder whether|if, wondering whether|if, "
                "does the? store|catalogue|catalog|database|archive|system have|hold|contain|include"),
    ("motion", "run, runs, flow, flows, go, goes, pass, passes, lead, leads, travel, lie, lies, extend, extends, exist, exists, "
         "occur, occurs, occurred, happen, happens, happened, took place, take place, "
         "traverse, traverses, cross, crosses, sit, sits"),
    ("live", "live, reside, stay, residing, living, dwell, inhabit"),
    ("taken", "taken, acquired, captured, recorded, sensed, observed, collected, shot, made, dated, produced"),
    # joints
    ("that", "that, which, who, where, whom"),
    ("whose", "whose"),
    ("with", "with, having, using, based on, that have, which have, featuring, w, along with"),
    ("without", "without, with no, lacking, that lack, free of"),
    ("and", "and, as well as, &, plus, and also, together with, but"),
    ("or", "or, and / or"),
    ("comma", ",, ;, -, :, (, )"),
    ("dash", "-"),
    ("poss", "'s, '"),
    ("nor", "nor"),
    ("not", "not, neither, n't, never, don't, doesn't, isn't, aren't, didn't, do not, does not, did not, cannot"),
    ("no", "no, zero, not any, none of the?"),
    ("all", "all, every, all of, all the, entire, whole"),
    ("each", "each, every, each of"),
    ("any", "any, some, one of, any of, single, a single, any of the"),
    ("only", "only, just, solely"),
    ("other", "other, another, further"),
    ("a", "a, an"),
    ("one", "one, exactly one"),
    ("of", "of, for, in, from, out of, among, within, across"),
    ("of-itself", "of"),
    ("than", "than, compared to, as"),
    ("by", "by, in terms of, according to, based on, in"),
    ("per", "per, for each|every, in each|every, by each?, for all"),
    ("to", "to, from, of, relative to, with respect to, in relation to, near, nearby, around, in proximity to, by, with reference to, "
     "located|situated|available|found from|to|near|nearby, from the location|reference|point, "
     "from the reference|location point|location"),
    ("from", "from, of, to, away from, away to, far from, away, around, drive from, distance|radius|range|radii from|of, "
         "radius|radii around|from|of, "
     "originating from, distant from, off, out of, from the location|point"),
    ("radius",
     "radius, radii, distance, range, span, in|within a|the? radius|distance|range|circle|buffer|span of, "
     "in|within a|the radius|distance|range|span, radius|distance|range of, drive, away, "
     "distance away, in a? distance|radius|range, within a? radius|distance|range, further|farther"),
    ("within", "within, in, inside, up to"),
    ("between", "between, from"),
    ("apart", "apart, away from each other, from each other, apart from each other, distance apart"),
    ("them", "them, it, each of them, their boundaries, its boundaries, their borders, itself, themselves, them all"),
    ("their", "their, its"),
    ("named", "named, called, with the name, with name, by the name of, named after, of the name"),
    ("distance", "distance, the distance, separation, proximity, gap"),
    ("bearing", "heading, course, direction, bearing, which way, orientation, which direction, what direction, in which|what direction, "
         "way, path, route"),
    ("closer", "closer, nearer"),
    ("goal", "to, towards, toward, leading to, leads to, to get to, to reach, heading to|towards"),
    ("sum", "total, summed, summed up, accumulated, sum up, add up, sum, "
            "sum of, combined, overall, aggregate, altogether, in total, cumulative, total sum of, joint"),
    ("avg", "average, mean, on average, avg"),
    ("max", "maximum, max, largest, highest, greatest, biggest, maximal"),
    ("min", "minimum, min, smallest, lowest, least, minimal"),
    ("cover", "cover, occupy, take up, have, span, add up to, contain, encompass"),
    ("covered", "covered by|with, occupied by, made up of, covered in"),
    ("times", "times, how many times"),
    # order and number
    ("order-by",
     "sorted by, sort by, ordered by, order by, ranked by, rank by, sorted on, sort on, arranged by, "
     "sort|order|rank them|results by, sorted, "
     "sort, order, arrange, ordered, rank, ordered on, "
     "sort these|those|it|the? results? by, in order of"),
    ("ascending", "ascending, asc, in ascending order, increasing, from low to high, from oldest to newest"),
    ("descending",
     "descending, desc, in descending order, decreasing, from high to low, from newest to oldest"),
    ("top", "top, first"),
    ("limit", "limit, limit to, limited to, up to, at most, only show, no more than, max, maximum"),
    ("except", "excluding, except, except for, other than, apart from, but not, not including, besides, not counting"),
    ("cloud-free", "cloud free, cloud - free, cloudless, without clouds, no clouds, free of clouds, zero clouds"),
    ("border-of", "border, borders, boundary, boundaries, frontier"),
    ("areas", "area, areas, zone, zones, place, places, feature, features"),
    ("compare", "compare, versus, vs, difference between"),
)  # fmt: skip
_GENERAL = "detection plan"
"""What is asked for where no word says more of it than that something is to be looked into."""
SERVICES: tuple[tuple[str, str], ...] = (
    ("time series", "time series, timeseries, time series plan|analysis, temporal profile, trend, trends, evolution, "
         "how it evolved, evolve, evolved"),
    ("classification",
     "classify, classification, classified, land use classification, land cover classification, land - use classification, "
     "land use mapping, "
     "crop classification, crop map, map crops"),
    ("change detection", "change detection, detect changes|change, changes, change map, what changed, compare"),
    ("anomaly analysis", "anomaly analysis, anomaly, anomalies, anomaly detection"),
    ("downscaling", "downscale, downscaled, downscaling, super - resolution, super resolution, superresolution, sharpen"),
    ("composite", "composite, mosaic, cloud - free composite|mosaic, median composite"),
    ("segmentation", "segment, segmentation, semantic segmentation"),
    (_GENERAL, "monitor, monitoring, build a? plan for, plan, analyse, analyze, analysis"),
    ("forecast", "forecast, predict, prediction"),
)  # fmt: skip
LAND: tuple[tuple[str, str], ...] = (
    ("km2", "how many square kilometres|kilometers|km {}, how many sq km {}, how many km2|km²|sqkm {}, "
            "number of square kilometres|kilometers {}, "
            "how much land|area|ground|surface|territory, how much of the land|area|surface|territory, how large|big an area"),
    ("har", "how many hectares|ha {}, number of hectares {}"), ("[acr_br]", "how many acres {}, number of acres {}"),
    ("[smi_us]", "how many square miles {}, how many sq miles|mi {}, number of square miles {}"),
    ("m2", "how many square metres|meters {}"),
)  # fmt: skip
"""Unit → how land is asked for that something took."""
LEVELS = "level {}, level - {}, nuts {}, nuts - {}, nuts{}, nuts level {}, admin|administrative level {}, adm {}, adm{}"
FILLERS = (
    "if possible, if you can|could|please|would, if there are any, if any, cheers, pls, plz, ta, much appreciated, "
    "that would be great, asap, good morning|afternoon|evening, dear, "
    "in the? store|catalogue|catalog|database|archive, "
    "the, a, an, please, can, could, would, will, shall, you, i, me, us, we, my, our, your, "
    "tell me, to me, hello, hi, hey, thank, thanks, kindly, also, "
    "now, currently, exist, exists, existing, located, situated, found, present, available, lie, lies, lying, there, that is, 'd, "
    "like, d, "
    "both, either, even, really, actually, respectively, individually, themselves, itself, located at, so, ideally, preferably, "
    "conveniently, "
    "positioned, placed, would like, want to, know, need to, have to, one, ones, of them, here, ?, !, ., \", (, ), ', [, ], some, "
    "able, able to, be able to, help, help me, help me out, assist, assist me, assistance, it, what it is, where it is, "
    "its location, for me, "
    "is it possible to, possible, any, any suggestions|recommendations|ideas|insights, recommendation, suggestion, idea, insight, "
    "one for me, "
    "find one for me, can you find one for me, can you assist me, can you help me out, can you find me its location, that's, whats, "
    "altogether, i'm, it's, i'd, should, take, must, 'm, 'll, different, distinct, all, data, dataset, being, out, "
    "made, taken, acquired, captured, recorded, been, been taken, as, follow, head, go, access, reach, in order, one need, need, "
    "provide, name|names of, names, name, list of, set of, points towards, points, leads to, leads, guides, guides to, "
    "on earth, in the world, "
    "got, gotten, happen to, i wonder, wonder, wondering, on record, on file, together, anything, something, "
    "record|records of, evidence of, instance|instances of, case|cases of, mapped, detected, "
    "seen, known, noted, documented, registered, reported, listed, "
    "occurred, occurring, happened, happening, took place, taking place, "
    "respective, use|using for, use to, use to analyse|analyze|study|map|monitor, build, create, prepare, pixels, files, "
    "geographical, geographic, specific, certain, given, following"
)  # fmt: skip


@lru_cache(maxsize=1)
def _table() -> Phrases[tuple[str, float]]:
    rows = [((code, 1.0), phrases) for code, phrases in OPERATORS]
    rows += [((f"service:{name}", 0.9 if name != _GENERAL else 0.75), phrases) for name, phrases in SERVICES]
    for direction in get_args(Direction):
        nouns, adjectives = spellings(direction)
        frames = "{0}, {0} of, {0} part of, part of {0}, {0} half of"
        rows += [((f"part:{direction}", 0.9), frames.replace("{0}", noun)) for noun in nouns.split(", ")]
        rows += [((f"part:{direction}", 0.9), frames.replace("{0}", adjective)) for adjective in adjectives.split(", ")]
    rows += [((f"level:{level}", 1.0), LEVELS.replace("{}", str(level))) for level in range(6)]
    rows += [((f"land:{unit}", 1.0), phrases.replace("{}", "of? land|ground?")) for unit, phrases in LAND]
    rows += [(("part:centre", 0.9), "central, the? centre|center|middle|heart of, centre|center of")]
    rows += [((f"nth:{place}", 1.0), words) for place, words in enumerate(_ORDINALS.split(", "), start=1)]
    return Phrases(rows)


_ORDINALS = "first|1st, second|2nd, third|3rd, fourth|4th, fifth|5th, sixth|6th, seventh|7th, eighth|8th, ninth|9th, tenth|10th"


@lru_cache(maxsize=1)
def _fillers() -> Phrases[None]:
    return Phrases([(None, FILLERS)])


def readings(question: Question, knowledge: Any, today: date) -> Iterator[Reading]:
    """Operators by their code, and fillers."""
    del knowledge, today
    for (code, score), start, end in _table().find(question):
        yield Reading("operator", start, end, code, score, "operators")
    for _, start, end in _fillers().find(question):
        yield Reading("filler", start, end, None, 0.3, "fillers")


def words() -> frozenset[str]:
    """All words of the table."""
    return _table().words()
