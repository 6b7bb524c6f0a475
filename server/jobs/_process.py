"""The worker's end of the process of a job: start it, hear it, kill it with all that it started."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from earthweave.server.processes import resident

from ._request import encoded

_PORTION = 1 << 16
_LAST = 16_384


class Child:
    """One process and its group."""

    def __init__(self, request: dict[str, Any], log: Path) -> None:
        self._log = log
        with log.open("ab") as errors:
            self._before = errors.tell()
            self._process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-m", f"{__package__}._child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                bufsize=0,
                start_new_session=True,
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._part = b""
        with suppress(BrokenPipeError):
            self._stdin.write(encoded(request))

    @property
    def ended(self) -> bool:
        """True once the process itself is over; it keeps its number until it is killed."""
        return os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    @property
    def memory(self) -> int:
        """Bytes that it and what it started hold."""
        return resident(self._process.pid)

    @property
    def logged(self) -> int:
        """Bytes that it wrote to its log."""
        return self._log.stat().st_size - self._before

    def events(self, wait: float) -> list[dict[str, Any]]:
        """What it told, after at most so many seconds."""
        poll = select.poll()
        poll.register(self._stdout, select.POLLIN)
        seen = [event for _, event in poll.poll(wait * 1000)]
        if not any(event & select.POLLIN for event in seen):
            # it may have closed its end
            time.sleep(wait if seen else 0)
            return []
        *lines, self._part = (self._part + os.read(self._stdout.fileno(), _PORTION)).split(b"\n")
        return [event for line in lines if isinstance(event := _parsed(line), dict)]

    def last_words(self) -> bytes:
        """The end of its log."""
        with self._log.open("rb") as stream:
            stream.seek(self._before + max(0, self.logged - _LAST))
            return stream.read()

    def kill(self) -> int:
        """End it and all processes of its group, if they have not ended yet; its exit status."""
        if self._process.returncode is None:
            # its number belongs to it until wait()
            os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.kill()
        self._stdin.close()
        self._stdout.close()


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        # native code that wrote over its memory may say anything
        return None
