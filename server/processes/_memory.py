"""Memory of this process and of others (Linux: /proc)."""

from __future__ import annotations

import resource
from pathlib import Path


def private_size() -> int:
    """Bytes that this process may write to and shares with nobody; files that are mapped for reading do not count."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmData:")) * 1024


def limit_memory(base: int, mebibytes: int) -> None:
    """Let private memory grow to ``mebibytes`` above ``base`` and no further (Linux 4.7: RLIMIT_DATA); 0 lifts the limit."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    soft = base + mebibytes * 1024 * 1024 if mebibytes else hard
    resource.setrlimit(resource.RLIMIT_DATA, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def resident(group: int) -> int:
    """Bytes in main memory that the processes of a group wrote to; files that are mapped for reading do not count.

    What a fork shares with its parent counts for both.
    """
    return sum(_written(folder) for folder in Path("/proc").iterdir() if folder.name.isdigit() and _group(folder) == group)


def _group(folder: Path) -> int:
    try:
        return int((folder / "stat").read_text("ascii", errors="replace").rpartition(")")[2].split()[2])
    except OSError:
        # it has ended, or the system hides the processes of others
        return 0


def _written(folder: Path) -> int:
    try:
        lines = (folder / "status").read_text("ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:"))) * 1024
