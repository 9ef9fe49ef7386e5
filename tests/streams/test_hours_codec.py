"""Hourly sums without pydantic: the same bytes as with it, and the same refusals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import InvalidMessage, decode, encode
from schemas.derived import AgencyHours, HourCell
from streams.runtime.hours_codec import HoursOfAgency, HourSums, decode_hours, encode_hours

LABELS = st.text(max_size=8)
INTEGERS = st.integers(-(2**120), 2**120)
CELLS = st.builds(
    HourSums,
    segment=LABELS,
    hour_us=st.integers(0, 2**62),
    known_us=st.none() | st.integers(0, 2**62),
    sums=st.lists(INTEGERS, max_size=5),
)
HOURS = st.builds(
    HoursOfAgency,
    client_id=LABELS,
    agency_id=LABELS,
    cells=st.lists(CELLS, max_size=4).map(tuple),
)


def contract(hours: HoursOfAgency) -> AgencyHours:
    """The same, as the contract has it."""
    cells = tuple(
        HourCell(segment=c.segment, hour_us=c.hour_us, known_us=c.known_us, sums=c.sums)
        for c in hours.cells
    )
    return AgencyHours(client_id=hours.client_id, agency_id=hours.agency_id, cells=cells)


@given(HOURS)
def test_both_write_the_same_bytes_and_read_the_same_sums(hours: HoursOfAgency) -> None:
    raw = encode_hours(hours)
    assert raw == encode(contract(hours))
    assert decode_hours(raw) == hours
    assert decode(raw, AgencyHours) == contract(hours)


@pytest.mark.parametrize(
    ("cell", "sums"),
    [
        ('{"segment":"all","hour_us":5,"sums":{"calls":3}}', {"calls": 3}),
        ('{"segment":"all","hour_us":5,"sums":[3]}', [3]),
        ('{"segment":"all","hour_us":5,"sums":["3"]}', [3]),
    ],
    ids=["sums by name", "no time from which it is known", "a number in quotes"],
)
def test_what_the_contract_reads_is_read(cell: str, sums: object) -> None:
    """Older versions wrote the first two."""
    hours = decode_hours(b'{"client_id":"a","agency_id":"b","cells":[%s]}' % cell.encode())
    assert isinstance(hours, HoursOfAgency)
    assert [(c.known_us, c.sums) for c in hours.cells] == [(None, sums)]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"\xff",
        b"{",
        b'{"client_id":"a","agency_id":"b","cells":[{"segment":"all","hour_us":5,"sums":[1.5]}]}',
        b'{"client_id":"a","agency_id":"b","cells":[],"more":1}',
        b'{"client_id":"a\xff","agency_id":"b","cells":[]}',
    ],
)
def test_what_the_contract_refuses_is_refused_for_its_reason(raw: bytes) -> None:
    refused = decode_hours(raw)
    assert isinstance(refused, InvalidMessage)
    assert refused == decode(raw, AgencyHours)
