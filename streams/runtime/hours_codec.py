"""The messages of `agency-hours`, read and written without pydantic.

They hold five cells an event, each with up to 32 integers of any size: with pydantic, a tenth of
what the analytics worker does. `schemas.derived.AgencyHours` remains the contract: the bytes are
those that it would write, and what these types refuse is given to it, to be read or refused.
"""

from __future__ import annotations

import msgspec

from schemas.codec import InvalidMessage, decode
from schemas.derived import AgencyHours


class HourSums(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `schemas.derived.HourCell`."""

    segment: str
    hour_us: int
    known_us: int | None
    sums: list[int] | dict[str, int]


class HoursOfAgency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `schemas.derived.AgencyHours`."""

    client_id: str
    agency_id: str
    cells: tuple[HourSums, ...]


_DECODER = msgspec.json.Decoder(HoursOfAgency)


def encode_hours(hours: HoursOfAgency) -> bytes:
    """`hours` as a message of `agency-hours`."""
    return msgspec.json.encode(hours)


def decode_hours(raw: bytes) -> HoursOfAgency | InvalidMessage:
    """A message of `agency-hours`, or why it is none."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        read = decode(raw, AgencyHours)
    if isinstance(read, InvalidMessage):
        return read
    return msgspec.convert(read.model_dump(), HoursOfAgency)
