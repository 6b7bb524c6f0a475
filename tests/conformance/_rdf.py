"""What the conformance tests of mapping share: data sets compared up to the names of blank nodes, one case run, results counted."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import pyoxigraph as ox

from earthweave.mapping import Options, map_source, read_rules
from earthweave.ontology import EarthweaveError

BASE = "http://example.com/"
"""What relative IRIs of the suites are relative to, unless a case says otherwise."""
Result: TypeAlias = tuple[str, str, str]
"""Case; ``passed``, ``failed`` or ``known fault``; reason, empty if passed."""
_SHOWN = 3


def quads(data: bytes | Path, *, lenient: bool = False) -> set[ox.Quad]:
    """The quads of N-Quads or N-Triples, blank nodes renamed so that equal data sets are equal sets; lexical forms stay as they are."""
    read = data.read_bytes() if isinstance(data, Path) else data
    found = ox.Dataset(ox.parse(read, ox.RdfFormat.N_QUADS, lenient=lenient))
    found.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return set(found)


def same(expected: bytes | Path, actual: bytes | Path) -> str:
    """Empty if both are the same data set, else some statements that only one of them has; ours must be as strict as what is expected."""
    wanted, lenient = _expected(expected)
    try:
        ours = quads(actual, lenient=lenient)
    except SyntaxError as error:
        return f"ours cannot be parsed: {error}"
    lost, extra = wanted - ours, ours - wanted
    return "; ".join(_differences("missing", lost) + _differences("too much", extra))


def _expected(data: bytes | Path) -> tuple[set[ox.Quad], bool]:
    """The quads, and whether they could be read leniently only: some suites expect IRIs that are none."""
    try:
        return quads(data), False
    except SyntaxError:
        return quads(data, lenient=True), True


def _differences(what: str, found: set[ox.Quad]) -> list[str]:
    texts = sorted(map(str, found))
    return [f"{len(texts)} {what}: " + " | ".join(texts[:_SHOWN])] if texts else []


def base_of(folder: Path) -> str:
    """The base IRI that a case's README names, else `BASE`."""
    readme = folder / "README.md"
    found = re.search(r"\*\*Default Base IRI\*\*: *(\S+)", readme.read_text("utf-8")) if readme.is_file() else None
    return found[1] if found else BASE


def wants_error(folder: Path) -> bool:
    """True if the README of a case expects an error."""
    return re.search(r"\*\*Error expected\?\*\*:? *Yes", (folder / "README.md").read_text("utf-8")) is not None


def run_case(
    folder: Path,
    mapping: str = "mapping.ttl",
    *,
    base: str | None = None,
    databases: Mapping[str, Any] | None = None,
    options: Options | None = None,
) -> bytes | EarthweaveError:
    """The statements of one case, all targets together, or the error that it ended in; rows that cannot be mapped are errors too."""
    try:
        plan = read_rules(folder / mapping, base=base or base_of(folder))
        chosen = options or Options(on_error="fail")
        return b"".join(map_source(plan, databases=databases, working=folder, options=chosen))
    except EarthweaveError as error:
        return error


def judged(outcome: bytes | EarthweaveError, expected: Path | None) -> str:
    """Why an outcome is not what was expected, or empty; without ``expected`` an error is."""
    if isinstance(outcome, EarthweaveError):
        return "" if expected is None else f"{outcome.what}; {outcome.why}"
    return "an error was expected" if expected is None else same(expected, outcome)


def tried(case: Callable[[], str]) -> str:
    """What a case says is wrong with it, or how it broke down: a suite goes on after a case that ends in an error of its own."""
    try:
        return case()
    except (AssertionError, ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        return f"broke down: {type(error).__name__}: {error}"


def classified(case: str, difference: str, known: Mapping[str, str]) -> Result:
    """The result of a case; ``known`` has the reasons of those that may fail, which says so also when they pass."""
    if difference:
        return (case, "known fault", known[case]) if case in known else (case, "failed", difference)
    return case, "passed", ""


def failures(results: Iterable[Result]) -> set[str]:
    """Names of the cases that did not pass, known faults too."""
    return {name for name, state, _ in results if state != "passed"}


def told(suite: str, results: Iterable[Result]) -> str:
    """One line with the count, then one for each case that did not pass."""
    found = list(results)
    passed = sum(state == "passed" for _, state, _ in found)
    return "\n".join([f"{suite}: {passed} of {len(found)}", *(f"  {name}: {state}: {why}" for name, state, why in found if why)])


def suites() -> Path:
    """The folder of the suites (``EARTHWEAVE_SHARED``, default beside the repository)."""
    root = Path(__file__).resolve().parents[2]
    return Path(os.environ.get("EARTHWEAVE_SHARED", root.parent / "shared")) / "suites"


def rml_results(suite: str, known: Mapping[str, str], base: str | None = None) -> list[Result]:
    """The results of an RML suite of one module: a folder for each case, its README says whether an error is expected."""
    cases = sorted(one for one in (suites() / suite / "test-cases").iterdir() if one.is_dir())
    return [classified(one.name, tried(lambda one=one: _rml_case(one, base)), known) for one in cases]  # type: ignore[misc]


def _rml_case(folder: Path, base: str | None) -> str:
    outputs = [folder / name for name in ("output.nq", "default.nq") if (folder / name).is_file()]
    return judged(run_case(folder, base=base), None if wants_error(folder) else outputs[0])
