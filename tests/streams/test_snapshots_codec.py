"""Snapshots without pydantic: the same figures as with it, and the same refusals."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.event_time import to_us
from processors.metrics.from_sums import figures
from schemas.codec import InvalidMessage, decode, encode
from schemas.derived import Figures, Snapshots
from schemas.figures import MetricWindow
from schemas.rows import HOUR_SUMS
from streams.runtime.snapshots_codec import decode_snapshots

AS_OF = to_us(datetime(2026, 3, 1, 7, tzinfo=UTC))
SUMS = st.dictionaries(st.sampled_from(HOUR_SUMS), st.integers(0, 2**70))
LONE = st.builds(
    lambda window, sums: figures("acqua", "aurora", "all", window, AS_OF, sums),
    st.sampled_from(MetricWindow),
    SUMS,
)


@given(st.lists(LONE, max_size=3))
def test_both_read_the_same(some: list[Figures]) -> None:
    event = Snapshots(client_id="acqua", agency_id="aurora", figures=tuple(some))
    read = decode_snapshots(encode(event))
    assert not isinstance(read, InvalidMessage)
    assert decode(msgspec.json.encode(read), Snapshots) == event


@given(LONE)
def test_lone_figures_of_an_older_version_are_read(lone: Figures) -> None:
    read = decode_snapshots(encode(lone))
    assert not isinstance(read, InvalidMessage)
    assert [decode(msgspec.json.encode(each), Figures) for each in read.figures] == [lone]


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff", b'{"client_id":"a","agency_id":"b"}'])
def test_what_is_no_snapshot_is_refused_for_its_reason(raw: bytes) -> None:
    assert decode_snapshots(raw) == decode(raw, Snapshots)
