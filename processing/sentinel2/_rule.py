"""What a change detection learns from a sample of both dates: their shift, gain, bias and noise, and where change begins."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from earthweave.ontology import ProcessingError

from ._cva import ChangeStatistics, amplitude, statistics
from ._job import Job, reference_vector
from ._pairs import Pair, PairStore
from ._parameters import Change
from ._polar import Vectors
from ._register import HALO, estimate_shift
from ._threshold import fit_mixture, otsu_threshold, threshold

Array = np.ndarray[Any, Any]
_SAMPLE = 400_000
"""Pixels, evenly spread, from which normalisation, noise and threshold are estimated."""
_FEW, _MORE = 2_000, 16
"""Valid ones among them that are too few to tell a noise by; then so many times as many pixels are looked at."""
_SHIFT_SAMPLE = 50_000
_NOTICED = 0.1
"""Pixels of shift from which on the second date is interpolated; less is within the geolocation of one product."""


@dataclass(frozen=True)
class Rule:
    """How a change vector is measured, and when it is change.

    Attributes:
        found: what makes the dates comparable.
        written, judged: the vectors whose amplitude is written, and those whose amplitude is compared with ``limit``.
        reference: direction from which angles are measured (bands).
        limit: amplitude above which a pixel has changed; infinite if none has.
        count: sectors of direction.
        method: what the limit rests on, for the record.
    """

    found: ChangeStatistics
    written: Vectors
    judged: Vectors
    reference: Array
    limit: float
    count: int
    method: dict[str, Any]


def find_shift(store: PairStore) -> tuple[float, float] | None:
    """The shift of the second date, None if it is not worth an interpolation or the image is too small to tell."""
    height, width = store.shape[2:]
    if min(height, width) < 16 * HALO:
        return None
    step = _step(height, width, _SHIFT_SAMPLE)
    found = estimate_shift(lambda row, col: store.lattice(0, step, HALO, (row, col)), lambda row, col: Pair(store, (row, col)).second(step))
    return found if math.hypot(*found) >= _NOTICED else None


def find_rule(p: Change, job: Job, pair: Pair) -> Rule:
    """Estimate everything else; raises `ProcessingError` if fewer than ten pixels are valid, or all amplitudes are alike."""
    reference = reference_vector(p, len(job.names))
    numbers = _sampled(job, pair)
    if numbers[0].shape[1] < 10:
        raise ProcessingError(
            "the scenes have no valid pixels in common",
            why=f"{numbers[0].shape[1]} pixels are left after masks and area of interest",
            way_out="check that both scenes cover the area, or use --cloudmask none",
        )
    first, second = (scale.reflectance(values.astype(np.float64)) for scale, values in zip(job.scales, numbers, strict=True))
    quantum = 1 / max(float(scale.quantification.max()) for scale in job.scales)
    found = statistics(first, second, normalise=p.normalisation, quantum=quantum, whitening=p.whitening)
    written = found if p.units == "sigma" else found.plain
    limit, method = _limit(p, amplitude(written.whiten(written.difference(first, second))), len(job.names))
    vectors = Vectors.of(written, *job.scales)
    # the quantile is one of σ, whatever is written
    judged = Vectors.of(found, *job.scales) if p.threshold == "chi2" and written is not found else vectors
    return Rule(found, vectors, judged, reference, limit, p.number_of_classes, method)


def _sampled(job: Job, pair: Pair) -> tuple[Array, Array]:
    """Numbers of both dates at a sample of the valid pixels (bands, pixels); a denser one where masks leave little."""
    sizes = job.grid.height, job.grid.width
    numbers = pair.sample(_step(*sizes, _SAMPLE))
    return numbers if numbers[0].shape[1] >= _FEW else pair.sample(_step(*sizes, _MORE * _SAMPLE))


def _step(height: int, width: int, count: int) -> int:
    """Take every so many-th pixel both ways for about ``count`` of them."""
    return max(1, math.ceil(math.sqrt(height * width / count)))


def _limit(p: Change, lengths: Array, bands: int) -> tuple[float, dict[str, Any]]:
    """The amplitude above which a pixel has changed, and what it rests on."""
    if p.threshold == "otsu":
        return otsu_threshold(lengths), {"method": "otsu"}
    if p.threshold == "fixed":
        return p.threshold_value, {"method": "fixed"}
    if p.threshold == "chi2":
        return threshold(bands, p.level_confidence), {"method": "chi2", "confidence": p.level_confidence}
    mixture = fit_mixture(lengths, bands)
    fitted = {name: round(getattr(mixture, name), 6) for name in ("share", "noise", "change", "spread")}
    limit = mixture.threshold(p.level_confidence, 2 * float(lengths.max()))
    return limit, {"method": "rayleigh-rice", "confidence": p.level_confidence, **fitted}
