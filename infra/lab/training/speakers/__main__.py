"""`python -m infra.lab.training.speakers`: who speaks in mono recordings, learned and measured.

learn       from material/train and material/overheard: writes processors/weights/speakers.npz
evaluate    the figures of docs/mono.md, on material/test and material/overheard/test.jsonl
overhear    synthesise, mix and transcribe calls of a split: adds to material/overheard (festival)
"""

from __future__ import annotations

import argparse
from pathlib import Path

from threadpoolctl import threadpool_limits

from infra.lab.training.material import FOLDER
from infra.lab.training.speakers.learning import learn, store
from infra.lab.training.speakers.material import written_calls
from infra.lab.training.speakers.measuring import figures
from infra.lab.training.speakers.overhearing import overhear, write
from infra.transcription.transcriber import WhisperTranscriber


def main() -> None:
    """Run the command of the arguments."""
    parser = argparse.ArgumentParser(
        prog="python -m infra.lab.training.speakers", description=__doc__
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("learn")
    commands.add_parser("evaluate")
    hearing = commands.add_parser("overhear")
    hearing.add_argument("split", choices=["train", "test"])
    hearing.add_argument("ids", nargs="+", help="of calls in material/SPLIT")
    hearing.add_argument("--out", type=Path, help="instead of material/overheard/SPLIT.jsonl")
    arguments = parser.parse_args()
    if arguments.command == "overhear":
        rows = [row for _, row in written_calls(arguments.split) if row["id"] in arguments.ids]
        target = arguments.out or FOLDER / "overheard" / f"{arguments.split}.jsonl"
        write(overhear(rows, arguments.split, WhisperTranscriber()), target)
        return
    # Sums of BLAS depend on the number of threads: one, so that the weights can be made again.
    with threadpool_limits(limits=1):
        if arguments.command == "learn":
            store(learn())
            return
        for name, value in figures():
            print(f"{name:72}{value}")


if __name__ == "__main__":
    main()
