"""What is known of a real store."""

from __future__ import annotations

import pytest

from earthweave.qa.knowledge import Knowledge
from tests.qa.knowledge.real import learned


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return learned(tmp_path_factory)[1]
