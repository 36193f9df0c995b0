"""Whatever JSON stands in the known fields, a row is read or refused; nothing else is ever raised."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ugembed.records.uge.cases import CASE_FIELDS, parse_case
from ugembed.records.uge.items import ITEM_FIELDS, parse_item
from ugembed.records.uge.pairs import PAIR_FIELDS, parse_pair
from ugembed.records.uge.row import Row, RowError, decode_row

WORDS = st.sampled_from(
    ["a.jpg", "g.json", "<image>", "<graph> x", "", "user", "image", "text", "content", "stage2", "(1, 2)"]
)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 200)
    | st.floats(allow_nan=False)
    | WORDS
    | st.text("a,()\0", max_size=5)
)
KEYS = st.sampled_from(["role", "content", "type", "text", "image", "graph_url", "url", "lon", "lat", "heading_deg"])
TURNS = st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": WORDS}), max_size=2)
VALUES = TURNS | st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


@pytest.mark.parametrize(
    ("parse", "fields"), [(parse_pair, PAIR_FIELDS), (parse_case, CASE_FIELDS), (parse_item, ITEM_FIELDS)]
)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_json_is_read_or_refused(parse: Callable[[Row], Any], fields: frozenset[str], data: st.DataObject) -> None:
    values = data.draw(st.dictionaries(st.sampled_from(sorted(fields)), VALUES))
    row = decode_row(Path("rows.jsonl"), 3, orjson.dumps(values), lambda name, kind, field: Path(name))
    with suppress(RowError):
        assert parse(row) is not None
