"""The table of jobs: one SQLite file that server, command line and worker share, and that outlives them all."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from earthweave.ontology import EarthweaveError, NotFoundError, StoreError
from earthweave.server.processes import told

from ._folders import Folders
from ._job import Job, State, new_id

_FORMAT = 2
_WAIT = 10.0
"""Seconds to wait for another process that writes."""
_SCHEMA = """
create table if not exists job (
    id text primary key, service text not null, version text not null, parameters text not null, state text not null,
    progress integer not null default 0, stage text not null default '', message text not null, created text not null, started text,
    finished text, error text, key text not null default '', reused_from text not null default '', memory integer not null default 0,
    worker text not null default '', cancelled integer not null default 0, note text not null default '{}');
create index if not exists job_state on job (state);
"""
_UPGRADE = "alter table job add column note text not null default '{}'"
"""From format 1."""
_FRESH: dict[str, Any] = {
    "state": "accepted",
    "message": "waits for a worker",
    "progress": 0,
    "stage": "",
    "started": None,
    "finished": None,
    "error": None,
    "key": "",
    "reused_from": "",
    "memory": 0,
    "worker": "",
    "cancelled": 0,
}
"""What a job has that nobody took yet."""


@contextmanager
def guarded(path: Path) -> Iterator[None]:
    """Tell what SQLite complains about as a `StoreError`."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"the table of jobs in {path.parent.name} cannot be used",
            why=str(error),
            way_out="may you write there, is there room, is it a local disk?",
        ) from error
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"the table of jobs in {path.parent.name} is damaged",
            why=str(error),
            way_out=f"move {path.name}* away to start a new table; the results stay in jobs/",
        ) from error


class Table:
    """Rows of jobs; each call is one transaction, from whatever thread or process."""

    def __init__(self, folders: Folders) -> None:
        self._folders, self.path = folders, folders.database
        with self._connected() as database:
            found = database.execute("pragma user_version").fetchone()[0]
            if found not in (0, 1, _FORMAT):
                raise StoreError(
                    f"the table of jobs has format {found}",
                    why=f"this version reads {_FORMAT}",
                    way_out="use the version that wrote it, or another folder",
                )
            _write_ahead(database)
            database.executescript(_SCHEMA)
            if found == 1:
                self._upgrade(database)
            database.execute(f"pragma user_version={_FORMAT}")

    def _upgrade(self, database: sqlite3.Connection) -> None:
        """Bring a table of format 1 to this one; whoever else opens it at the same time waits, and finds it done."""
        database.execute("begin immediate")
        if "note" not in {row["name"] for row in database.execute("pragma table_info(job)")}:
            database.execute(_UPGRADE)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        with guarded(self.path), closing(sqlite3.connect(self.path, timeout=_WAIT)) as database:
            database.row_factory = sqlite3.Row
            with database:
                yield database

    def add(self, service: str, version: str, parameters: dict[str, Any], note: Mapping[str, Any]) -> str:
        """A new job, accepted; its id."""
        texts = {"parameters": json.dumps(parameters), "note": json.dumps(dict(note)), "created": _now()}
        row = {**_FRESH, "id": new_id(), "service": service, "version": version, **texts}
        with self._connected() as database:
            database.execute(f"insert into job ({', '.join(row)}) values ({', '.join('?' * len(row))})", tuple(row.values()))
        return str(row["id"])

    def get(self, id: str) -> Job:
        """One job; raises `NotFoundError`."""
        found = self._select("id = ?", (id,), 1)
        if not found:
            raise NotFoundError(f"there is no job {id}", way_out="list them: earthweave job list")
        return found[0]

    def list(self, state: str | None = None, service: str | None = None, most: int = -1) -> tuple[Job, ...]:
        """Jobs, the latest first."""
        conditions = {"state = ?": state, "service = ?": service}
        said = {text: value for text, value in conditions.items() if value is not None}
        return self._select(" and ".join(said) or "1", tuple(said.values()), most)

    def _select(self, condition: str, values: tuple[Any, ...], most: int) -> tuple[Job, ...]:
        with self._connected() as database:
            rows = database.execute(f"select * from job where {condition} order by rowid desc limit ?", (*values, most)).fetchall()
        return tuple(self._job(row) for row in rows)

    def change(self, id: str, *, only: tuple[State, ...], of: str | None = None, **values: Any) -> bool:
        """Set columns of a job if it is in one of these states, and with this worker if one is named; whether it was."""
        columns = ", ".join(f"{name} = ?" for name in values)
        condition = f"id = ? and state in ({', '.join('?' * len(only))})" + (" and worker = ?" if of is not None else "")
        with self._connected() as database:
            done = database.execute(
                f"update job set {columns} where {condition}", (*values.values(), id, *only, *([] if of is None else [of]))
            )
            return done.rowcount == 1

    def claim(self, id: str, worker: str) -> bool:
        """Take an accepted job; false if somebody else has it, or nobody wants it any more."""
        return self.change(id, only=("accepted",), state="running", message="runs", started=_now(), worker=worker)

    def renew(self, id: str) -> bool:
        """Accept again a job that failed or was dismissed."""
        return self.change(id, only=("failed", "dismissed"), **_FRESH)

    def end(
        self,
        id: str,
        state: State,
        message: str,
        error: EarthweaveError | None = None,
        *,
        only: tuple[State, ...] = ("running",),
        of: str | None = None,
        **values: Any,
    ) -> bool:
        """A job is over, if it is in one of these states and with this worker; ``error`` is what it failed of."""
        said = None if error is None else json.dumps({**told(error), "code": error.code})
        return self.change(id, only=only, of=of, state=state, message=message, error=said, finished=_now(), **values)

    def cancelled(self, id: str) -> bool:
        """True if somebody wants a running job to end."""
        with self._connected() as database:
            row = database.execute("select cancelled from job where id = ?", (id,)).fetchone()
        return row is None or bool(row["cancelled"])

    def running(self) -> dict[str, str]:
        """Running jobs and their workers."""
        with self._connected() as database:
            return dict(tuple(row) for row in database.execute("select id, worker from job where state = 'running'"))

    def remove(self, id: str) -> None:
        """Forget a job."""
        with self._connected() as database:
            database.execute("delete from job where id = ?", (id,))

    def _job(self, row: sqlite3.Row) -> Job:
        plain = {name: row[name] for name in row.keys() if name not in ("worker", "cancelled")}
        times = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in ("created", "started", "finished")}
        error = json.loads(row["error"]) if row["error"] else None
        values = {name: json.loads(row[name]) for name in ("parameters", "note")}
        return Job(**{**plain, **times, **values, "error": error, "folder": self._folders.result(row["id"])})


def _write_ahead(database: sqlite3.Connection) -> None:
    """Keep a write-ahead log; SQLite itself does not wait for others who do this to a new file at the same time."""
    until = time.monotonic() + _WAIT
    while True:
        try:
            database.execute("pragma journal_mode=wal")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _now() -> str:
    return datetime.now(UTC).isoformat()
