"""Every reader for most of a second, on texts made of its seeds; ``python -m tests.fuzz`` does the same for as long as one likes."""

from __future__ import annotations

import random
import time

import pytest

from tests.fuzz import readers
from tests.fuzz.readers import READERS, Fault, Reader, mutations, tried

PART = 0.8


@pytest.mark.parametrize("name", READERS)
def test_no_text_brings_about_more_than_an_error_of_ours(name: str) -> None:
    end, texts = time.process_time() + PART, mutations(READERS[name], random.Random(name))
    count = 0
    while time.process_time() < end:
        tried(READERS[name], next(texts))
        count += 1
    assert count > 10


@pytest.mark.parametrize("name", READERS)
def test_the_seeds_are_read_or_refused(name: str) -> None:
    for seed in READERS[name].seeds:
        tried(READERS[name], seed)


def test_what_is_no_error_of_ours_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> None:
        raise KeyError(text)

    with pytest.raises(KeyError):
        tried(Reader(broken, ("",), ()), "a")
    monkeypatch.setattr(readers, "SECONDS", 0.01)
    with pytest.raises(Fault, match=" s for 'a'"):
        tried(Reader(lambda _: sum(range(10**7)), ("",), ()), "a")
