"""A real store on disk, and short ways to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from earthweave.ontology import PREFIXES
from earthweave.server.store import Answer, Limits, Store, open_store
from earthweave.server.store._pool import Pool

HEAD = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items()) + "PREFIX : <http://example.org/>\n"


@pytest.fixture(scope="session")
def pools() -> Iterator[tuple[Pool, Pool]]:
    """Workers that all stores share, because starting two for each test is most of its time; they serve any generation of any store."""
    shared = Pool(2), Pool(1, "writer")
    yield shared
    for pool in shared:
        pool.close()


@pytest.fixture
def store(tmp_path: Path, pools: tuple[Pool, Pool]) -> Iterator[Store]:
    with open_store(tmp_path / "store") as opened:
        opened._pool, opened._writers = pools
        yield opened


@pytest.fixture
def short_log(tmp_path: Path, pools: tuple[Pool, Pool]) -> Iterator[Store]:
    """A store whose log is full after a few updates."""
    with open_store(tmp_path / "store", limits=Limits(log_statements=40)) as opened:
        opened._pool, opened._writers = pools
        yield opened


@pytest.fixture
def turtle(tmp_path: Path) -> Callable[..., Path]:
    """Write a Turtle file; all usual prefixes are declared."""

    def write(text: str, name: str = "data.ttl") -> Path:
        path = tmp_path / name
        path.write_text(HEAD + text, "utf-8")
        return path

    return write


@pytest.fixture
def ask(store: Store) -> Callable[[str], Answer]:
    return lambda text: store.query(HEAD + text)


@pytest.fixture
def rows(store: Store) -> Callable[[str], list[tuple[str | None, ...]]]:
    """Values of a SELECT, sorted."""

    def run(text: str) -> list[tuple[str | None, ...]]:
        table = store.query(HEAD + text).table
        found = [tuple(cell["value"] if cell else None for cell in row.values()) for row in table.to_pylist()]
        return sorted(found, key=str)

    return run


@pytest.fixture(scope="session")
def compute(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Answer]]:
    """Ask an empty store that all tests share: for queries over constants."""
    with open_store(tmp_path_factory.mktemp("shared") / "store") as opened:
        yield lambda text: opened.query(HEAD + text)
