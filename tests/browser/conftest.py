"""A real store with a small simulated flood, the real server over it, and a real browser that may go nowhere else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.ops import substring
from waitress.server import create_server

from earthweave.ontology import EW, FLO, FLOOD, GADMO, GADMR, GEO, RDF, RDFS, XSD
from earthweave.server.api import PresetLayer, create_app
from earthweave.server.store import Limits, Store, open_store
from earthweave.server.workflows import tutorial_query

NAMES = (
    "Baulkham Hills - Central", "Baulkham Hills - North", "Blacktown - South-East", "Blacktown - North", "Blacktown - South-West",
    "Blue Mountains", "Hawkesbury", "Penrith - East", "Penrith - West",
)
SEEDS = (
    (150.98, -33.74), (150.98, -33.60), (150.92, -33.80), (150.87, -33.70), (150.83, -33.79),
    (150.52, -33.72), (150.62, -33.47), (150.76, -33.74), (150.69, -33.80),
)
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>'
FLAGS = [
    "--no-sandbox", "--headless=new", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
]


@dataclass(frozen=True)
class Scene:
    """The simulated flood as shapely knows it: the oracle of what the page must show."""

    units: dict[str, Any]
    floods: tuple[tuple[int, Any], ...]

    @property
    def flooded_units(self) -> set[str]:
        """Names of units that touch water."""
        return {name for name, unit in self.units.items() if any(unit.intersects(area) for _, area in self.floods)}


def simulated_scene() -> Scene:
    """Nine units that share borders, and sixty flooded areas: stretches of a river and of a creek."""
    box = shapely.box(150.40, -33.86, 151.05, -33.38)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(np.array(SEEDS)), extend_to=box))
    units = {}
    for name, seed in zip(NAMES, SEEDS, strict=True):
        cell = next(one for one in cells if one.contains(shapely.Point(seed)))
        units[name] = shapely.transform(shapely.segmentize(shapely.intersection(cell, box), 0.006), _bend)
    rng = np.random.default_rng(2021)
    course = [(150.66, -33.83), (150.68, -33.72), (150.73, -33.62), (150.83, -33.58), (150.90, -33.50), (150.99, -33.47)]
    river = _stretches(course, 40, rng)
    creek = _stretches([(150.90, -33.79), (150.85, -33.72), (150.86, -33.65), (150.82, -33.60)], 20, rng)
    return Scene(units, (*river, *creek))


def _bend(points: Any) -> Any:
    """Move points by a smooth function of their place, so that shared borders stay shared."""
    x, y = (points * 70.0).T
    return points + 0.006 * np.column_stack([np.sin(y) + 0.5 * np.sin(2.7 * y + x), np.sin(1.3 * x) + 0.5 * np.cos(3.1 * x - y)])


def _stretches(course: list[tuple[float, float]], count: int, rng: np.random.Generator) -> Iterator[tuple[int, Any]]:
    """Cut a river into stretches, each as wide as its flood is deep."""
    line = shapely.transform(shapely.segmentize(shapely.LineString(course), 0.001), _bend)
    for at in range(count):
        level = int(np.clip(11 + 6 * np.sin(at * 0.55) + rng.normal(0, 2.5), 3, 20))
        stretch = substring(line, at / count, (at + 0.94) / count, normalized=True)
        yield level, shapely.MultiPolygon(list(shapely.get_parts(stretch.buffer(0.0012 + 0.0004 * level, cap_style="flat"))))


def _wkt(geometry: Any) -> str:
    return str(shapely.to_wkt(geometry, rounding_precision=7))


def _triples(scene: Scene) -> Iterator[str]:
    """The tutorial's vocabulary; the floods write longitude first under EPSG:4326, as its own data do."""
    for number, (name, unit) in enumerate(scene.units.items()):
        iri, shape = f"{GADMR}unit{number}", f"{GADMR}Geometry/unit{number}"
        yield f"<{iri}> <{RDF.type}> <{GADMR.AdministrativeUnit}> , <{EW.AdministrativeUnit}> ; <{GADMO.hasName}> \"{name}\"@en ;"
        yield f' <{RDFS.label}> "{name}"@en ; <{GADMO.hasNationalLevel}> "3rdOrder" ; <{EW.unitLevel}> 3 ; <{EW.simulated}> true ;'
        yield f' <{GEO.hasGeometry}> <{shape}> . <{shape}> <{GEO.asWKT}> "{_wkt(unit)}"^^<{GEO.wktLiteral}> .'
    for number, (level, area) in enumerate(scene.floods):
        iri, shape = f"{FLOOD}flood_levels/id/{number}", f"{FLOOD}flood_levels/Geometry/{number}"
        yield f"<{iri}> <{RDF.type}> <{EW.FloodedArea}> , <{FLO.flood_levels}> ; <{FLO.has_floodLevel}> {level} ; <{EW.simulated}> true ;"
        for which, day in ((EW.phenomenonStart, 12), (EW.phenomenonEnd, 24)):
            yield f' <{which}> "2021-03-{day}T00:00:00Z"^^<{XSD.dateTime}> ;'
        yield f' <{GEO.hasGeometry}> <{shape}> ; <{GEO.hasDefaultGeometry}> <{shape}> . <{shape}> <{GEO.asWKT}> '
        yield f'"<http://www.opengis.net/def/crs/EPSG/0/4326> {_wkt(area)}"^^<{GEO.wktLiteral}> .'


