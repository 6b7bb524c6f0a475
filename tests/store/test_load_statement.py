"""LOAD: files below the folders that an operator has named, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from earthweave.ontology import ForbiddenError, NotFoundError, RdfSyntaxError, UnsupportedError
from earthweave.server.store import Limits, Store, open_store
from earthweave.server.store._roots import file_of


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folders, of which the first may be read, with files and links."""
    base = tmp_path_factory.mktemp("load")
    for name in ("open", "open/deep", "openly", "closed"):
        (base / name).mkdir()
        (base / name / "data.ttl").write_text(f"<http://e/{name}> <http://e/p> [] .", "utf-8")
    (base / "open/a b.nt").write_text("<http://e/blank> <http://e/p> <http://e/o> .\n", "utf-8")
    (base / "open/graphs.nq").write_text("<http://e/n> <http://e/p> 'x' <http://e/own> .\n".replace("'", '"'), "utf-8")
    (base / "open/broken.ttl").write_text("<http://e/a> <http://e/p> ", "utf-8")
    (base / "open/data.csv").write_text("a,b\n", "utf-8")
    (base / "open/out.ttl").symlink_to(base / "closed/data.ttl")
    (base / "open/folder").symlink_to(base / "closed")
    (base / "open/in.ttl").symlink_to(base / "open/deep/data.ttl")
    return base


@pytest.fixture(scope="module")
def store(roots: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("store") / "s", limits=Limits(load_roots=str(roots / "open"))) as opened:
        yield opened


@pytest.fixture
def found(store: Store, roots: Path) -> Callable[[str], list[tuple[str, ...]]]:
    """Subjects and graphs after an update on the empty store."""

    def run(text: str) -> list[tuple[str, ...]]:
        store.update("CLEAR ALL ; " + text.replace("@", f"file://{roots}"))
        table = store.query("SELECT ?s ?g { ?s <http://e/p> ?o OPTIONAL { GRAPH ?g { ?s <http://e/p> ?o } } } ORDER BY ?s").table
        return [tuple(cell["value"] for cell in row.values() if cell) for row in table.to_pylist()]

    return run


@pytest.mark.parametrize(("text", "expected"), [
    ("LOAD <@/open/data.ttl>", [("http://e/open",)]),
    ("LOAD <@/open/deep/data.ttl> INTO GRAPH <http://e/g>", [("http://e/open/deep", "http://e/g")]),
    ("LOAD <@/open/a%20b.nt>", [("http://e/blank",)]),
    ("LOAD <@/open/in.ttl> ; LOAD <@/open/data.ttl>", [("http://e/open",), ("http://e/open/deep",)]),
    ("LOAD <@/open/graphs.nq> INTO GRAPH <http://e/g>", [("http://e/n", "http://e/own")]),
    ("INSERT DATA { <http://e/a> <http://e/p> 1 } ; LOAD <@/open/data.ttl> ; DELETE DATA { <http://e/a> <http://e/p> 1 }",
     [("http://e/open",)]),
    ("LOAD <@/open/data.ttl> ; INSERT { ?s <http://e/p> 2 } WHERE { ?s ?p ?o } ; DELETE WHERE { ?s <http://e/p> 2 }", [("http://e/open",)]),
    ("LOAD SILENT <@/open/broken.ttl> ; LOAD <@/open/data.ttl>", [("http://e/open",)]),
    ("LOAD SILENT <@/closed/data.ttl>", []), ("LOAD SILENT <http://127.0.0.1:9/x.ttl> INTO GRAPH <http://e/g>", []),
])
def test_files_below_the_folder_are_loaded(found: Callable[[str], list[tuple[str, ...]]], text: str,
                                           expected: list[tuple[str, ...]]) -> None:
    assert found(text) == expected


@pytest.mark.parametrize("source", [
    "@/closed/data.ttl", "@/openly/data.ttl", "@/open/../closed/data.ttl", "@/open/%2e%2e/closed/data.ttl", "@/open/out.ttl",
    "@/open/folder/data.ttl", "file:///etc/hostname", "file://evil.example@/open/data.ttl", "http://127.0.0.1:9/x.ttl", "urn:x:y",
    "@/open/data.ttl?x", "@/open/data.ttl#x", "file:relative.ttl",
])
def test_nothing_else_is_read(roots: Path, source: str) -> None:
    address = source.replace("file://evil.example@", f"file://evil.example{roots}").replace("@", f"file://{roots}")
    with pytest.raises(ForbiddenError, match="LOAD"):
        file_of(address, [roots / "open"])


def test_a_failed_load_changes_nothing(store: Store, roots: Path) -> None:
    store.update("CLEAR ALL ; INSERT DATA { <http://e/a> <http://e/p> 1 }")
    for name, kind in (("broken.ttl", RdfSyntaxError), ("none.ttl", NotFoundError), ("data.csv", UnsupportedError), ("", NotFoundError)):
        with pytest.raises(kind):
            store.update(f"INSERT DATA {{ <http://e/b> <http://e/p> 1 }} ; LOAD <file://{roots}/open/{name}>")
    with pytest.raises(ForbiddenError):
        store.update(f"LOAD <file://{roots}/closed/data.ttl>")
    report = store.update(f"LOAD SILENT <file://{roots}/open/none.ttl>")
    assert store.statistics().triples == 1 and [one.code for one in report.notices] == ["load"]
