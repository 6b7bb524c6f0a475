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
_UNBORN = ".unborn-earthweave-"


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Make a hidden folder below ``folder``, removed at the end; those that killed runs left there are removed first.

    A run holds a lock on its folder for as long as it lives, so whatever can be locked belongs to nobody; a folder gets the name that
    is swept only once it is locked. Nothing waits: a run may stage below the folder of another. Where the file system knows no locks
    nothing is swept.
    """
    _sweep(folder)
    unborn = Path(tempfile.mkdtemp(prefix=_UNBORN, dir=folder))
    descriptor = os.open(unborn, os.O_RDONLY)
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    made = unborn.rename(folder / unborn.name.replace(_UNBORN, _PREFIX))
    try:
        yield made
    finally:
        os.close(descriptor)
        shutil.rmtree(made, ignore_errors=True)


def _sweep(folder: Path) -> None:
    for path in folder.glob(f"{_PREFIX}*"):
        if path.is_dir() and not path.is_symlink() and _abandoned(path):
            shutil.rmtree(path, ignore_errors=True)


def _abandoned(path: Path) -> bool:
    """True if nobody holds the folder's lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