def _hostile() -> Iterator[str]:
    text = HOSTILE.replace("\\", "\\\\").replace('"', '\\"')
    yield f'<http://example.org/bad> <{RDFS.label}> "{text}" ; <{RDFS.seeAlso}> <javascript:window.hacked=3> ;'
    yield f' <{RDFS.isDefinedBy}> <http://example.org/good> ;'
    yield f' <{GEO.hasGeometry}> <http://example.org/g> . <http://example.org/g> <{GEO.asWKT}> "POINT (10 50)"^^<{GEO.wktLiteral}> .'


@pytest.fixture(scope="session")
def scene() -> Scene:
    """What is in the store."""
    return simulated_scene()


@pytest.fixture(scope="session")
def loaded(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with the simulated scene, and one hostile thing beside it."""
    folder = tmp_path_factory.mktemp("flood")
    files = []
    for name, lines in (("scene", _triples(scene)), ("hostile", _hostile())):
        files.append(folder / f"{name}.ttl")
        files[-1].write_text("\n".join(lines), encoding="utf-8")
    with open_store(folder / "store") as store:
        store.load(files)
        yield store


def serve(app: Any) -> Iterator[str]:
    """Run an app with waitress on a free port; gives the address."""
    server = create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def questions(loaded: Store) -> Any:
    """The real question layer over the same store."""
    return pytest.importorskip("earthweave.server.questions").StoreAsker(loaded)


@pytest.fixture(scope="session")
def empty_handed(loaded: Store, questions: Any) -> Iterator[str]:
    """The server without preset layers: the tutorial's steps begin here."""
    yield from serve(create_app(loaded, questions=questions, banner="SIMULATED DATA"))


@pytest.fixture(scope="session")
def preset(loaded: Store, texts: dict[str, str]) -> Iterator[str]:
    """The server as the demo starts it: two layers when it opens, no questions."""
    layers = (
        PresetLayer("Administrative areas", texts["2a"], simulated=True),
        PresetLayer("Flooded areas", texts["2b"], colour="#1f6fb5", simulated=True),
    )
    yield from serve(create_app(loaded, layers=layers))


@pytest.fixture(scope="session")
def narrow(loaded: Store) -> Iterator[str]:
    """The server over the same store with a limit of five rows."""
    with open_store(loaded.path, limits=Limits(query_rows=5), create=False) as store:
        yield from serve(create_app(store))




@pytest.fixture(scope="session")
def texts() -> dict[str, str]:
    """The tutorial's queries as printed."""
    return {"2a": tutorial_query("query-2a"), "2b": tutorial_query("query-2b")}


@dataclass
class Watched:
    """A page and everything it must not do."""

    page: Any
    requests: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def open(self, address: str, **options: Any) -> Any:
        """Go there and wait until the page says that it is ready."""
        self.page.goto(address, **options)
        self.page.wait_for_selector("html[data-ready]", timeout=30_000)
        return self.page

    def assert_clean(self, origin: str) -> None:
        """No foreign request, no error on the console (a CSP violation is one), no dialog."""
        foreign = [url for url in self.requests if not url.startswith((f"{origin}/", f"blob:{origin}/", "data:"))]
        assert not foreign
        assert not self.console
        assert not self.dialogs


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Any]:
    """Chromium with software WebGL."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def watched(browser: Any, request: pytest.FixtureRequest) -> Iterator[Watched]:
    """A fresh page of 1280 × 800 whose requests, console and dialogs are recorded; ``mark.parametrize`` may give other options."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **getattr(request, "param", {})})
    page = context.new_page()
    seen = Watched(page)
    page.on("request", lambda sent: seen.requests.append(sent.url))
    page.on("console", lambda message: seen.console.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen.console.append(str(error)))
    page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
    yield seen
    context.close()
