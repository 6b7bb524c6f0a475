"""Which texts of a column are not UTF-8, as decoding each by itself tells it."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from earthweave.mapping import Options
from earthweave.mapping.functions import Rows, Table
from earthweave.mapping.plan import Reference
from earthweave.mapping.values import Placement
from earthweave.ontology import CRS84

PIECES = st.sampled_from([b"a", "é".encode(), "é".encode()[:1], "é".encode()[1:], "€".encode()[:2], "€".encode()[2:], b"\xff", b""])
TEXTS = st.none() | st.lists(PIECES, max_size=4).map(b"".join)


def _decodable(blob: bytes | None) -> bool:
    try:
        (blob or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


@settings(max_examples=300)
@given(st.lists(TEXTS, max_size=12), st.integers(0, 3), st.booleans())
@example(["é".encode()[:1], b"", "é".encode()[1:]], 0, False)
def test_rows_that_are_not_utf_8_are_those_that_cannot_be_decoded(blobs: list[bytes | None], start: int, large: bool) -> None:
    whole = pa.array(blobs, pa.large_binary() if large else pa.binary())
    column = pa.Array.from_buffers(pa.large_string() if large else pa.string(), len(whole), whole.buffers())[start:]
    options = Options()
    table = Table("t", {"v": "v"}, None, Placement.of(CRS84, options), options, "http://e.org/")
    rows = Rows(table, pa.RecordBatch.from_arrays([column], ["v"]), 0)
    texts = rows.text(Reference("v"))[0].to_pylist()
    kept = blobs[start:]
    assert set(rows.bad) == {row for row, blob in enumerate(kept) if not _decodable(blob)}
    assert texts == [blob.decode() if blob is not None and _decodable(blob) else None for blob in kept]
