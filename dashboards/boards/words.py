"""The texts of the boards: those of a language, and a text for each segment."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from dashboards.texts import texts
from schemas.events import Channel, CustomerType, Service, Touchpoint
from schemas.figures import ALL, Dimension

_VALUES: Mapping[Dimension, type[StrEnum]] = {
    Dimension.SERVICE: Service,
    Dimension.TOUCHPOINT: Touchpoint,
    Dimension.CHANNEL: Channel,
    Dimension.CUSTOMER_TYPE: CustomerType,
}

SEGMENT_VALUE = "segment_value"
"""The prefix of the keys of segments' texts: `segment_value.channel=phone`, 'Canale: telefono'."""


def board_words(language: str) -> Mapping[str, str]:
    """All texts of the boards. Raises ValueError for a language there are no texts in."""
    words = texts(language)
    segments = {
        f"{SEGMENT_VALUE}.{dimension}={value}": (
            f"{words[f'segment.{dimension}']}: {words[f'value.{value}']}"
        )
        for dimension, values in _VALUES.items()
        for value in values
    }
    return {**words, **segments, f"{SEGMENT_VALUE}.{ALL}": words["segment.all"]}
