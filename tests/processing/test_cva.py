"""Change vector analysis against vectors worked out by hand, and against the distribution it claims."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import chi2

from earthweave.processing.sentinel2 import amplitude, angle, classes, statistics, threshold


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
    found = statistics(first, second, normalise=True, quantum=1e-4)
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
    found = statistics(first, second, normalise=True, quantum=1e-4)
    length = amplitude(found.whiten(found.difference(first, second)))
    rate = float((length > threshold(bands, confidence)).mean())
    assert rate == pytest.approx(1 - confidence, rel=0.2)


def test_equal_images_have_no_change_and_no_division_by_zero() -> None:
    first = np.random.default_rng(0).uniform(0, 1, (3, 100))
    found = statistics(first, first, normalise=True, quantum=1e-4)
    np.testing.assert_allclose(amplitude(found.whiten(found.difference(first, first))), 0, atol=1e-9)
    np.testing.assert_allclose(found.sigma, 1e-4 / np.sqrt(6))
