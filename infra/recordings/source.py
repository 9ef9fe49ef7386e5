"""What a call's sound is read from: one file, or one for each side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Layout = Literal["stereo", "stereo-swapped", "mono", "tracks", "tracks-swapped", "separate"]
"""Who is where: `stereo` is operator left, customer right; `tracks` operator in the file's first
track, customer in the second; `-swapped` the other way round; `separate` a file for each."""


@dataclass(frozen=True)
class Source:
    """The files of one call.

    `customer` is the customer's file where the layout is `separate`; `path` is the operator's
    then. `format` describes sound without a header (`infra.recordings.file_formats.headerless`).
    """

    path: Path
    layout: Layout
    customer: Path | None = None
    format: str | None = None


@dataclass(frozen=True)
class Track:
    """One track of a file, counted from 1."""

    path: Path
    number: int = 1


def tracks_of(source: Source) -> tuple[Track, ...]:
    """The tracks that are read: one with all channels, or the operator's and the customer's."""
    if source.customer is not None:
        return Track(source.path), Track(source.customer)
    if source.layout == "tracks":
        return Track(source.path, 1), Track(source.path, 2)
    if source.layout == "tracks-swapped":
        return Track(source.path, 2), Track(source.path, 1)
    return (Track(source.path),)
