"""S2-CD beside truth and beside SAGA: as many false alarms as the confidence says, changes found, and the same vectors as its tool."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from earthweave.processing import Result, run_service, service
from earthweave.processing.sentinel2 import threshold
from earthweave.processing.simulate import KnownChange, known_change

from .conftest import read

Array = np.ndarray[Any, Any]


def _run(case: KnownChange, folder: Path, **said: Any) -> Result:
    given = {"input1": case.before, "input2": case.after, "bands": "B3,B4,B8A", "resolution": 20, "output_path": folder}
    return run_service(service("s2-cd"), given | said)


def _share(result: Result) -> float:
    figures = result.report["figures"]
    return float(figures["changed_pixels"] / figures["valid_pixels"])


@pytest.fixture(scope="module", params=[3, 4])
def unchanged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> KnownChange:
    return known_change(tmp_path_factory.mktemp("unchanged"), changes=False, size=480, seed=request.param)


@pytest.mark.parametrize(
    ("said", "bands"),
    [({}, 3), ({"normalisation": "irmad"}, 3), ({"whitening": "full"}, 3), ({"bands": "B3,B8A"}, 2)],
    ids=["robust", "irmad", "full", "two bands"],
)
def test_false_alarms_are_as_many_as_the_confidence_says(unchanged: KnownChange, said: dict[str, Any], bands: int, tmp_path: Path) -> None:
    """Nothing has changed but sun, air and noise: 1 − confidence of the pixels are called changed, within a fifth."""
    result = _run(unchanged, tmp_path / "o", level_confidence=0.999, **said)
    assert _share(result) == pytest.approx(0.001, rel=0.2)
    lengths = read(result.layers[0].path)
    for confidence in (0.8, 0.9, 0.95, 0.99):
        assert (lengths > threshold(bands, confidence)).mean() == pytest.approx(1 - confidence, rel=0.2)


def test_the_confidence_is_one_of_sigma_whatever_is_written(unchanged: KnownChange, tmp_path: Path) -> None:
    result = _run(unchanged, tmp_path / "o", level_confidence=0.99, units="reflectance")
    assert _share(result) == pytest.approx(0.01, rel=0.2)
    assert np.median(read(result.layers[0].path)) < 0.02


def test_mixture_calls_nothing_changed_where_nothing_is(unchanged: KnownChange, tmp_path: Path) -> None:
    """Its confidence is a probability of change, not a share of the unchanged: without change there is none to find."""
    result = _run(unchanged, tmp_path / "o", threshold="rayleigh-rice", bands="B3,B8A", level_confidence=0.9)
    assert _share(result) <= 0.1 * 0.1
    assert result.report["figures"]["method"]["noise"] == pytest.approx(1, abs=0.02)


def _f1(case: KnownChange, result: Result) -> float:
    classes = read(result.layers[1].path)
    found = (classes > 0) & (classes < 255)
    return float(2 * (found & case.changed).sum() / (found.sum() + case.changed.sum()))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("disturbed", "least"),
    [
        ({}, 0.95),
        ({"haze": 0.05, "shift": (0.3, 0.0)}, 0.85),
        ({"haze": 0.05, "shift": (-0.21, 0.21)}, 0.85),
    ],
)
def test_changes_are_found(disturbed: dict[str, Any], least: float, seed: int, tmp_path: Path) -> None:
    """Flood, harvest and fire, with the defaults; 0.3 pixels of misregistration are found to a fifteenth of a pixel."""
    case = known_change(tmp_path / "pair", seed=seed, size=240, **disturbed)
    assert 0.1 < case.changed.mean() < 0.5
    result = _run(case, tmp_path / "o")
    assert _f1(case, result) >= least
    np.testing.assert_allclose(result.report["figures"]["shift"], disturbed.get("shift", (0, 0)), atol=0.07)


@pytest.mark.parametrize(
    "way", [{"threshold": "rayleigh-rice", "level_confidence": 0.9}, {"normalisation": "irmad"}, {"whitening": "full"}]
)
def test_changes_are_found_by_the_other_ways(way: dict[str, Any], tmp_path: Path) -> None:
    case = known_change(tmp_path / "pair", seed=2, size=240)
    assert _f1(case, _run(case, tmp_path / "o", **way)) >= 0.95


def test_shift_is_taken_out(tmp_path: Path) -> None:
    """Nothing has changed, but the second date lies beside the first: left there, edges are called changed."""
    case = known_change(tmp_path / "pair", changes=False, shift=(0.3, 0.2), size=240, seed=6)
    moved, left = (_share(_run(case, tmp_path / way, coregistration=way, level_confidence=0.99)) for way in ("shift", "none"))
    assert moved < 0.02 < 0.04 < left


def test_fixed_threshold_and_otsu(tmp_path: Path) -> None:
    """A fixed amplitude is compared in the units that are written; Otsu's lies between unchanged and changed."""
    case = known_change(tmp_path / "pair", seed=2, size=240)
    fixed = _run(case, tmp_path / "o", threshold="fixed", threshold_value=0.05, units="reflectance")
    assert ((read(fixed.layers[0].path) > 0.05) == (read(fixed.layers[1].path) > 0)).all()
    otsu = _run(case, tmp_path / "o", threshold="otsu")
    assert threshold(3, 0.999) < otsu.report["figures"]["threshold"] < np.median(read(otsu.layers[0].path)[case.changed])


