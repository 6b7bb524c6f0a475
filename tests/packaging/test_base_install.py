"""What works without the extras: mapping, loading, querying; what needs one says which."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WITHOUT = "import sys; sys.modules.update(dict.fromkeys({names!r})); from earthweave.server.cli import main; main({arguments!r})"
EXTRAS = ("flask", "flask_openapi", "waitress", "spacy", "owlready2", "torch", "pyshacl")


def run(folder: Path, *arguments: str, names: tuple[str, ...] = EXTRAS) -> subprocess.CompletedProcess[str]:
    """The command line in a process that finds none of the extras' modules."""
    code = WITHOUT.format(names=names, arguments=list(arguments))
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120)


def test_load_and_query_need_no_extra(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text('<http://example.org/a> <http://example.org/p> "x" .\n')
    assert run(tmp_path, "load", "a.nt", "--store", "s").returncode == 0
    done = run(tmp_path, "query", "SELECT ?o WHERE { ?s ?p ?o }", "--store", "s")
    assert "(1 row)" in done.stdout, done.stderr


def test_serve_and_ask_name_the_missing_extra(tmp_path: Path) -> None:
    (tmp_path / "a.nt").write_text('<http://example.org/a> <http://example.org/p> "x" .\n')
    assert run(tmp_path, "load", "a.nt", "--store", "s").returncode == 0
    for arguments in (["serve", "--store", "s"], ["ask", "How many areas were flooded?", "--store", "s"]):
        done = run(tmp_path, *arguments)
        assert done.returncode == 1, done.stderr
        assert "pip install 'earthweave[" in done.stderr


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    code = "import sys; import earthweave.server.cli; print(sorted({'torch', 'spacy', 'rasterio', 'flask', 'netCDF4'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
