"""Columns of texts against the same asked one by one."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earthweave.mapping.values import ill_formed, well_formed
from earthweave.ontology import XSD

DATATYPES = [str(one) for one in (XSD.integer, XSD.decimal, XSD.double, XSD.float, XSD.boolean, XSD.date, XSD.dateTime, XSD.time)]
PIECES = (["", "-"], [0, 2021, 12021], [0, 2, 13], [0, 31, 32], ["", "Z", "0"])
DAYS = st.builds("{}{:04}-{:02}-{:02}{}".format, *map(st.sampled_from, PIECES))
TEXTS = st.one_of(
    st.text("-+.0129", max_size=6), st.sampled_from(["true", "false", "True", "truefalse", "1e5", "0x1F", "nan", "INF", " 1", "9" * 30]),
    DAYS, DAYS.map("{}T10:00:00".format), st.integers().map(str), st.floats(allow_nan=False, allow_infinity=False).map(str), st.none(),
)  # fmt: skip


@pytest.mark.parametrize("datatype", DATATYPES)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4))
def test_a_column_is_as_well_formed_as_its_values(datatype: str, texts: list[str | None]) -> None:
    wanted = [text is not None and not well_formed(text, datatype) for text in texts]
    found = ill_formed(pa.array(texts, pa.string()), datatype)
    assert (found is None and not any(wanted)) or np.asarray(found.fill_null(False)).tolist() == wanted
