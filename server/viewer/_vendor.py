"""Writes ``vendor/``: the pinned third-party browser files, their licence texts and a manifest of hashes.

Run it as ``python -m earthweave.server.viewer._vendor`` where npm is; nobody else needs npm, for the result is committed.
A test re-checks the hashes, so a vendored file is changed here or not at all.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

VENDOR = Path(__file__).with_name("vendor")


@dataclass(frozen=True)
class Library:
    """One npm package, and what we keep of it.

    Attributes:
        package: its name on npm.
        version: the pinned version.
        licence: SPDX expression.
        files: members to keep, relative to the package.
        text: the member that holds the licence text.
        text_from: another ``name@version`` that holds the text, where the package itself forgot it.
        bundles: libraries that the authors compiled into the files, with their licences.
    """

    package: str
    version: str
    licence: str
    files: tuple[str, ...]
    text: str = "LICENSE"
    text_from: str = ""
    bundles: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Where it lies under ``vendor/``; the version is in the path, so browsers may keep it for ever."""
        return f"{self.package.rpartition('/')[2]}-{self.version}"


LIBRARIES = (
    Library(
        "maplibre-gl", "6.17.0", "BSD-3-Clause",
        ("dist/maplibre-gl.mjs", "dist/maplibre-gl-worker.mjs", "dist/maplibre-gl.css"), "LICENSE.txt",
    ),
    Library(
        "@zazuko/yasgui", "4.6.2", "MIT", ("build/yasgui.min.js", "build/yasgui.min.css"), "LICENSE.txt", "@triply/yasgui@4.2.28",
        ("codemirror (MIT)", "jquery (MIT)", "datatables.net (MIT)", "column-resizer (MIT)", "dompurify (Apache-2.0 OR MPL-2.0)",
         "lodash-es (MIT)", "n3 (MIT)", "papaparse (MIT)", "sortablejs (MIT)", "store (MIT)", "jsuri (MIT)",
         "@tarekraafat/autocomplete.js (Apache-2.0)",
         "@json2csv (MIT)", "autosuggest-highlight (MIT)", "query-string (MIT)", "events (MIT)", "buffer (MIT)", "base64-js (MIT)",
         "ieee754 (BSD-3-Clause)", "@fortawesome/free-solid-svg-icons (MIT; icons CC-BY-4.0)"),
    ),
    Library("topojson-client", "3.1.0", "ISC", ("dist/topojson-client.min.js",)),
    Library("world-atlas", "2.0.2", "ISC; data: Natural Earth, public domain", ("countries-50m.json",)),
)


def pack(specifier: str, folder: Path) -> Path:
    """Fetch ``name@version`` with npm into a folder and return the archive."""
    told = subprocess.run(["npm", "pack", "--silent", specifier], cwd=folder, check=True, capture_output=True, text=True)
    return folder / told.stdout.strip().splitlines()[-1]


def member(archive: Path, name: str) -> bytes:
    """The bytes of one file of an npm archive."""
    with tarfile.open(archive) as tar:
        found = tar.extractfile(f"package/{name}")
        if found is None:
            raise FileNotFoundError(f"{archive.name} holds no {name}")
        return found.read()


def fetch(library: Library, scratch: Path) -> dict[str, object]:
    """Write one library under ``vendor/`` and return its line of the manifest."""
    archive = pack(f"{library.package}@{library.version}", scratch)
    text = pack(library.text_from, scratch) if library.text_from else archive
    kept = {name.rpartition("/")[2]: member(archive, name) for name in library.files} | {"LICENSE.txt": member(text, library.text)}
    target = VENDOR / library.folder
    target.mkdir(parents=True)
    for name, content in kept.items():
        (target / name).write_bytes(content)
    return {
        "name": library.package, "version": library.version, "licence": library.licence,
        "source": f"npm {library.package}@{library.version}",
        "licence_text": f"npm {library.text_from}" if library.text_from else "the package itself", "bundles": list(library.bundles),
        "files": {f"{library.folder}/{name}": hashlib.sha256(content).hexdigest() for name, content in sorted(kept.items())},
    }


def main() -> None:
    """Replace ``vendor/`` as a whole."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        manifest = [fetch(library, Path(scratch)) for library in LIBRARIES]
    (VENDOR / "MANIFEST.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    print(f"{sum(len(library.files) for library in LIBRARIES)} files in {VENDOR.name}/", file=sys.stderr)


if __name__ == "__main__":
    main()
