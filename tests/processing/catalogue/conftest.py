"""Recorded replies of real catalogues, and small catalogues of our own that page as the real ones do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

Parameters = Sequence[tuple[str, str]]
Reply = tuple[int, Mapping[str, str], bytes]


@dataclass
class Desk:
    """A transport that answers by a function of path and parameters, and notes what it was asked."""

    answer: Callable[[str, dict[str, str]], Any]
    asked: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)

    def get(self, url: str, params: Parameters = ()) -> Reply:
        self.asked.append((url, list(params)))
        parts = urlsplit(url)
        found = self.answer(parts.path, {**dict(parse_qsl(parts.query)), **dict(params)})
        if isinstance(found, tuple):
            return found
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        return 200, {"content-type": "application/json"}, body


@pytest.fixture
def desk() -> type[Desk]:
    """The class of transports that tests answer themselves."""
    return Desk


@pytest.fixture(scope="session")
def replies(shared: Path) -> Path:
    """Folder of replies that the authors of EODAG recorded."""
    return shared / "data/catalog/CS-SI+eodag/tests/resources/provider_responses"


@pytest.fixture(scope="session")
def cassettes(shared: Path) -> Callable[[str], list[bytes]]:
    """``cassettes(name)`` → bodies of the replies that the authors of sentinelsat recorded."""
    import gzip

    import yaml

    def read(name: str) -> list[bytes]:
        folder = shared / "data/catalog/sentinelsat+sentinelsat/tests/fixtures/vcr_cassettes"
        recorded = yaml.load((folder / f"{name}.yaml").read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        bodies = [one["response"]["body"]["string"] for one in recorded["interactions"]]
        return [gzip.decompress(one) if isinstance(one, bytes) else one.encode() for one in bodies]

    return read
