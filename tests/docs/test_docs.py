"""The docs tell the truth: generated pages are fresh, links lead somewhere, and the tutorial runs as printed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")])


def test_generated_reference_is_up_to_date(root: Path) -> None:
    done = subprocess.run([sys.executable, root / "docs/generate.py", "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def _steps(page: Path) -> list[tuple[str, list[str]]]:
    """Commands of the console blocks, each with the lines that its output must hold."""
    steps: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.S):
        for line in block.splitlines():
            if line.startswith("$ "):
                steps.append((line[2:], []))
            elif line.strip():
                steps[-1][1].append(line)
    return steps


def _free_port() -> int:
    """The only thing that is not as printed: nobody else must be there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop(folder: Path) -> None:
    """End the servers that a page has started and, where it failed, not ended."""
    for path in folder.glob("*.pid"):
        with suppress(ProcessLookupError):
            os.kill(int(path.read_text()), signal.SIGTERM)


@pytest.mark.parametrize(
    ("page", "least"),
    [
        ("tutorial-flood.md", 10),
        ("queries.md", 8),
        ("mapping.md", 20),
        ("endpoint.md", 20),
        ("processes.md", 20),
        ("jobs.md", 18),
    ],
)
def test_pages_run_as_printed(root: Path, tmp_path: Path, page: str, least: int, request: pytest.FixtureRequest) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    steps = _steps(root / "docs" / page)
    assert len(steps) >= least
    request.addfinalizer(lambda: _stop(tmp_path))
    port = str(_free_port())
    for command, expected in ((step.replace("8080", port), lines) for step, lines in steps):
        done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
        shown = done.stdout + done.stderr
        assert done.returncode == 0, f"{command}\n{shown}"
        missing = [line for line in expected if line not in shown]
        assert missing == [], f"{command}\n{shown}"
