"""What Grafana's dashboards are made of: a board of tiles, each a query and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

ANY = "any"
"""The value of a choice that need not be made."""


class Kind(StrEnum):
    """What the values of a column, or of a chart's axis, are."""

    TEXT = "text"
    SENTENCES = "sentences"
    """Text over several lines."""
    TIME = "time"
    COUNT = "count"
    NPS = "nps"
    SCORE = "score"
    RATE = "rate"
    MONEY = "money"
    CORRELATION = "correlation"
    SECONDS = "seconds"
    DURATION = "duration"
    """Seconds, written as hours, minutes and seconds."""
    BYTES = "bytes"
    PER_SECOND = "per_second"


class Target(StrEnum):
    """Where a click on a value leads, with the choices that the reader has made."""

    AGENCY = "agency"
    """The agency's board."""
    DRIVER = "driver"
    """The conversations in which the driver is found."""
    CONVERSATIONS = "conversations"
    """The agency's conversations."""
    STORY = "story"
    """One conversation: its turns, and what happened after."""


class Source(StrEnum):
    """Where a tile's figures come from; its text is part of the tile's description."""

    SNAPSHOTS = "snapshots"
    HOURS = "hours"
    CALLS = "calls"
    ENGAGEMENTS = "engagements"
    ALERTS = "alerts"
    SURVIVAL = "survival"
    EVENTS = "events"
    DEAD_LETTERS = "dead_letters"
    ATTEMPTS = "attempts"
    SYSTEM = "system"
    WORKERS = "workers"


class Counted(StrEnum):
    """What the n of a tile counts; its text is part of the tile's description."""

    RATINGS = "ratings"
    CONVERSATIONS = "conversations"
    CUSTOMERS = "customers"
    MIXED = "mixed"
    """Each column says what its n counts."""
    ROWS = "rows"
    """Each row is one thing, so there is no sample."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    `title` is the key of its title, `column.NAME` if None. `words` is the prefix of the keys of
    its values' texts; with `listed`, a value is several of them, comma-separated.
    `width` is in pixels, or that of its title where it is wider; a column that `grows` takes what
    is left, and at least that.
    """

    name: str
    kind: Kind
    width: int
    title: str | None = None
    words: str | None = None
    listed: bool = False
    link: Target | None = None
    bar: str | None = None
    """The colour of a bar in the cell, whose length is the value between `low` and `high`."""
    low: float = 0
    high: float = 1
    sample: bool = False
    """True for an n: it is shown on grey below the smallest sample."""
    grows: bool = False
    hidden: bool = False


@dataclass(frozen=True)
class Table:
    """Rows and columns, in the order given."""

    columns: tuple[Column, ...]
    header: bool = True


@dataclass(frozen=True)
class Lines:
    """A line an agency over time; points with a small sample are apart, and joined to none.

    With `closed_days`, there are days without any value, as Sundays, over which a line goes on.
    """

    kind: Kind
    low: float
    high: float
    closed_days: bool = False


@dataclass(frozen=True)
class Band:
    """One agency's figure over time with its interval; likewise."""

    kind: Kind
    low: float
    high: float
    closed_days: bool = False


@dataclass(frozen=True)
class Points:
    """A point an agency: `x` and `y` are columns of the query."""

    x: str
    y: str
    kind: Kind
    x_title: str
    y_title: str
    n: str | None = None
    """SQL of what its value is made of: a small one is said beside the agency's name."""


@dataclass(frozen=True)
class Curves:
    """A curve an agency over a number of days; `x` and `y` are columns of the query."""

    x: str
    y: str
    kind: Kind
    x_title: str
    y_title: str
    n: str | None = None
    """SQL of what its value is made of: a small one is said beside the agency's name."""


@dataclass(frozen=True)
class Bars:
    """A bar an agency for each category; `category` and `value` are columns of the query."""

    category: str
    value: str
    kind: Kind
    words: str | None = None
    n: str | None = None
    """SQL of what its value is made of: a small one is said beside the agency's name."""


@dataclass(frozen=True)
class Counts:
    """Values over time, each column but `time` a line of its own; columns have titles."""

    kind: Kind
    columns: tuple[str, ...]
    stacked: bool = False


View = Table | Lines | Band | Points | Curves | Bars | Counts


@dataclass(frozen=True)
class Tile:
    """One panel of a board: `panel.ID.title` and `panel.ID.description` are its texts.

    `query` is a file of `dashboards/queries`, `figure` the column where it serves several.
    `constants` are the values of variables that the query has and the board has not. Of a variable
    in `optional`, the value `ANY` is the query's empty one, as Grafana's lists have no empty value.
    `width` is of 24 columns. With `by_agency`, the query gives an agency's id as `agency`.
    """

    id: str
    view: View
    query: str
    source: Source
    counted: Counted
    figure: str | None = None
    width: int = 12
    height: int = 8
    by_agency: bool = True
    empty: str = "ui.no_rows"
    constants: Mapping[str, str] = field(default_factory=dict)
    optional: tuple[str, ...] = ()


class Choice(StrEnum):
    """The variables of a board, in the order they are shown."""

    CLIENT = "client"
    WINDOW = "window"
    SEGMENT = "segment"
    AGENCIES = "agencies"
    """`agency`: several or all."""
    AGENCY = "agency"
    """`agency`: one."""
    DRIVER = "driver"
    CONVERSATION = "conversation"


@dataclass(frozen=True)
class Section:
    """Tiles under one heading, `section.ID`; in reading order."""

    id: str
    tiles: tuple[Tile, ...]


@dataclass(frozen=True)
class Board:
    """One dashboard: `board.ID.title` and `board.ID.description` are its texts."""

    id: str
    uid: str
    sections: tuple[Section, ...]
    choices: tuple[Choice, ...]
    refresh: str = "1m"
    """How often Grafana asks again; far longer than the queries take."""
    since: str = "now-90d"
    alerts_marked: bool = False
    """True where alerts are marked on the charts over time."""

    @property
    def tiles(self) -> tuple[Tile, ...]:
        """All tiles, in reading order."""
        return tuple(tile for section in self.sections for tile in section.tiles)
