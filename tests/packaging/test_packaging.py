"""Every folder is mapped and linked, and the wheel holds exactly the tracked modules and data."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOMS = ("ontology", "mapping", "qa", "processing", "server")


def _product_files(root: Path) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *ROOMS], cwd=root, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return {name for name in listed if name and (root / name).is_file()}


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    for name in _product_files(root) | {"pyproject.toml", "setup.py", "README.md", "LICENSE", "NOTICE"}:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_every_room_is_linked_for_the_type_checkers(root: Path) -> None:
    for room in ROOMS:
        link = root / "typings" / "earthweave" / room
        assert link.is_symlink()
        assert link.readlink() == Path(f"../../{room}")
        assert (root / room / "py.typed").is_file()


def test_every_folder_with_modules_is_a_package(root: Path) -> None:
    bare = [path.parent for room in ROOMS for path in (root / room).rglob("*.py") if not (path.parent / "__init__.py").is_file()]
    assert bare == []


def test_wheel_holds_exactly_the_tracked_files(root: Path, wheel: Path) -> None:
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert inside == {f"earthweave/{name}" for name in _product_files(root)}


def test_wheel_names_every_console_script(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    entry = next(name for name in archive.namelist() if name.endswith("entry_points.txt"))
    text = archive.read(entry).decode()
    assert {"earthweave", "geotriples-all", "strabon-cmd", "S2-CD", "S1-CD"} <= {line.split("=")[0].strip() for line in text.splitlines()}


def test_constraints_pin_every_dependency_of_the_extras(root: Path) -> None:
    tomllib = pytest.importorskip("tomllib")
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(line for name in ("qa", "server", "ml", "dev") for line in project["optional-dependencies"][name]),
    ]
    names = {line.split(">")[0].split("=")[0].split("[")[0].strip().lower().replace("_", "-") for line in wanted} - {"earthweave"}
    lines = [line for line in (root / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    assert all("==" in line for line in lines)
    assert names - pinned == set()
    assert "torch==2.13.0" in lines
