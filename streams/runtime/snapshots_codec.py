"""The messages of `agency-metrics`, read without pydantic.

`schemas.derived.Snapshots` remains the contract.
A backlog of months has some thousand snapshots of past days. What these types refuse is given to
pydantic, to be read or refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from schemas import derived
from schemas.codec import InvalidMessage, decode, encode
from schemas.figures import MetricWindow


class Interval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `schemas.derived.Interval`."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Correlation(Interval, frozen=True, forbid_unknown_fields=True):
    """A `schemas.derived.Correlation`."""

    p: float | None


class Mean(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `schemas.derived.Mean`."""

    value: float | None
    n: int
    n_inferred: int = 0


class Figures(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `schemas.derived.Figures`."""

    client_id: str
    agency_id: str
    segment: str
    window: MetricWindow
    as_of: Annotated[datetime, msgspec.Meta(tz=True)]
    calls: int
    nps: Interval
    nps_predicted: Interval
    aggression: Mean
    empathy: Mean
    sentiment: Mean
    churn_rate: Interval
    recovery_rate: Interval
    amount_recovered: float
    amount_recovered_units: int = 0
    churn_correlation: Correlation
    payment_correlation: Correlation


class Snapshots(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `schemas.derived.Snapshots`."""

    client_id: str
    agency_id: str
    figures: tuple[Figures, ...]


_DECODER = msgspec.json.Decoder(Snapshots)


def decode_snapshots(raw: bytes) -> Snapshots | InvalidMessage:
    """A message of `agency-metrics`, or why it is none; an older version wrote lone figures."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        read = decode(raw, derived.Snapshots)
    if isinstance(read, InvalidMessage):
        lone = decode(raw, derived.Figures)
        if isinstance(lone, InvalidMessage):
            return read
        who = {"client_id": lone.client_id, "agency_id": lone.agency_id}
        read = derived.Snapshots(**who, figures=(lone,))
    return _DECODER.decode(encode(read))
