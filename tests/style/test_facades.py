"""Every package exports exactly what its ``__all__`` says."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = sorted(
    path.parent.relative_to(ROOT).as_posix().replace("/", ".")
    for room in ("ontology", "processing", "mapping", "qa", "server")
    for path in (ROOT / room).rglob("__init__.py")
    if "vendor" not in path.parts
)


def _bound(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return {name for name in names if not name.startswith("_") and name != "annotations"}


@pytest.mark.parametrize("package", PACKAGES)
def test_all_is_complete_and_importable(package: str) -> None:
    module = importlib.import_module(f"earthweave.{package}")
    exported = getattr(module, "__all__", [])
    assert set(exported) == _bound((ROOT / package.replace(".", "/") / "__init__.py").read_text("utf-8"))
    assert len(exported) == len(set(exported))
    assert all(hasattr(module, name) for name in exported)


@pytest.mark.parametrize("package", PACKAGES)
def test_modules_behind_a_facade_are_private(package: str) -> None:
    folder = ROOT / package.replace(".", "/")
    public = [path.name for path in folder.glob("*.py") if not path.name.startswith("_")]
    assert public == []
