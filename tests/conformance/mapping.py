"""The mapping suites on docs/conformance.md: ``python -m tests.conformance.mapping`` runs them all and writes their table.

Needs PostgreSQL; MariaDB's rows are left as they were where there is none. Each suite's test compares its own row with the page.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

PAGE = Path(__file__).resolve().parents[2] / "docs/conformance.md"
BEGIN, END = "<!-- written by tests/conformance/mapping.py; do not edit -->\n", "<!-- end of mapping -->\n"
Results: TypeAlias = Sequence[tuple[str, str, str]]
SUITES: dict[str, tuple[str, tuple[str, ...]]] = {
    "R2RML (W3C, as kg-construct publishes it), PostgreSQL": ("test_r2rml", ("postgresql",)),
    "R2RML, SQLite": ("test_r2rml", ("sqlite",)),
    "R2RML, MariaDB": ("test_r2rml", ("mariadb",)),
    "W3C Direct Mapping, PostgreSQL": ("test_direct_mapping", ("postgresql",)),
    "W3C Direct Mapping, SQLite": ("test_direct_mapping", ("sqlite",)),
    "RML-Core": ("test_rml_modules", ("rml-core",)),
    "RML-IO, sources": ("test_rml_io_sources", ()),
    "RML-IO, targets": ("test_rml_io_targets", ()),
    "RML-IO-Registry, CSV, JSON, XML": ("test_rml_registry_files", ()),
    "RML-FNML": ("test_rml_modules", ("rml-fnml",)),
    "RML-LV": ("test_rml_modules", ("rml-lv",)),
    "RML-CC": ("test_rml_modules", ("rml-cc",)),
    "RML of 2022, CSV, JSON, XML": ("test_rml_legacy_files", ()),
    "RML-IO-Registry, PostgreSQL": ("test_rml_sql", ("registry", "postgresql")),
    "RML-IO-Registry, MariaDB": ("test_rml_sql", ("registry", "mariadb")),
    "RML of 2022, PostgreSQL": ("test_rml_sql", ("legacy", "postgresql")),
    "RML of 2022, MariaDB": ("test_rml_sql", ("legacy", "mariadb")),
}
"""Name on the page → module with ``results``, and its arguments."""


def lines(name: str, results: Results) -> tuple[str, list[str]]:
    """A suite's row, and a line for every case that did not pass."""
    counts = {state: sum(found == state for _, found, _ in results) for state in ("passed", "known fault", "failed")}
    row = f"| {name} | {counts['passed']} | {counts['known fault']} | {counts['failed']} | {len(results)} |"
    return row, [f"- {name}, `{case}`: {state}, {reason}" for case, state, reason in results if state != "passed"]


def missing(name: str, results: Results) -> list[str]:
    """What the page ought to say of these results and does not."""
    page = PAGE.read_text("utf-8")
    row, others = lines(name, results)
    return [line for line in (row, *others) if line not in page]


def run(name: str) -> Results:
    """Every case of a suite with its result."""
    module, arguments = SUITES[name]
    results: Callable[..., Results] = importlib.import_module(f"tests.conformance.{module}").results
    return results(*arguments)


def main() -> None:
    """Run all suites and write the table."""
    rows, others = [], []
    for name in SUITES:
        row, more = lines(name, run(name))
        print(row, flush=True)
        rows.append(row)
        others += more
    table = "\n".join(["| suite | passed | known faults | failed | of |", "|---|---|---|---|---|", *rows, "", "Not passed:", "", *others])
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}{table}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
