"""Run every benchmark in turn and write docs/benchmarks.md: our jobs beside named peers, as ratios in the same run.

Without a topic all are run. With some their sections are renewed, and the others stay as they are; one that shall be printed alone is a
module of its own, ``python -m benchmarks.TOPIC``, whose first lines or ``-h`` say what it takes.
"""

from __future__ import annotations

import argparse
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


def chosen(arguments: list[str]) -> list[str]:
    """The topics that a command line names, all if it names none; leaves with the topics there are if one is unknown."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topics", metavar="TOPIC", nargs="*", help=", ".join(topics()))
    wanted: list[str] = parser.parse_args(arguments).topics
    if unknown := sorted(set(wanted) - set(topics())):
        parser.error(f"there is no topic {', '.join(unknown)}; the topics are {', '.join(topics())}")
    return wanted or topics()


def main(arguments: list[str]) -> None:
    """Run the topics that are named; the page is written only when all of them have run."""
    wanted = chosen(arguments)
    said = sections(PAGE.read_text("utf-8")) if PAGE.is_file() else {}
    run_on = f"{date.today().isoformat()}, Python {platform.python_version()}, {platform.machine()}."
    said |= {topic: f"\n{run_on}\n\n{run(topic)}\n\n" for topic in wanted}
    head = (
        "# Benchmarks\n\n<!-- written by `make bench` -->\n\n"
        "Each table is of one run, ours and the peers' in turn on a shared machine: the ratios are what to look at.\n\n"
    )
    text = head + "".join(f"## {topic}\n{said[topic]}" for topic in topics() if topic in said)
    sys.stdout.write(text)
    PAGE.write_text(text.rstrip("\n") + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
