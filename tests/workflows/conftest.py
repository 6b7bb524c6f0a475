"""A small simulated pair of scenes with units around it, and an assessment of it, made once; a STAC API on a loopback server."""

from __future__ import annotations

import json
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import geopandas as gpd
import pytest
import shapely

from earthweave.ontology import Progress
from earthweave.processing import Result, simulate
from earthweave.processing.catalogue import FolderCatalogue, Search, items
from earthweave.server.records import run_recorded
from earthweave.server.workflows import TUTORIAL_AOI, registry

SPEC = next(one for one in registry() if one.id == "flood-assessment")


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two *simulated* scenes of 15 and 25 March 2021, 6 km wide."""
    folder = tmp_path_factory.mktemp("scenes")
    simulate.sentinel2_pair(folder, size=300)
    return folder


@pytest.fixture(scope="session")
def units(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine *simulated* administrative units around them."""
    return simulate.admin_units(tmp_path_factory.mktemp("units"))


@pytest.fixture(scope="session")
def osm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """*Simulated* roads and buildings in the shape of OSM-layers, all over the scenes."""
    path = tmp_path_factory.mktemp("osm") / "OSM_simulated.gpkg"
    columns = [150.745 + 0.005 * step for step in range(14)]
    roads = [shapely.LineString([(x, -33.70), (x, -33.61)]) for x in columns]
    houses = [shapely.box(x, -33.685 + 0.005 * row, x + 0.0004, -33.6846 + 0.005 * row) for x in columns for row in range(13)]
    for first, layer, concept, shapes in ((1, "roads", "Road", roads), (1001, "buildings", "Building", houses)):
        ids = {"osm_id": range(first, first + len(shapes)), "osm_type": "way"}
        said = {"name": f"{layer} (simulated)", "class": "made up", "concept": concept, "SIMULATED": 1}
        gpd.GeoDataFrame({**ids, **said}, geometry=shapes, crs="EPSG:4326").to_file(path, layer=layer, engine="pyogrio")
    return path


@pytest.fixture(scope="session")
def assessed(scenes: Path, units: Path, osm: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result, list[Progress]]:
    """Folder with store and results of a whole run, and what it told meanwhile."""
    folder, told = tmp_path_factory.mktemp("assessed"), list[Progress]()
    given = {"scenes": scenes, "start": "2021-03-15", "end": "2021-03-25", "aoi": TUTORIAL_AOI, "coverage": 0.5, "units": units, "osm": osm}
    result = run_recorded(SPEC, {**given, "store": folder / "store", "output_path": folder / "out"}, progress=told.append)
    return folder, result, told


class Archive:
    """A STAC API that pages by two, is busy once, and whose assets are the files in a folder; it notes what it was asked.

    Attributes:
        items: what it has.
        answers: path → status, or body, that is given instead of the file.
        asked: how often each path was asked for.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.items = folder, list[dict[str, Any]]()
        self.answers: dict[str, int | bytes] = {}
        self.asked: Counter[str] = Counter()
        self.busy = {"2"}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        archive = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = archive.answer(self.path)
                self.send_response(status)
                self.send_header("Retry-After", "0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep the test output clean."""

        return Handler

    def answer(self, target: str) -> tuple[int, bytes]:
        path = unquote(urlsplit(target).path)
        self.asked[path] += 1
        if path == "/search":
            return self._page(target)
        given = self.answers.get(path, 0)
        if isinstance(given, bytes):
            return 200, given
        file = self.folder / path.lstrip("/")
        return (given, b"no") if given else (200, file.read_bytes()) if file.is_file() else (404, b"nothing here")

    def _page(self, target: str) -> tuple[int, bytes]:
        said = {name: value[0] for name, value in parse_qs(urlsplit(target).query).items()}
        page = said.get("page", "1")
        if page in self.busy:
            self.busy.remove(page)
            return 503, b"later"
        first = 2 * int(page) - 2
        more = [{"rel": "next", "href": f"{self.address}/search?page={int(page) + 1}"}] if len(self.items) > first + 2 else []
        return 200, json.dumps({"type": "FeatureCollection", "features": self.items[first : first + 2], "links": more}).encode()

    def add(self, item: dict[str, Any], path: str, **said: Any) -> dict[str, Any]:
        """List a product whose one asset is a file of the folder; ``said`` are further properties."""
        asset = {"href": f"{self.address}/{quote(path)}", "type": "application/zip", "roles": ["data"]}
        plain = {name: value for name, value in item["properties"].items() if name != "title" and not name.startswith("earthweave:")}
        listed = {**item, "properties": {**plain, **said}, "assets": {"product": asset}, "links": []}
        self.items.append(listed)
        return listed


@pytest.fixture(scope="session")
def described(scenes: Path) -> list[dict[str, Any]]:
    """The two scenes as STAC items, the earlier one first."""
    listed: list[dict[str, Any]] = items(FolderCatalogue(scenes).search(Search()))["features"]
    return listed


@pytest.fixture(scope="session")
def packed(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each of the two scenes as a zip, and the folders themselves below ``files``."""
    folder = tmp_path_factory.mktemp("packed")
    for scene in scenes.iterdir():
        with zipfile.ZipFile(folder / f"{scene.stem}.zip", "w") as archive:
            for path in sorted(one for one in scene.rglob("*") if one.is_file()):
                archive.write(path, path.relative_to(scenes))
    (folder / "files").symlink_to(scenes)
    return folder


@pytest.fixture
def archive(packed: Path, described: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    """An archive with the two scenes that may be asked, behind a cloudy one, a scene of another tile, and one of the day before."""
    made = Archive(packed)
    before, after = described
    made.add({**after, "id": "cloudy"}, "cloudy.zip", **{"eo:cloud_cover": 80.0, "datetime": "2021-03-26T00:00:00Z"})
    made.add({**before, "id": "aside"}, "aside.zip", **{"grid:code": "MGRS-56HLH", "datetime": "2021-03-14T12:00:00Z"})
    made.add({**before, "id": "earlier"}, f"{before['id']}.zip", **{"datetime": "2021-03-14T02:00:00Z"})
    for item in (before, after):
        made.add(item, f"{item['id']}.zip", **{"earthweave:catalogue": "cdse"})
    monkeypatch.setenv("EARTHWEAVE_CATALOGUE_ALLOW", f"{made.address}/")
    yield made
    made.close()
