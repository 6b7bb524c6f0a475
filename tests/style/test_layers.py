"""Who may import whom (design, section 2): from rooms below, never sideways, never up, and only through facades."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ALLOWED: dict[str, set[str]] = {
    "ontology": set(),
    "processing": {"ontology"},
    "mapping": {"ontology"},
    "qa": {"ontology", "processing", "mapping"},
    "server.processes": {"ontology"},
    "server.store": {"ontology", "server.processes"},
    "server.federation": {"ontology"},
    "server.records": {"ontology", "processing"},
    "server.jobs": {"ontology", "processing", "server.processes", "server.records"},
    "server.workflows": {
        "ontology",
        "processing",
        "mapping",
        "server.federation",
        "server.jobs",
        "server.settings",
        "server.store",
        "server.records",
    },
    "server.pipeline": {"ontology", "processing", "server.settings", "server.workflows"},
    "server.results": {"ontology", "server.store"},
    "server.sparql": {"server.results", "ontology", "server.store", "server.federation"},
    "server.questions": {"ontology", "processing", "qa", "server.jobs", "server.store"},
    "server.settings": {"ontology", "mapping", "qa", "server.jobs", "server.store"},
    "server.viewer": {"ontology", "server.settings"},
    "server.api": {
        "ontology",
        "processing",
        "qa",
        "server.jobs",
        "server.store",
        "server.results",
        "server.sparql",
        "server.questions",
        "server.viewer",
        "server.settings",
        "server.workflows",
    },
    "server.cli": {
        "ontology",
        "processing",
        "mapping",
        "qa",
        "server.processes",
        "server.jobs",
        "server.records",
        "server.store",
        "server.federation",
        "server.pipeline",
        "server.workflows",
        "server.results",
        "server.sparql",
        "server.questions",
        "server.settings",
        "server.api",
    },
}
"""Room → the rooms it may import. ``processing.simulate`` is for the demo and the tests alone."""
STORE: dict[str, set[str]] = {
    "snapshot": set(),
    "reports": set(),
    "loading": {"reports", "snapshot"},
    "algebra": {"snapshot"},
    "spatial": {"algebra", "snapshot"},
    "strdf": {"algebra", "snapshot", "spatial"},
    "temporal": {"algebra", "snapshot", "spatial"},
    "engine": {"algebra", "snapshot", "spatial", "strdf", "temporal"},
}
"""Inside ``server.store``: room → the rooms beside it that it may import; the modules of the facade may import them all."""
MAPPING: dict[str, set[str]] = {
    "plan": set(),
    "values": {"plan"},
    "functions": {"plan", "values"},
    "documents": {"plan", "values", "functions"},
    "sources": {"plan", "values"},
    "output": {"plan", "values"},
    "columnar": {"plan", "values", "functions", "sources"},
    "rows": {"plan", "values", "functions", "sources"},
    "grids": {"plan", "values", "sources"},
    "generator": {"plan", "values", "sources", "documents"},
}
"""The same inside ``mapping``."""
QUESTIONS: dict[str, set[str]] = {
    "request": set(),
    "knowledge": {"_ports", "_values", "request"},
    "language": {"request", "knowledge"},
    "grammar": {"request", "knowledge", "language"},
    "planning": {"_ports", "_values", "request", "knowledge"},
    "answering": {"_ports", "_values", "request", "knowledge", "language", "grammar", "planning"},
}
"""The same inside ``qa``, where stores and what they answer are described beside the rooms."""
INNER = {"earthweave.server.store.": STORE, "earthweave.mapping.": MAPPING, "earthweave.qa.": QUESTIONS}


def _room(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "server" else parts[0]


def _for_types(tree: ast.Module) -> set[ast.AST]:
    """What stands under ``if TYPE_CHECKING``."""
    guarded = [node for node in tree.body if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    return {inner for node in guarded for inner in ast.walk(node)}


def _imports(path: Path, package: str, *, typing: bool = True) -> Iterator[str]:
    tree = ast.parse(path.read_text("utf-8"))
    skipped = set() if typing else _for_types(tree)
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            target = ".".join([*base, node.module] if node.module else base)
            yield target
            yield from (f"{target}.{alias.name}" for alias in node.names)


def _sources(root: Path) -> Iterator[tuple[Path, str]]:
    for room in ("ontology", "processing", "mapping", "qa", "server"):
        for path in sorted((root / room).rglob("*.py")):
            if "vendor" not in path.parts:
                yield path, "earthweave." + ".".join(path.relative_to(root).parent.parts)


def offences(root: Path) -> list[str]:
    """Imports that cross a border they must not, or enter another room past its facade."""
    found = []
    for path, package in _sources(root):
        here = _room(package.removeprefix("earthweave."))
        for name in _imports(path, package):
            if not name.startswith("earthweave.") or name == "earthweave.server":
                continue
            there = _room(name.removeprefix("earthweave."))
            private = any(part.startswith("_") and not part.startswith("__") for part in name.split("."))
            if there != here and (private or there not in ALLOWED.get(here, set())):
                found.append(f"{path.relative_to(root)} imports {name}")
    return found


def test_rooms_import_only_from_rooms_below_and_only_through_facades(root: Path) -> None:
    assert offences(root) == []


def inner_offences(root: Path, prefix: str) -> list[str]:
    """Imports inside a package that go up, sideways, or past a facade; those for the type checker alone are left out."""
    found = []
    for path, package in _sources(root):
        if not package.startswith(prefix):
            continue
        here = package.removeprefix(prefix).split(".")[0]
        for name in _imports(path, package, typing=False):
            if not name.startswith(prefix):
                continue
            there, _, rest = name.removeprefix(prefix).partition(".")
            if there != here and (rest.startswith("_") or there not in INNER[prefix][here]):
                found.append(f"{path.relative_to(root)} imports {name}")
    return found


@pytest.mark.parametrize("prefix", INNER)
def test_rooms_inside_a_package_import_only_from_those_below(root: Path, prefix: str) -> None:
    assert inner_offences(root, prefix) == []


def test_every_room_has_a_rule(root: Path) -> None:
    rooms = {_room(package.removeprefix("earthweave.")) for _, package in _sources(root)} - {"server"}
    assert rooms <= set(ALLOWED)


def test_only_the_demo_imports_the_simulator(root: Path) -> None:
    users = {
        path.relative_to(root).as_posix()
        for path, package in _sources(root)
        if "simulate" not in package and any("processing.simulate" in name for name in _imports(path, package))
    }
    assert users <= {"server/cli/_demo.py", "server/cli/_demo_questions.py"}


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("mapping", "from earthweave.processing import services"),
        ("qa", "from earthweave.ontology._crs import Crs"),
        ("ontology", "import earthweave.qa"),
    ],
)
def test_the_check_catches_an_offence(tmp_path: Path, room: str, line: str) -> None:
    for name in ("ontology", "processing", "mapping", "qa", "server"):
        (tmp_path / name).mkdir()
    (tmp_path / room / "_x.py").write_text(line + "\n")
    assert len(offences(tmp_path)) >= 1
