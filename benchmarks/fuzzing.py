"""Five minutes of fuzzing of the readers of literals and lines (atheris): how many texts each was given, and how many faults came of them.

    python -m benchmarks.fuzzing [--minutes 5]
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

_LINE = re.compile(r"^(?P<reader>[\w ,]+): (?:stat::number_of_executed_units: (?P<texts>\d+)|stopped)$", re.MULTILINE)


def main() -> int:
    """Fuzz and print a table; exit status: how many readers have a fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="in all (default: 5)")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "tests.fuzz", "--minutes", str(minutes), "--found", folder], stdout=subprocess.PIPE, text=True
        )
        sys.stderr.write(done.stdout)
        kept = len(list(Path(folder).iterdir()))
    rows = [(found["reader"], int(found["texts"] or 0)) for found in _LINE.finditer(done.stdout)]
    print(f"| reader, {minutes:g} minutes in all | texts |\n|---|---|")
    print("\n".join(f"| {reader} | {texts:,} |" for reader, texts in rows))
    print(f"| **all** | **{sum(texts for _, texts in rows):,}, {done.returncode} readers with a fault, {kept} texts kept** |")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