@pytest.mark.parametrize("bands", [("B03", "B8A"), ("B03", "B04", "B8A")])
def test_vectors_are_those_of_saga(saga: str, bands: tuple[str, ...], tmp_path: Path) -> None:
    """Plain differences of reflectance. SAGA measures the distance of two states and the angle between them: the states are first both
    dates, then the reference vector and the difference; its angles have no sign."""
    case = known_change(tmp_path / "pair", seed=3, size=120)
    reference = np.arange(1.0, 1 + len(bands))
    plain = {"units": "reflectance", "normalisation": "none", "coregistration": "none"}
    made = _run(case, tmp_path / "o", bands=",".join(bands), reference_vector=",".join(map(str, reference)), **plain)
    length, turned = (read(made.layers[0].path, number).astype(np.float64) for number in (1, 2))
    first, second = (np.stack([_reflectance(product, band) for band in bands]) for product in (case.before, case.after))
    difference = second - first
    np.testing.assert_allclose(length, _saga(saga, first, second, tmp_path / "length")[0], rtol=1e-5, atol=1e-7)
    seen = _saga(saga, np.broadcast_to(reference[:, None, None], first.shape), difference, tmp_path / "angle")[1]
    moved = length > 0
    np.testing.assert_allclose(np.abs(turned)[moved], seen[moved], atol=0.01)
    if len(bands) == 2:
        sideways = reference[0] * difference[1] - reference[1] * difference[0]
        clear = moved & (np.abs(sideways) > 1e-6)
        np.testing.assert_array_equal(np.sign(turned)[clear], np.sign(sideways)[clear])


def _reflectance(product: Path, band: str) -> Array:
    return (read(next(product.rglob(f"*_{band}_20m.jp2"))).astype(np.float64) - 1000) / 10_000


def _saga(tool: str, first: Array, second: Array, folder: Path) -> tuple[Array, Array]:
    """Distance, and angle in degrees, of SAGA's Change Vector Analysis of two states (bands, rows, columns)."""
    folder.mkdir()
    states = []
    for name, state in (("a", first), ("b", second)):
        paths = [folder / f"{name}{number}.tif" for number in range(len(state))]
        for path, pixels in zip(paths, state, strict=True):
            size = {"height": pixels.shape[0], "width": pixels.shape[1], "count": 1}
            place = {"crs": "EPSG:32756", "transform": Affine(20, 0, 300_000, 0, -20, 6_280_000)}
            with rasterio.open(path, "w", driver="GTiff", dtype="float32", **size, **place) as dataset:
                dataset.write(pixels.astype(np.float32), 1)
        states.append(";".join(map(str, paths)))
    grids = folder / "distance.sgrd", folder / "angle.sgrd"
    command = [tool, "-c=1", "grid_analysis", "6", "-A", states[0], "-B", states[1], "-DIST", str(grids[0]), "-DIR", str(grids[1])]
    subprocess.run(command, check=True, capture_output=True)
    distance, direction = (read(grid.with_suffix(".sdat")).astype(np.float64) for grid in grids)
    return distance, direction
