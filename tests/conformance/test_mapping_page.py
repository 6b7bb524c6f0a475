"""The page of conformance says of every mapping suite what a run of it gives."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance._databases import present
from tests.conformance.mapping import SUITES, missing, run

DATABASES = ("postgresql", "mariadb")


@pytest.mark.parametrize("name", SUITES)
def test_the_page_is_up_to_date(name: str, shared: Path) -> None:
    for kind in set(SUITES[name][1]) & set(DATABASES):
        present(kind)
    assert missing(name, run(name)) == [], "write it anew: python -m tests.conformance.mapping"


def test_a_page_that_is_out_of_date_is_seen() -> None:
    name = next(iter(SUITES))
    assert len(missing(name, [("a", "passed", ""), ("b", "failed", "no such reason")])) == 2
