"""A scoring process whose reader does what a call asks for.

Run as `python -m tests.streams.scripted_scoring DIRECTORY`; its pid is added to the file `pids`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.scoring.server import run
from processors.scoring.lexicon_scorer import LexiconReader
from processors.scoring.scorer import CallFeatures, TurnReading, Utterance

RAISE = "raise an error"
DIE = "die"
DIE_ONCE = "die once"
WAIT = "wait at the gate"


class Scripted:
    """The lexicons' reader, with mishaps: words of a turn that something else happens at."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._reader = LexiconReader()

    @property
    def version(self) -> str:
        return self._reader.version

    def read(self, turns: Sequence[Utterance], language: str) -> list[TurnReading]:
        print("a reader that prints spoils no answer", flush=True)
        with (self._directory / "languages").open("a") as file:
            print(language, file=file)
        said = [turn.text for turn in turns]
        if RAISE in said:
            raise KeyError(RAISE)
        if DIE in said or (DIE_ONCE in said and self._once()):
            os.kill(os.getpid(), signal.SIGKILL)
        if WAIT in said:
            (self._directory / "gate").read_bytes()
        return self._reader.read(turns, language)

    def expected_rating(self, call: CallFeatures) -> int | None:
        return self._reader.expected_rating(call)

    def _once(self) -> bool:
        """True when asked for the first time, in whichever process."""
        try:
            (self._directory / "died").touch(exist_ok=False)
        except FileExistsError:
            return False
        return True


def pids(directory: Path) -> list[int]:
    """The processes started there, in order."""
    return [int(line) for line in (directory / "pids").read_text().splitlines()]


if __name__ == "__main__":
    where = Path(sys.argv[1])
    with (where / "pids").open("a") as file:
        print(os.getpid(), file=file)
    run(Scripted(where))
