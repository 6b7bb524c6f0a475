"""Sorting in memory and by distribution to the disk give what plain sorting gives."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from earthweave.server.store.snapshot import BITS, Tag
from earthweave.server.store.snapshot._sorting import Rows, joined, sorted_blocks, sorted_rows

TAGS = st.sampled_from([tag for tag in Tag if tag < Tag.SCRATCH])
PAYLOAD = st.integers(0, 3) | st.integers(0, 2**BITS - 1)
ID = st.integers(0, 5) | st.integers(0, 2**40) | st.builds(lambda tag, payload: (int(tag) << BITS) + payload, TAGS, PAYLOAD)
FLAGS = st.lists(st.booleans(), min_size=4, max_size=4)
STATEMENTS = st.lists(st.tuples(ID, ID, st.integers(0, 2) | st.just(2**31 - 1)), max_size=60)


def as_rows(statements: list[tuple[int, int, int]], graphs: bool) -> Rows:
    table = np.array(statements, dtype=np.int64).reshape(-1, 3)
    return Rows(table[:, 0].copy(), table[:, 1].copy(), table[:, 2].astype(np.int32) if graphs else None)


def as_list(rows: Rows) -> list[tuple[int, int, int]]:
    return list(zip(rows.key.tolist(), rows.value.tolist(), rows.graphs().tolist(), strict=True))


@given(statements=STATEMENTS, graphs=st.booleans())
def test_in_memory(statements: list[Any], graphs: bool) -> None:
    plain = statements if graphs else [(s, o, 0) for s, o, _ in statements]
    assert as_list(sorted_rows(as_rows(statements, graphs))) == sorted(set(plain))
    assert as_list(sorted_rows(as_rows(statements, graphs), distinct=False)) == sorted(plain)


@settings(deadline=None, max_examples=30)
@given(parts=st.lists(STATEMENTS, min_size=1, max_size=4), graphs=FLAGS, budget=st.integers(1, 20))
def test_on_the_disk(parts: list[list[Any]], graphs: list[bool], budget: int, tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("sorting")
    rows = [as_rows(part, flag) for part, flag in zip(parts, graphs, strict=False)]
    expected = sorted(set(as_list(joined(rows))))
    blocks = list(sorted_blocks(rows, budget, folder))
    assert [one for block in blocks for one in as_list(block)] == expected
    assert all(block.size <= budget for block in blocks)
    assert not list(folder.iterdir())
