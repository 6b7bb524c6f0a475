"""First file that a worker process runs: cut the network off while the process has a single thread, then start the work.

Run by path, so that nothing of the package (and no thread of a library) comes before.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import resource
import sys

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000


def _cut_network() -> str:
    """Enter an empty network namespace; an empty text if that worked, else why not."""
    libc = ctypes.CDLL(None, use_errno=True)
    unshare = getattr(libc, "unshare", None)
    if unshare is None:
        return "this system has no unshare(2)"
    if unshare(_NEW_NET) == 0 or unshare(_NEW_USER | _NEW_NET) == 0:
        return ""
    return os.strerror(ctypes.get_errno())


if __name__ == "__main__":
    refused = _cut_network()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    importlib.import_module("earthweave.server.store._serve").serve(sys.argv[1], refused)
