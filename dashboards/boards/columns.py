"""Columns that several tables have."""

from __future__ import annotations

from dashboards.boards.tiles import Column, Kind, Target

AGENCY_ID = Column("agency_id", Kind.TEXT, 0, hidden=True)
"""What links name an agency by."""

AGENCY = (Column("agency", Kind.TEXT, 130, link=Target.AGENCY, grows=True), AGENCY_ID)


def text(name: str, width: int, words: str | None = None) -> Column:
    """A short text."""
    return Column(name, Kind.TEXT, width, words=words)


def time(name: str) -> Column:
    """A date and a time of day."""
    return Column(name, Kind.TIME, 150)


def sample(name: str = "n", title: str | None = None) -> Column:
    """An n, on grey where it is small."""
    return Column(name, Kind.COUNT, 80, title=title, sample=True)


def count(name: str, width: int = 90, title: str | None = None) -> Column:
    """A number that is no sample."""
    return Column(name, Kind.COUNT, width, title=title)


def spread(name: str, title: str = "column.interval") -> Column:
    """An interval's ends, as one text."""
    return Column(name, Kind.TEXT, 110, title=title)
