"""Update and federated queries on docs/conformance.md: ``python -m tests.conformance.updates`` runs both suites and writes their table."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from tests.conformance.mapping import PAGE, Results, lines

BEGIN, END = "<!-- written by tests/conformance/updates.py; do not edit -->\n", "<!-- end of updates -->\n"
SUITES = "suites/w3c-sparql/sparql"
UPDATE, FEDERATED = "SPARQL 1.1 Update, evaluation and syntax", "SPARQL 1.1 Federated Query, evaluation and syntax"
MODULES = {UPDATE: "test_w3c_update", FEDERATED: "test_w3c_service"}
"""Name on the page → module with ``results``."""


def judged(case: str, why: str) -> tuple[str, str, str]:
    """Name, state and reason of a case, with what is wrong with it."""
    return case, "failed" if why else "passed", why


def table(found: dict[str, Results]) -> str:
    """The result as Markdown: a row per suite, and a line for every test that fails."""
    rows, others = zip(*(lines(name, one) for name, one in found.items()), strict=True)
    failed = [line for some in others for line in some]
    head = ["| suite | passed | known faults | failed | of |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, "", "Failures:", "", *(failed or ["none"]), ""])


def run(name: str, folder: Path) -> Results:
    """Every case of a suite with its result."""
    results: Callable[[Path], Results] = importlib.import_module(f"tests.conformance.{MODULES[name]}").results
    return results(folder)


def main() -> None:
    """Run both suites and write the table."""
    shared = Path(os.environ.get("EARTHWEAVE_SHARED", PAGE.parents[2] / "shared"))
    part = table({name: run(name, shared / SUITES) for name in MODULES})
    print(part)
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}{part}{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
