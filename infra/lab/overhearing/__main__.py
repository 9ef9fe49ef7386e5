"""`python -m infra.lab.overhearing`: speak calls over synthetic telephone lines, and overhear them.

overhear    speak the calls or the rating exchanges of a split, transcribe them, and add their
            texts to material/overheard (needs festival); those already there are not made again
measure     what is lost between the words said and overheard: word errors, ratings, scores
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from infra.lab.overhearing.measuring import (
    invented_figures,
    other_answers,
    rating_figures,
    score_figures,
    word_error_figures,
)
from infra.lab.overhearing.overheard import OVERHEARD, overhear, rows_of
from infra.lab.overhearing.scripts import calls, rating_exchanges
from infra.scoring.catalogue import scorer_of
from infra.transcription.transcriber import WhisperTranscriber


def main() -> int:
    """Run the command of the arguments; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.lab.overhearing", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    hearing = commands.add_parser("overhear")
    hearing.add_argument("split", choices=["train", "test"])
    hearing.add_argument("what", choices=["calls", "ratings"])
    hearing.add_argument("--most", type=int, default=24, help="calls of each author (default 24)")
    hearing.add_argument("--out", type=Path, help="instead of material/overheard/SPLIT_WHAT.jsonl")
    measuring = commands.add_parser("measure")
    measuring.add_argument("what", choices=["calls", "ratings", "scores"])
    measuring.add_argument("--split", choices=["train", "test"], default="test")
    given = parser.parse_args()
    return _overhear(given) if given.command == "overhear" else _measure(given)


QUESTION = "Da zero a dieci, che voto dà?"


def _measure(given: argparse.Namespace) -> int:
    if given.what == "scores":
        figures = list(score_figures(scorer_of("encoder")))
    else:
        rows = rows_of(given.what, given.split)
        figures = list(word_error_figures(rows))
        if given.what == "ratings":
            invented, n = invented_figures(other_answers(rows), QUESTION)
            figures += rating_figures(rows)
            figures.append(("a rating by its sound in what is no answer", f"{invented} of {n}"))
    for name, value in figures:
        print(f"{name:64}{value}")
    return 0


def _overhear(given: argparse.Namespace) -> int:
    made = {row["id"] for row in rows_of(given.what, given.split)}
    every = (
        calls(given.split, given.most) if given.what == "calls" else rating_exchanges(given.split)
    )
    scripts = [script for script in every if script.name not in made]
    target = given.out or OVERHEARD / f"{given.split}_{given.what}.jsonl"
    with target.open("a", encoding="utf-8") as file:
        for row in overhear(scripts, given.split, WhisperTranscriber()):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
