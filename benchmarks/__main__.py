"""Run every benchmark in turn and write docs/benchmarks.md: our jobs beside named peers, as ratios in the same run.

    python -m benchmarks [TOPIC …]      # only these topics; their sections are renewed, the others stay as they are
"""

from __future__ import annotations

import platform
import re
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


def sections(page: str) -> dict[str, str]:
    """What a page says of each topic."""
    parts = re.split(r"^## (\w+)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def main(wanted: list[str]) -> None:
    """Run the wanted topics (all if none is named); the page is written only when all of them have run."""
    said = sections(PAGE.read_text("utf-8")) if PAGE.is_file() else {}
    run_on = f"{date.today().isoformat()}, Python {platform.python_version()}, {platform.machine()}."
    said |= {topic: f"\n{run_on}\n\n{run(topic)}\n\n" for topic in wanted or topics()}
    head = (
        "# Benchmarks\n\n<!-- written by `make bench` -->\n\n"
        "Each table is of one run, ours and the peers' in turn on a shared machine: the ratios are what to look at.\n\n"
    )
    text = head + "".join(f"## {topic}\n{said[topic]}" for topic in topics() if topic in said)
    sys.stdout.write(text)
    PAGE.write_text(text.rstrip("\n") + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
