"""The scoring process: batches of `call-transcribed` on stdin, their outcomes on stdout.

`python -m infra.scoring.server --scorer NAME` is started by the analytics worker
(`infra/scoring/client.py`), to have an interpreter of its own. It ends at the end of its stdin, and
so with the worker, however that ends.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import traceback
from typing import BinaryIO, get_args

from infra.scoring.catalogue import ScorerName, scorer_of
from infra.scoring.protocol import (
    LENGTH,
    Attempted,
    Failure,
    Outcome,
    Scored,
    answer,
    packed,
    parts_of,
)
from processors.attempts.answering import with_machine_turns
from processors.scoring.bounded import bounded
from processors.scoring.call import score_call
from processors.scoring.scorer import TurnReader
from schemas.codec import InvalidMessage, decode, encode
from schemas.derived import CallScored, CallTranscribed


def outcome_of(value: bytes, reader: TurnReader) -> Outcome:
    """The outcome of the message `value` of `call-transcribed`: the same for the same bytes."""
    transcribed = decode(value, CallTranscribed)
    if isinstance(transcribed, InvalidMessage):
        return transcribed
    if transcribed.attempt is not None:
        return Attempted()
    event = scored(transcribed, reader)
    return Scored(event.call.customer, encode(event))


def scored(transcribed: CallTranscribed, reader: TurnReader) -> CallScored:
    """`transcribed` with its scores."""
    survey, call = transcribed.survey, transcribed.call
    turns = with_machine_turns(transcribed.turns)
    return CallScored(
        call=call,
        turns=turns,
        score=bounded(
            score_call(
                turns,
                call.language,
                reader,
                survey_rating=None if survey is None else survey.rating,
                started_at=call.started_at,
                ended_at=call.ended_at,
                doubts=transcribed.doubts,
            )
        ),
        survey=survey,
        from_audio=transcribed.from_audio,
    )


def serve(reader: TurnReader, batches: BinaryIO, answers: BinaryIO) -> None:
    """Answer every batch, in order; returns when `batches` ends.

    Raises:
        BrokenPipeError: nobody takes the answers.
    """
    _write(answers, packed([]))
    while len(length := batches.read(LENGTH.size)) == LENGTH.size:
        size: int = LENGTH.unpack(length)[0]
        body = batches.read(size)
        if len(body) < size:
            return
        _write(answers, answer([_result(value, reader) for value in parts_of(body)]))


def _write(stream: BinaryIO, data: bytes) -> None:
    stream.write(data)
    stream.flush()


def _result(value: bytes, reader: TurnReader) -> Outcome | Failure:
    try:
        return outcome_of(value, reader)
    except Exception as error:
        # Without what the exception says: it may quote the words of a turn.
        where = "".join(traceback.format_tb(error.__traceback__))
        return Failure(type(error).__name__, where)


def run(reader: TurnReader) -> None:
    """Serve this process's stdin and stdout until stdin ends.

    A signal meant for the worker may reach its group: this process ends after it, by its stdin.
    Whatever prints, prints to stderr.
    """
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with contextlib.suppress(BrokenPipeError), answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        serve(reader, sys.stdin.buffer, answers)


def main() -> None:
    """The process's entry point."""
    parser = argparse.ArgumentParser(prog="python -m infra.scoring.server")
    parser.add_argument("--scorer", choices=get_args(ScorerName), required=True)
    run(scorer_of(parser.parse_args().scorer))


if __name__ == "__main__":
    main()
