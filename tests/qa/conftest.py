"""What all tests of this room share."""

from __future__ import annotations

from datetime import date

import pytest


@pytest.fixture(scope="session")
def today() -> date:
    """The day that "yesterday" counts from."""
    return date(2026, 11, 20)
