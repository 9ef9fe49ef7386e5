"""A note in the data directory while its figures do not follow from all events yet."""

from __future__ import annotations

import contextlib
from pathlib import Path


class Refilling:
    """The note of one data directory."""

    def __init__(self, data_dir: Path) -> None:
        self._file = data_dir / "refilling"

    def begin(self) -> None:
        """The figures are incomplete from now on."""
        self._file.write_text("")

    def reached(self, done: int, of: int) -> None:
        """So many events of the journal are taken in again."""
        self._file.write_text(f"{done} / {of}")

    def end(self) -> None:
        """The figures are complete."""
        self._file.unlink(missing_ok=True)

    @property
    def under_way(self) -> bool:
        """Whether the figures are incomplete."""
        return self._file.exists()

    @property
    def progress(self) -> str | None:
        """How far the journal is taken in again, for people; None: not under way."""
        with contextlib.suppress(FileNotFoundError):
            return self._file.read_text() or None
        return None
