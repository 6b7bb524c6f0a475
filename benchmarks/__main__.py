"""Run every benchmark in turn and write docs/benchmarks.md: our jobs beside named peers, as ratios in the same run."""

from __future__ import annotations

import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"


def topics() -> list[str]:
    """Names of the benchmark modules."""
    return sorted(path.stem for path in HERE.glob("*.py") if not path.stem.startswith("_"))


def run(topic: str) -> str:
    """What one benchmark prints, as Markdown; its progress goes to standard error."""
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{topic}"], cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True)
    printed = done.stdout.strip()
    return printed if printed.startswith("|") else f"```text\n{printed}\n```"


def main(wanted: list[str]) -> None:
    """Run the wanted topics (all if none is named); the page is written only when all have run."""
    sections = [f"## {topic}\n\n{run(topic)}\n" for topic in wanted or topics()]
    head = (
        "# Benchmarks\n\n<!-- written by `make bench` -->\n\n"
        f"{date.today().isoformat()}, Python {platform.python_version()}, {platform.machine()}. Each table is of one run, ours and "
        "the peers' in turn on a shared machine: the ratios are what to look at.\n"
    )
    text = "\n".join([head, *sections])
    sys.stdout.write(text)
    if not wanted:
        PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
