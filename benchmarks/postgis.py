"""A private PostGIS server for benchmarks and tests: own cluster in a scratch folder, unix socket only, gone afterwards.

Needs the Debian packages ``postgresql-15`` and ``postgresql-15-postgis-3`` (or their like) and psycopg. Run as a module it prints the
version and the settings.

    with Postgis() as server:
        server.execute("SELECT postgis_full_version()")
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

DEBIAN = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"
PATIENCE = 60.0
"""Seconds to wait for the start or the end of the server."""
SETTINGS = {
    "shared_buffers": "1GB", "work_mem": "256MB", "maintenance_work_mem": "512MB", "effective_cache_size": "4GB",
    "max_parallel_workers_per_gather": "2", "max_parallel_workers": "2", "jit": "off", "random_page_cost": "1.1",
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal", "max_wal_senders": "0",
    "max_wal_size": "8GB", "checkpoint_timeout": "1h", "autovacuum": "off", "listen_addresses": "''", "timezone": "UTC",
}
"""A generous server for reading; durability is off, for the cluster is thrown away."""


@dataclass(frozen=True)
class Timing:
    """What a statement took: wall seconds, CPU seconds of all server processes, and its rows."""

    seconds: float
    cpu: float
    rows: list[tuple[Any, ...]]


def binaries() -> Path | None:
    """The folder of ``initdb`` and ``postgres`` of the newest PostgreSQL that has PostGIS, or None."""
    for folder in sorted(DEBIAN.glob("*/bin"), reverse=True):
        extension = Path("/usr/share/postgresql") / folder.parent.name / "extension/postgis.control"
        if (folder / "initdb").exists() and extension.exists():
            return folder
    found = shutil.which("initdb")
    return Path(found).parent if found else None


def missing() -> str:
    """Why there can be no server here, or an empty text."""
    if binaries() is None:
        return "PostgreSQL with PostGIS was not found; install postgresql-15 and postgresql-15-postgis-3"
    if os.geteuid() == 0 and ACCOUNT not in {entry.pw_name for entry in pwd.getpwall()}:
        return f"PostgreSQL refuses to run as root, and there is no account {ACCOUNT}"
    return ""


def _process_seconds(pid: int) -> float:
    """CPU seconds of a process, to the nanosecond."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
    except FileNotFoundError:
        return 0.0


def _ended_seconds(pid: int) -> float:
    """CPU seconds of the children of a process that have ended, such as parallel workers."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[13:15])) / os.sysconf("SC_CLK_TCK")


class Postgis:
    """A server that lives as long as the ``with`` block; ``settings`` are put over `SETTINGS`.

    ``within`` is an existing folder in which the scratch folder is made (default: the system's temporary folder). Raises `RuntimeError`
    if there can be no server here (see `missing`) or it does not start.
    """

    def __init__(self, within: Path | None = None, settings: dict[str, str] | None = None) -> None:
        self.within, self.settings = within, SETTINGS | (settings or {})
        self._server: subprocess.Popen[bytes] | None = None
        self.connection: psycopg.Connection[Any] | None = None

    def __enter__(self) -> Postgis:
        reason, found = missing(), binaries()
        if reason or found is None:
            raise RuntimeError(reason)
        self.folder = Path(tempfile.mkdtemp(prefix="earthweave-postgis-", dir=self.within))
        # root must not run PostgreSQL, and the account that may must own the folder
        self._as: dict[str, Any] = {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []} if os.geteuid() == 0 else {}
        if self._as:
            shutil.chown(self.folder, ACCOUNT, ACCOUNT)
        try:
            self._start(found)
            self.execute("CREATE EXTENSION postgis")
        except BaseException:
            self._stop()
            raise
        return self

    def _start(self, folder: Path) -> None:
        data = self.folder / "data"
        create = [folder / "initdb", "-D", data, "-A", "trust", "-U", ACCOUNT, "-E", "UTF8", "--locale=C", "--no-sync"]
        subprocess.run(create, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **self._as)
        settings = self.settings | {"unix_socket_directories": f"'{self.folder}'", "port": str(20_000 + os.getpid() % 40_000)}
        with (data / "postgresql.auto.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())
        log = (self.folder / "log").open("wb")
        self._server = subprocess.Popen([folder / "postgres", "-D", data], cwd=self.folder, stdout=log, stderr=log, **self._as)
        log.close()
        self.connection = self._connect(int(settings["port"]))

    def _connect(self, port: int) -> psycopg.Connection[Any]:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                return psycopg.connect(host=str(self.folder), port=port, user=ACCOUNT, dbname="postgres", autocommit=True)
            except psycopg.OperationalError as error:
                if self._running.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-500:]}") from error
                time.sleep(0.05)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def _stop(self) -> None:
        if self.connection:
            self.connection.close()
        if self._server:
            # the fast way: open transactions are rolled back, nobody is waited for
            self._server.send_signal(signal.SIGINT)
            try:
                self._server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
        self._server = self.connection = None
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._server is None:
            raise RuntimeError("the server is used outside its with block")
        return self._server

    def _cursor(self) -> psycopg.Cursor[Any]:
        if self.connection is None:
            raise RuntimeError("the server is used outside its with block")
        return self.connection.cursor()

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one statement, or several without results; rows of the result, if it has one."""
        with self._cursor() as cursor:
            cursor.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def copy(self, table: str, rows: Path | Sequence[tuple[Any, ...]]) -> None:
        """Fill a table from a tab-separated file, or from rows."""
        with self._cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN".encode()) as copy:
            if isinstance(rows, Path):
                with rows.open("rb") as file:
                    while chunk := file.read(1 << 20):
                        copy.write(chunk)
            else:
                for row in rows:
                    copy.write_row(row)

    def cpu(self) -> float:
        """CPU seconds of all processes of the server so far."""
        master = self._running.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return _ended_seconds(master) + _process_seconds(master) + sum(_process_seconds(int(child)) for child in children)

    def timed(self, statement: str) -> Timing:
        """Run a statement and say what it took."""
        before, started = self.cpu(), time.perf_counter()
        rows = self.execute(statement)
        seconds = time.perf_counter() - started
        return Timing(seconds, self.cpu() - before, rows)


def main() -> None:
    """Print the version and the settings of the server that the other benchmarks compare with."""
    with Postgis() as server:
        lines = [f"| PostgreSQL | {server.execute('SHOW server_version')[0][0]} |", "|---|---|"]
        lines += [f"| PostGIS | {server.execute('SELECT postgis_full_version()')[0][0].replace('|', ' ')} |"]
        lines += [f"| {name} | {value} |" for name, value in server.settings.items()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
