"""Databases for the suites and the tests of SQL sources: private servers in scratch folders, filled by SQL scripts, gone afterwards."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

import pymysql
from pymysql.constants import CLIENT

from benchmarks.postgis import Postgis, missing
from tests.conftest import absent

ACCOUNT = "mysql"
PATIENCE = 60.0
"""Seconds to wait for the start or the end of the server."""


def mariadb_missing() -> str:
    """Why there can be no MariaDB here, or an empty text."""
    lacking = [name for name in ("mariadbd", "mariadb-install-db") if not shutil.which(name, path=_PATH)]
    return f"{' and '.join(lacking)} not found; install mariadb-server" if lacking else ""


_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


class Mariadb:
    """A private MariaDB that lives as long as the ``with`` block: own data folder, unix socket only."""

    def __enter__(self) -> Mariadb:
        self.folder = Path(tempfile.mkdtemp(prefix="earthweave-mariadb-"))
        self.socket = self.folder / "socket"
        # root must not run a database server, and the account that may must own the folder
        self._as: list[str] = [f"--user={ACCOUNT}"] if os.geteuid() == 0 else []
        if self._as:
            shutil.chown(self.folder, ACCOUNT, ACCOUNT)
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def _start(self) -> None:
        data = f"--datadir={self.folder / 'data'}"
        install = [_program("mariadb-install-db"), "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db",
                   *self._as]
        subprocess.run(install, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        settings = ["--skip-networking", f"--socket={self.socket}", f"--pid-file={self.folder / 'pid'}",
                    f"--log-error={self.folder / 'log'}", "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync",
                    "--innodb-buffer-pool-size=64M", "--performance-schema=OFF"]
        self._server = subprocess.Popen([_program("mariadbd"), "--no-defaults", data, *settings, *self._as], cwd=self.folder,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while not self.socket.exists():
            if self._server.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"MariaDB did not start: {(self.folder / 'log').read_text()[-500:]}")
            time.sleep(0.05)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stop()

    def _stop(self) -> None:
        server = getattr(self, "_server", None)
        if server is not None:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self) -> str:
        """How the database is named to the mapper."""
        return f"mysql://root@localhost/test?unix_socket={self.socket}"

    def fill(self, script: str, *, ansi: bool = True) -> str:
        """An empty database ``test`` with what a script makes; how it is named to the mapper. With ``ansi`` double quotes mean names."""
        mode = "ANSI_QUOTES" if ansi else ""
        with closing(pymysql.connect(unix_socket=str(self.socket), user="root", sql_mode=mode, autocommit=True, ssl_disabled=True,
                                     client_flag=CLIENT.MULTI_STATEMENTS)) as connection:
            with connection.cursor() as cursor:
                cursor.execute("DROP DATABASE IF EXISTS test")
                cursor.execute("CREATE DATABASE test CHARACTER SET utf8mb4")
                cursor.execute("USE test")
                if script.strip():
                    cursor.execute(script)
                while cursor.nextset():
                    pass
        return self.url()


def _program(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    assert found
    return found


class Postgresql:
    """A private PostgreSQL that lives as long as the ``with`` block; ``extension`` is put into every new database."""

    def __init__(self, extension: str = "") -> None:
        self._server = Postgis(settings={"shared_buffers": "128MB"})
        self._extension = extension

    def __enter__(self) -> Postgresql:
        self._server.__enter__()
        self.fill("")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.__exit__(kind, error, trace)

    def fill(self, script: str, *, ansi: bool = True) -> str:
        """An empty schema with what a script makes; how the database is named to the mapper. ``ansi`` makes no difference."""
        extension = f"CREATE EXTENSION {self._extension};" if self._extension else ""
        self._server.execute(f"RESET ALL; DROP SCHEMA public CASCADE; CREATE SCHEMA public; {extension} {adapted_to_postgresql(script)}")
        return self.url()

    def url(self) -> str:
        """How the database is named to the mapper."""
        assert self._server.connection
        info = self._server.connection.info
        return f"postgresql:///{info.dbname}?host={info.host}&port={info.port}&user={info.user}"

    @property
    def connection(self) -> Any:
        """A connection to it."""
        return self._server.connection


class Sqlite:
    """An SQLite database in a scratch folder that lives as long as the ``with`` block."""

    def __enter__(self) -> Sqlite:
        self.folder = Path(tempfile.mkdtemp(prefix="earthweave-sqlite-"))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def fill(self, script: str, *, ansi: bool = True) -> str:
        """A new database with what a script for PostgreSQL makes; how it is named to the mapper. ``ansi`` makes no difference."""
        path = self.folder / "test.sqlite"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(adapted_to_sqlite(script))
        return f"sqlite:///{path}"


def adapted_to_postgresql(script: str) -> str:
    """A script in standard SQL with PostgreSQL's own word for byte strings."""
    text = re.sub(r"VARBINARY\(\d+\)", "BYTEA", script, flags=re.IGNORECASE)
    return re.sub(r"\bX'([0-9A-F]*)'", r"'\\x\1'", text)


def adapted_to_sqlite(script: str) -> str:
    """A script for PostgreSQL in the SQL of SQLite: no CASCADE behind DROP, blobs by X'…', constraints inside tables behind the columns."""
    text = re.sub(r"--[^\n]*", "", script)
    text = re.sub(r"(DROP TABLE[^;]*?)\s+CASCADE", r"\1", text, flags=re.IGNORECASE)
    text = re.sub(r"'\\x([0-9A-F]+)'", r"X'\1'", text, flags=re.IGNORECASE)
    added: dict[str, list[str]] = {}
    for table, constraint in re.findall(r'ALTER TABLE ("[^"]+") ADD (FOREIGN KEY[^;]+);', text):
        added.setdefault(table, []).append(constraint)
    text = re.sub(r'ALTER TABLE "[^"]+" ADD FOREIGN KEY[^;]+;', "", text)
    return re.sub(r'CREATE TABLE ("[^"]+")\s*\((.*?)\)\s*;', lambda match: _table(match[1], match[2], added.get(match[1], [])), text,
                  flags=re.DOTALL)


def _table(name: str, body: str, added: list[str]) -> str:
    items = [item.strip() for item in re.split(r",(?![^()]*\))", body)] + added
    constraints = [item for item in items if re.match(r"(PRIMARY|FOREIGN|UNIQUE)\b", item, re.IGNORECASE)]
    return f"CREATE TABLE {name} ({', '.join([item for item in items if item not in constraints] + constraints)});"


def present(kind: str) -> None:
    """Skip a test if there can be no such database here, or fail if it is required."""
    if kind in _MISSING and (reason := _MISSING[kind]()):
        absent(kind, reason)


_MISSING: dict[str, Callable[[], str]] = {"postgresql": missing, "postgis": missing, "mariadb": mariadb_missing}


def opened(kind: str) -> Postgresql | Mariadb | Sqlite:
    """A private database of a kind; it is started when it is first wanted, and stopped when the process ends."""
    if kind not in _running:
        made = {"postgresql": Postgresql, "postgis": lambda: Postgresql("postgis"), "mariadb": Mariadb, "sqlite": Sqlite}[kind]()
        _running[kind] = made.__enter__()
        atexit.register(made.__exit__, None, None, None)
    return _running[kind]


_running: dict[str, Postgresql | Mariadb | Sqlite] = {}
