"""First file that a worker process runs: cut the network off while the process has a single thread, then start the work.

Run by path, so that nothing of the package (and no thread of a library) comes before.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import os
import platform
import resource
import struct
import sys

_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_SOCKET = {"x86_64": 41, "aarch64": 198}
"""Number of socket(2) by machine."""
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_UNIX, _ALLOW, _REFUSE = 1, 0x7FFF0000, 0x00050000 | errno.EACCES


def _cut_network() -> str:
    """Refuse sockets and enter an empty network namespace; an empty text if one of the two worked, else why not."""
    libc = ctypes.CDLL(None, use_errno=True)
    unshare = getattr(libc, "unshare", None)
    if unshare is None:
        return "this system has no unshare(2)"
    apart = unshare(_NEW_NET) == 0 or unshare(_NEW_USER | _NEW_NET) == 0
    why = os.strerror(ctypes.get_errno())
    return "" if _refuse_sockets(libc) or apart else why


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_char_p)]


def _refuse_sockets(libc: ctypes.CDLL) -> bool:
    """Have the kernel refuse every new socket but local ones (seccomp(2)), which containers allow where namespaces are closed."""
    number = _SOCKET.get(platform.machine())
    if number is None:
        return False
    steps = (
        (_LOAD, 0, 0, 0), (_EQUAL, 0, 3, number),  # which call? another one: allow
        (_LOAD, 0, 0, 16), (_EQUAL, 1, 0, _UNIX),  # its first argument: a local socket: allow
        (_RETURN, 0, 0, _REFUSE), (_RETURN, 0, 0, _ALLOW),
    )
    program = _Program(len(steps), b"".join(struct.pack("HBBI", *step) for step in steps))
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(libc.prctl(_SECCOMP, _FILTER, ctypes.byref(program), 0, 0) == 0)


if __name__ == "__main__":
    refused = _cut_network()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    importlib.import_module("earthweave.server.store._serve").serve(sys.argv[1], refused)
