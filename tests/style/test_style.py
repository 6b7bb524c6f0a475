"""The style contract (design, section 7) holds for every room."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def figures(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("style_figures", root / "tests/style/figures.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("room", ["ontology", "processing", "mapping", "qa", "server"])
def test_room_keeps_the_style_contract(figures: ModuleType, room: str) -> None:
    found = figures.measure(room)
    assert found.functions > 0
    assert found.median <= 10
    assert found.p95 <= 50
    assert found.longest_file[0] <= 500, found.longest_file
    assert found.complex_functions == ()
    assert found.untyped == ()
    assert found.marks == ()
    assert len(found.undescribed) <= 0.05 * found.functions, found.undescribed


def test_figures_see_a_function_that_breaks_the_contract(figures: ModuleType) -> None:
    source = "def f(x):\n" + "".join(f"    if x == {n}:\n        return {n}\n" for n in range(20))
    assert list(figures._complex(figures.ROOT / "example.py", source))


def test_no_module_of_the_tests_or_benchmarks_exceeds_500_lines(root: Path) -> None:
    long = [path.name for folder in ("tests", "benchmarks") for path in (root / folder).rglob("*.py") if path.read_text().count("\n") > 500]
    assert long == []
