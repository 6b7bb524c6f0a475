"""The hidden folder in which a run works: made beside its results, locked while the run lives, swept by the next run if it was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".earthweave-"


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Make a hidden folder below ``folder``, removed at the end; those that killed runs left there are removed first.

    A run holds a lock on its folder for as long as it lives, so whatever can be locked belongs to nobody. Where the file system
    knows no locks nothing is swept.
    """
    with _locked(folder, wait=True) as ours:
        if ours:
            _sweep(folder)
        made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
        descriptor = os.open(made, os.O_RDONLY)
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield made
    finally:
        os.close(descriptor)
        shutil.rmtree(made, ignore_errors=True)


def _sweep(folder: Path) -> None:
    for path in folder.glob(f"{_PREFIX}*"):
        if path.is_dir() and not path.is_symlink():
            with _locked(path, wait=False) as stale:
                if stale:
                    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _locked(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Try to lock a folder; yields whether it is ours."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        yield False
        return
    try:
        yield _lock(descriptor, wait=wait)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
