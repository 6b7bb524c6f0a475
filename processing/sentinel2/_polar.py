"""Change vectors straight from the numbers of two scenes: offset, quantification, normalisation and whitening in one pass.

All of them are linear, so they fold into three constants per band; amplitude and angle follow while a strip of pixels is in the
processor's cache. The same as `amplitude` and `angle` of whitened differences, but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._cva import ChangeStatistics, signed

Array = np.ndarray[Any, Any]
_STRIP = 16_384
"""Pixels that are worked on at a time."""


@dataclass(frozen=True)
class Scale:
    """How the numbers of a scene become reflectance, one value per band: ``(number + offset) / quantification``."""

    offset: Array
    quantification: Array

    def reflectance(self, numbers: Array) -> Array:
        """Of samples (bands, pixels), float64."""
        scaled: Array = (numbers + self.offset[:, None]) / self.quantification[:, None]
        return scaled


@dataclass(frozen=True)
class Vectors:
    """Change vectors as a linear function of numbers: ``mixing @ (second · x₂ − first · x₁ − constant)``, all float32."""

    first: Array
    second: Array
    constant: Array
    mixing: Array | None

    @classmethod
    def of(cls, found: ChangeStatistics, first: Scale, second: Scale) -> Vectors:
        """Fold what is known of two scenes."""
        one, other = 1 / (first.quantification * found.sigma), 1 / (second.quantification * found.gain * found.sigma)
        moved = found.bias / (found.gain * found.sigma) + found.median / found.sigma
        constant = moved + first.offset * one - second.offset * other
        mixing = None if found.mixing is None else found.mixing.astype(np.float32)
        return cls(one.astype(np.float32), other.astype(np.float32), constant.astype(np.float32), mixing)

    def polar(self, first: Array, second: Array, reference: Array, out: Array | None = None) -> Array:
        """Amplitude and angle to ``reference`` (2, …) float32 of numbers (bands, …) of any type; into ``out`` if it is given.

        Angles as `angle`; NaN where there is no vector, both where a number is NaN.
        """
        made = np.empty((2, *first.shape[1:]), np.float32) if out is None else out
        length, direction = made.reshape(2, -1)
        one, other = first.reshape(len(first), -1), second.reshape(len(second), -1)
        unit = (reference / np.linalg.norm(reference)).astype(np.float32)
        work = np.empty((len(first) + 1, _STRIP), np.float32)
        with np.errstate(invalid="ignore", divide="ignore"):
            for start in range(0, one.shape[1], _STRIP):
                part = slice(start, start + _STRIP)
                vectors, spare = self._strip(one[:, part], other[:, part], work)
                _polar(vectors, unit, spare, length[part], direction[part])
        return made

    def _strip(self, first: Array, second: Array, work: Array) -> tuple[Array, Array]:
        vectors, spare = work[:-1, : first.shape[1]], work[-1, : first.shape[1]]
        for band, vector in enumerate(vectors):
            vector[...] = second[band]
            vector *= self.second[band]
            spare[...] = first[band]
            spare *= self.first[band]
            vector -= spare
            vector -= self.constant[band]
        return vectors if self.mixing is None else self.mixing @ vectors, spare


def _polar(vectors: Array, unit: Array, spare: Array, length: Array, direction: Array) -> None:
    np.multiply(vectors[0], vectors[0], out=length)
    np.multiply(vectors[0], unit[0], out=direction)
    for vector, share in zip(vectors[1:], unit[1:], strict=True):
        np.multiply(vector, vector, out=spare)
        length += spare
        np.multiply(vector, share, out=spare)
        direction += spare
    np.sqrt(length, out=length)
    if len(vectors) == 2:
        direction[...] = signed(direction, vectors[1] * unit[0] - vectors[0] * unit[1])
        return
    direction /= length
    np.clip(direction, -1, 1, out=direction)
    np.arccos(direction, out=direction)
    direction *= np.float32(180 / np.pi)
