"""The style contract as figures: what ``make lint`` prints and the style test checks."""

from __future__ import annotations

import ast
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from radon.complexity import cc_visit

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("ontology", "processing", "mapping", "qa", "server")
MARKS = tuple("".join(parts) for parts in (("TO", "DO"), ("FIX", "ME"), ("XX", "X"), ("NotImplemented", "Error")))


@dataclass(frozen=True)
class Function:
    """One function of the product: where it stands, how long it is, whether it is public, typed and described."""

    place: str
    lines: int
    public: bool
    typed: bool
    described: bool


@dataclass(frozen=True)
class Figures:
    """The figures of a room, or of the whole house."""

    files: int
    lines: int
    longest_file: tuple[int, str]
    functions: int
    median: float
    p95: float
    longest_function: tuple[int, str]
    complex_functions: tuple[str, ...]
    untyped: tuple[str, ...]
    undescribed: tuple[str, ...]
    marks: tuple[str, ...]


def modules(*rooms: str) -> list[Path]:
    """Python files of the rooms, vendored ones left out."""
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py") if "vendor" not in path.parts)


def _typed(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    bare = [one.arg for one in arguments if one.annotation is None and one.arg not in ("self", "cls")]
    return node.returns is not None and not bare


def _functions(path: Path, tree: ast.Module) -> Iterator[Function]:
    owners = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        owner = owners[node]
        names = [node.name, owner.name] if isinstance(owner, ast.ClassDef) else [node.name]
        public = isinstance(owner, ast.Module | ast.ClassDef) and not any(name.startswith("_") for name in names)
        place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        yield Function(place, (node.end_lineno or node.lineno) - node.lineno + 1, public, _typed(node), bool(ast.get_docstring(node)))


def _complex(path: Path, source: str) -> Iterator[str]:
    for block in cc_visit(source):
        parts = [block, *getattr(block, "methods", [])] if not hasattr(block, "classname") else [block]
        for part in parts:
            if part.letter in "FM" and part.complexity > 15:
                yield f"{path.relative_to(ROOT)}:{part.lineno} {part.name} {part.complexity}"


def _marks(path: Path, source: str) -> Iterator[str]:
    for number, line in enumerate(source.splitlines(), 1):
        if any(mark in line for mark in MARKS):
            yield f"{path.relative_to(ROOT)}:{number}"


def measure(*rooms: str) -> Figures:
    """Measure the rooms' code: lengths, complexity, typing, docstrings, leftovers."""
    paths = modules(*rooms)
    sources = {path: path.read_text("utf-8") for path in paths}
    functions = [one for path, text in sources.items() for one in _functions(path, ast.parse(text))]
    lengths = sorted(one.lines for one in functions) or [0]
    return Figures(
        files=len(paths),
        lines=sum(text.count("\n") for text in sources.values()),
        longest_file=max((text.count("\n"), str(path.relative_to(ROOT))) for path, text in sources.items()),
        functions=len(functions),
        median=statistics.median(lengths),
        p95=lengths[int(0.95 * (len(lengths) - 1))],
        longest_function=max((one.lines, one.place) for one in functions),
        complex_functions=tuple(found for path, text in sources.items() for found in _complex(path, text)),
        untyped=tuple(one.place for one in functions if not one.typed),
        undescribed=tuple(one.place for one in functions if one.public and not one.described),
        marks=tuple(found for path, text in sources.items() for found in _marks(path, text)),
    )


def table() -> str:
    """One row a room and one for the whole house."""
    rows = [
        ("room", "files", "lines", "longest file", "functions", "median", "p95", "longest", "complexity > 15", "untyped", "no docstring")
    ]
    for name, rooms in [*((room, (room,)) for room in ROOMS), ("all", ROOMS)]:
        if not modules(*rooms) or not (found := measure(*rooms)).functions:
            continue
        rows.append(
            (
                name,
                str(found.files),
                str(found.lines),
                str(found.longest_file[0]),
                str(found.functions),
                f"{found.median:g}",
                f"{found.p95:g}",
                str(found.longest_function[0]),
                str(len(found.complex_functions)),
                str(len(found.untyped)),
                str(len(found.undescribed)),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
