"""What a table of the store is declared with."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Table:
    """A table's name, its columns in order, and the key that names a row."""

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    removable: bool = False
    """True where a row can be taken back (`is_deleted`)."""
    order: tuple[str, ...] = ()
    """How rows are sorted, where not by `key`: what is not of the key follows from it."""
    month: str | None = None
    """The time by whose month rows are apart (partitions); a column of `order`."""
    kept_days: int | None = None
    """Days after `at` for which rows are kept; None: for ever."""
    computed: dict[str, str] = field(default_factory=dict)
    """Columns that the store computes, for rows of every version, each with its expression."""

    @property
    def written(self) -> list[str]:
        """The columns that a row is written with, in order."""
        return [name for name in self.columns if name not in self.computed]

    @property
    def sorted_by(self) -> tuple[str, ...]:
        """The columns that rows are sorted by; rows that agree on them replace each other."""
        return self.order or self.key


LABEL = "LowCardinality(String)"
TIME = "DateTime64(6, 'UTC')"
HOUR = "DateTime('UTC')"
SCORE = "Nullable(Float64)"
FIGURE = "Nullable(Float64)"
VERSION = {"version": "UInt64"}

FIRST_WINS = 2**63
"""What is written once has this less the clock as its version, so that the first row stays."""
