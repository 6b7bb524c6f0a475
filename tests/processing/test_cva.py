"""Change vector analysis against vectors worked out by hand, and against the distribution it claims."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi, chi2, ncx2

from earthweave.ontology import ProcessingError
from earthweave.processing.raster import otsu_split
from earthweave.processing.sentinel2 import (
    ChangeStatistics,
    Mixture,
    Scale,
    Vectors,
    amplitude,
    angle,
    classes,
    fit_mixture,
    otsu_threshold,
    statistics,
    threshold,
)
from earthweave.processing.sentinel2._normalise import unchanged
from earthweave.processing.sentinel2._register import HALO, estimate_shift, moved, taps


@pytest.mark.parametrize(
    ("vector", "reference", "expected"),
    [
        ((1, 1, 1), (1, 1, 1), 0),
        ((-2, -2, -2), (1, 1, 1), 180),
        ((1, -1, 0), (1, 1, 1), 90),
        ((1, 0, 0), (1, 1, 1), 54.735610),
        ((0, 0, 5), (0, 0, 2), 0),
        ((1, 0), (1, 0), 0),
        ((0, 3), (1, 0), 90),
        ((0, -3), (1, 0), -90),
        ((-1, 0), (1, 0), -180),
        ((1, 0), (1, 1), -45),
        ((1, 1, 1, 1), (1, 0, 0, 0), 60),
    ],
)
def test_angles_by_hand(vector: tuple[float, ...], reference: tuple[float, ...], expected: float) -> None:
    white = np.array(vector, np.float64)[:, None]
    assert angle(white, np.array(reference, float))[0] == pytest.approx(expected, abs=1e-5)


def test_angle_of_no_change_is_undefined() -> None:
    assert np.isnan(angle(np.zeros((3, 1)), np.ones(3))[0])
    assert np.isnan(angle(np.zeros((2, 1)), np.ones(2))[0])


def test_amplitude_is_the_length() -> None:
    assert amplitude(np.array([[3.0, 0.0], [4.0, 0.0]])).tolist() == [5.0, 0.0]


@pytest.mark.parametrize(
    ("bands", "confidence", "expected"),
    [(2, 0.95, 2.45), (2, 0.999, 3.72), (3, 0.95, 2.80), (3, 0.99, 3.37), (3, 0.999, 4.03), (4, 0.999, 4.30)],
)
def test_threshold_is_the_chi_square_quantile(bands: int, confidence: float, expected: float) -> None:
    assert threshold(bands, confidence) == pytest.approx(expected, abs=0.005)
    assert threshold(bands, confidence) == pytest.approx(np.sqrt(chi2.ppf(confidence, bands)), rel=1e-10)


def test_classes_are_equal_sectors_above_the_threshold() -> None:
    length = np.array([5, 5, 5, 5, 5, 4, 3.9])
    direction = np.array([0, 22.4, 22.5, 179.9, 180, 90, 90])
    assert classes(length, direction, 4.0, 8, 3).tolist() == [1, 1, 2, 8, 8, 0, 0]
    assert classes(np.full(4, 9.0), np.array([-180, -1, 0, 179.0]), 4.0, 4, 2).tolist() == [1, 2, 3, 4]


@given(arrays(np.float64, (3, 40), elements=st.floats(-10, 10)), st.floats(0.1, 50))
def test_direction_does_not_depend_on_length_nor_length_on_sign(white: np.ndarray, factor: float) -> None:
    white = np.where(np.abs(white) < 1e-3, 0, white)
    reference = np.array([1.0, 2.0, -0.5])
    np.testing.assert_allclose(angle(white * factor, reference), angle(white, reference), atol=1e-3)
    np.testing.assert_allclose(amplitude(white * factor), amplitude(white) * factor, rtol=1e-9)
    np.testing.assert_array_equal(amplitude(-white), amplitude(white))
    np.testing.assert_allclose(angle(-white, reference), 180 - angle(white, reference), atol=1e-3)


def test_normalisation_finds_the_line_though_a_third_has_changed() -> None:
    rng = np.random.default_rng(3)
    first = rng.uniform(0.02, 0.4, (3, 30_000))
    gain, bias = np.array([0.9, 1.1, 0.97]), np.array([0.02, -0.01, 0.004])
    second = gain[:, None] * first + bias[:, None] + rng.normal(0, 0.002, first.shape)
    second[:, :10_000] += np.array([0.05, 0.08, -0.15])[:, None] * rng.uniform(0.5, 1, 10_000)
    found = statistics(first, second, quantum=1e-4)
    np.testing.assert_allclose(found.gain, gain, atol=0.01)
    np.testing.assert_allclose(found.bias, bias, atol=0.003)


@pytest.mark.parametrize("confidence", [0.9, 0.99, 0.999])
@pytest.mark.parametrize("bands", [2, 3, 4])
def test_false_alarms_are_as_many_as_the_confidence_says(bands: int, confidence: float) -> None:
    """Unchanged ground under another sun and haze, noise unlike in every band: the share above the threshold is 1 − confidence ± 20 %."""
    rng = np.random.default_rng(bands)
    count = 400_000
    ground = rng.uniform(0.05, 0.35, (bands, count))
    noise = np.array([0.003, 0.004, 0.008, 0.006])[:bands, None]
    first = ground + noise * rng.standard_normal((bands, count))
    second = 0.95 * ground + 0.01 + noise * rng.standard_normal((bands, count))
    found = statistics(first, second, quantum=1e-4)
    length = amplitude(found.whiten(found.difference(first, second)))
    rate = float((length > threshold(bands, confidence)).mean())
    assert rate == pytest.approx(1 - confidence, rel=0.2)


def test_equal_images_have_no_change_and_no_division_by_zero() -> None:
    first = np.random.default_rng(0).uniform(0, 1, (3, 100))
    found = statistics(first, first, quantum=1e-4)
    np.testing.assert_allclose(amplitude(found.whiten(found.difference(first, first))), 0, atol=1e-9)
    np.testing.assert_allclose(found.sigma, 1e-4 / np.sqrt(6))


@given(st.integers(2, 5), st.integers(0, 2**32 - 1), st.booleans())
def test_vectors_from_numbers_are_those_from_reflectances(bands: int, seed: int, mixed: bool) -> None:
    """One pass over the numbers gives what normalisation, whitening, length and angle give one after the other."""
    rng = np.random.default_rng(seed)
    first, second = rng.integers(1, 12_000, (2, bands, 30, 7)).astype(np.uint16)
    scales = [Scale(rng.choice([-1000.0, 0.0], bands), rng.choice([10_000.0, 5_000.0], bands)) for _ in range(2)]
    found = ChangeStatistics(
        rng.uniform(0.8, 1.2, bands),
        rng.uniform(-0.1, 0.1, bands),
        rng.uniform(-0.1, 0.1, bands),
        rng.uniform(0.003, 0.02, bands),
        np.eye(bands) + rng.uniform(-0.2, 0.2, (bands, bands)) if mixed else None,
    )
    reference = rng.uniform(0.2, 1, bands)
    made = Vectors.of(found, *scales).polar(first, second, reference)
    flat = [scale.reflectance(numbers.reshape(bands, -1).astype(float)) for scale, numbers in zip(scales, (first, second), strict=True)]
    white = found.whiten(found.difference(*flat))
    length = amplitude(white)
    np.testing.assert_allclose(made[0].ravel(), length, rtol=1e-5, atol=1e-3)
    clear = length > 5
    away = made[1].ravel()[clear] - angle(white, reference)[clear]
    np.testing.assert_allclose((away + 180) % 360 - 180, 0, atol=0.05)


def test_vectors_of_equal_or_missing_numbers() -> None:
    scale = Scale(np.full(3, -1000.0), np.full(3, 10_000.0))
    vectors = Vectors.of(ChangeStatistics(np.ones(3), np.zeros(3), np.zeros(3), np.full(3, 0.003)), scale, scale)
    numbers = np.full((3, 4), 2345, np.float32)
    other = numbers.copy()
    other[0, 3] = np.nan
    length, direction = vectors.polar(numbers, other, np.ones(3))
    assert length[:3].tolist() == [0, 0, 0] and np.isnan(length[3])
    assert np.isnan(direction).all()


def test_unchanged_pixels_are_told_by_irmad() -> None:
    """Linear air and noise on 60 % of the pixels, anything on the others."""
    rng = np.random.default_rng(8)
    first = rng.uniform(0.02, 0.4, (3, 20_000))
    second = 0.9 * first + 0.02 + rng.normal(0, 0.003, first.shape)
    second[:, 12_000:] = rng.uniform(0.02, 0.4, (3, 8_000))
    probable = unchanged(first, second)
    assert probable[:12_000].mean() > 0.4 and (probable[12_000:] > 0.1).mean() < 0.01
    found = statistics(first, second, normalise="irmad", quantum=1e-4)
    np.testing.assert_allclose(found.gain, 0.9, atol=0.005)
    np.testing.assert_allclose(found.bias, 0.02, atol=0.002)


def test_full_whitening_takes_the_correlation_out() -> None:
    """Noise that all bands share: per band the lengths are no chi law, whitened in full they are, and a band stays nearest to itself."""
    rng = np.random.default_rng(4)
    first = rng.uniform(0.05, 0.35, (3, 300_000))
    second = first + rng.normal(0, 0.004, first.shape) + rng.normal(0, 0.006, first.shape[1])
    rates, mixings = [], []
    for whitening in ("band", "full"):
        found = statistics(first, second, normalise="none", quantum=1e-4, whitening=whitening)
        rates.append(float((amplitude(found.whiten(found.difference(first, second))) > threshold(3, 0.99)).mean()))
        mixings.append(found.mixing)
    assert rates[0] > 0.02
    assert rates[1] == pytest.approx(0.01, rel=0.2)
    assert mixings[0] is None
    assert (np.argmax(np.abs(mixings[1]), axis=1) == [0, 1, 2]).all()


@pytest.mark.parametrize("bands", [2, 3, 4])
def test_mixture_densities_are_chi_and_noncentral_chi(bands: int) -> None:
    lengths = np.linspace(0.1, 12, 60)
    mixture = Mixture(bands, 0.3, 1.2, 6.0, 1.5)
    still = 0.7 * chi.pdf(lengths / 1.2, bands) / 1.2
    gone = 0.3 * ncx2.pdf((lengths / 1.5) ** 2, bands, (6.0 / 1.5) ** 2) * 2 * lengths / 1.5**2
    np.testing.assert_allclose(mixture.posterior(lengths), gone / (still + gone), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("bands", [2, 3])
def test_mixture_is_found_and_its_posterior_is_one(bands: int) -> None:
    """A tenth has changed by 6 σ in all directions: parameters come back, and above the threshold of 0.9 nine tenths have changed."""
    rng = np.random.default_rng(bands)
    white = rng.standard_normal((bands, 200_000))
    toward = rng.standard_normal((bands, 20_000))
    white[:, :20_000] += 5 * toward / np.linalg.norm(toward, axis=0)
    lengths = amplitude(white)
    found = fit_mixture(lengths, bands)
    assert (found.share, found.noise, found.change, found.spread) == pytest.approx((0.1, 1, 5, 1), rel=0.05)
    limit = found.threshold(0.9, float(lengths.max()))
    near = np.abs(lengths - limit) < 0.05
    assert near[:20_000].sum() / near.sum() == pytest.approx(0.9, abs=0.04)
    assert 3 < otsu_threshold(lengths) < 5


def test_amplitudes_that_are_alike_have_no_threshold() -> None:
    for find in (otsu_threshold, lambda lengths: fit_mixture(lengths, 3)):
        with pytest.raises(ProcessingError, match="no threshold"):
            find(np.zeros(100))


def test_a_mixture_of_mostly_equal_pixels_is_found() -> None:
    """Nine tenths have not changed at all: their noise is none, and what has changed is told from it."""
    lengths = np.zeros(10_000)
    lengths[:1000] = np.linspace(5, 8, 1000)
    found = fit_mixture(lengths, 3)
    assert found.share == pytest.approx(0.1, rel=0.01)
    assert 0 < found.threshold(0.999, 16) < 5


@pytest.mark.parametrize("far", [400, 4000])
def test_clouds_far_beyond_the_noise_do_not_blur_the_mixture(far: float) -> None:
    rng = np.random.default_rng(1)
    lengths = np.linalg.norm(rng.standard_normal((3, 100_000)), axis=0)
    lengths[:5_000] += far
    found = fit_mixture(lengths, 3)
    assert found.share == pytest.approx(0.05, rel=0.01)
    assert found.noise == pytest.approx(1, rel=0.02)


def test_full_whitening_of_equal_images_makes_no_change_of_rounding() -> None:
    """Two thirds are equal on both dates, the rest differs by a number or two: nothing is further than rounding makes it."""
    rng = np.random.default_rng(6)
    first = rng.integers(1000, 4000, (3, 9_000)) / 10_000
    second = first + np.where(np.arange(9_000) < 6_000, 0, rng.integers(-2, 3, first.shape)) / 10_000
    band, full = (statistics(first, second, normalise="none", quantum=1e-4, whitening=way) for way in ("band", "full"))
    lengths = [amplitude(found.whiten(found.difference(first, second))) for found in (band, full)]
    np.testing.assert_allclose(lengths[1], lengths[0], rtol=0.05)
    assert lengths[1].max() < 10


def test_otsu_by_hand() -> None:
    assert otsu_split(np.array([5, 4, 0, 0, 3, 6]), np.arange(7.0)) == 2
    assert np.isnan(otsu_split(np.array([0, 7, 0]), np.arange(4.0)))


@given(st.floats(-1.9, 1.9), st.floats(-1.9, 1.9))
def test_interpolation_is_exact_for_planes(down: float, right: float) -> None:
    rows, cols = np.mgrid[-HALO : 8 + HALO, -HALO : 9 + HALO].astype(np.float32)
    image = (0.5 * rows - 0.25 * cols)[None]
    inner = (0.5 * (rows + down) - 0.25 * (cols + right))[None, HALO:-HALO, HALO:-HALO]
    np.testing.assert_allclose(moved(image, (down, right)), inner, atol=1e-4)
    assert sum(weight for _, weight in taps(down)) == pytest.approx(1)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.3, 0.0), (-0.8, 1.4), (3.5, 0.0)])
def test_shift_is_estimated_though_a_part_has_changed(shift: tuple[float, float]) -> None:
    """A smooth field, seen again elsewhere, brighter, with noise and a changed quarter; beyond two pixels none is believed."""
    rng = np.random.default_rng(5)
    waves = rng.uniform(0.1, 0.5, (12, 2)) * rng.choice([-1, 1], (12, 2))
    rows, cols = np.mgrid[0:160, 0:160].astype(float)

    def field(down: float, right: float) -> np.ndarray:
        return sum(np.sin(a * (rows - down) + b * (cols - right) + 7 * a) for a, b in waves)[None]

    first, second = field(0, 0), 1.1 * field(*shift) + 0.3 + rng.normal(0, 0.05, (1, 160, 160))
    second[:, :80, :80] += 3 * rng.random((80, 80)) + 2

    def beside(row: int, col: int) -> np.ndarray:
        return moved(first, (row, col)).reshape(1, -1)

    found = estimate_shift(beside, lambda row, col: moved(second, (row, col)).reshape(1, -1))
    np.testing.assert_allclose(found, shift if shift[0] < 2 else (0, 0), atol=0.03)
