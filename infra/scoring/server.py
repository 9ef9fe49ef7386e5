"""The scoring process: batches of `call-transcribed` on stdin, their outcomes on stdout.

`python -m infra.scoring.server --scorer NAME` is started by the analytics worker
(`infra/scoring/client.py`), to have an interpreter of its own. It ends at the end of its stdin, and
so with the worker, however that ends.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import signal
import sys
import traceback
from collections.abc import Sequence
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
from infra.scoring.warm_up import warm_up
from processors.attempts.answering import with_machine_turns
from processors.inferred_speakers import COUNTED, Counting
from processors.scoring.bounded import bounded
from processors.scoring.call import Conversation, score_calls
from processors.scoring.scorer import TurnReader
from processors.transcript.doubts import SPEAKERS_INFERRED
from schemas.codec import InvalidMessage, decode, encode
from schemas.conversation import SpeakerSource
from schemas.derived import CallScored, CallTranscribed

TOGETHER = 32
"""Calls that are scored together: their sentences fill the encoder's groups."""


def outcomes_of(
    values: Sequence[bytes], reader: TurnReader, counting: Counting = COUNTED
) -> list[Outcome]:
    """The outcome of each message of `call-transcribed`: the same for the same bytes.

    Raises an exception if scoring any of them does.
    """
    messages = [decode(value, CallTranscribed) for value in values]
    calls = [
        message
        for message in messages
        if isinstance(message, CallTranscribed) and message.attempt is None
    ]
    events = iter(scored(calls, reader, counting))
    outcomes: list[Outcome] = []
    for message in messages:
        if isinstance(message, InvalidMessage):
            outcomes.append(message)
        elif message.attempt is not None:
            outcomes.append(Attempted())
        else:
            event = next(events)
            outcomes.append(Scored(event.call.customer, encode(event)))
    return outcomes


def scored(
    transcribed: Sequence[CallTranscribed], reader: TurnReader, counting: Counting = COUNTED
) -> list[CallScored]:
    """Each conversation with its scores.

    One whose speakers were inferred has none where `counting` leaves such calls out.
    """
    turns = [with_machine_turns(each.turns) for each in transcribed]
    calls = [
        Conversation(
            said,
            each.call.language,
            survey_rating=None if each.survey is None else each.survey.rating,
            started_at=each.call.started_at,
            ended_at=each.call.ended_at,
            doubts=_doubts(each, counting),
        )
        for each, said in zip(transcribed, turns, strict=True)
    ]
    return [
        CallScored(
            call=each.call,
            turns=said,
            score=bounded(score),
            survey=each.survey,
            from_audio=each.from_audio,
            speakers=each.speakers,
        )
        for each, said, score in zip(transcribed, turns, score_calls(calls, reader), strict=True)
    ]


def _doubts(call: CallTranscribed, counting: Counting) -> list[str]:
    inferred = call.speakers is SpeakerSource.INFERRED
    if inferred and not counting.counted(call.call.client_id):
        return [*call.doubts, SPEAKERS_INFERRED]
    return call.doubts


def serve(
    reader: TurnReader, batches: BinaryIO, answers: BinaryIO, counting: Counting = COUNTED
) -> None:
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
        values = parts_of(body)
        results: list[Outcome | Failure] = []
        for first in range(0, len(values), TOGETHER):
            results += _results(values[first : first + TOGETHER], reader, counting)
        _write(answers, answer(results))


def _write(stream: BinaryIO, data: bytes) -> None:
    stream.write(data)
    stream.flush()


def _results(
    values: Sequence[bytes], reader: TurnReader, counting: Counting
) -> list[Outcome | Failure]:
    """The outcomes; where scoring one of them raises, it alone is a failure."""
    try:
        return [*outcomes_of(values, reader, counting)]
    except Exception as error:
        if len(values) > 1:
            return [result for value in values for result in _results([value], reader, counting)]
        # Without what the exception says: it may quote the words of a turn.
        where = "".join(traceback.format_tb(error.__traceback__))
        return [Failure(type(error).__name__, where)]


def run(reader: TurnReader, counting: Counting = COUNTED) -> None:
    """Serve this process's stdin and stdout until stdin ends; `reader` is warm before it says so.

    A signal meant for the worker may reach its group: this process ends after it, by its stdin.
    Whatever prints, prints to stderr.
    """
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, signal.SIG_IGN)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    with contextlib.suppress(BrokenPipeError), answers:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        warm_up(reader)
        # What is loaded by now stays: the collector need not go through it again and again.
        gc.freeze()
        serve(reader, sys.stdin.buffer, answers, counting)


def main() -> None:
    """The process's entry point."""
    parser = argparse.ArgumentParser(prog="python -m infra.scoring.server")
    parser.add_argument("--scorer", choices=get_args(ScorerName), required=True)
    parser.add_argument("--inferred-speakers", type=Counting.read, default=COUNTED)
    given = parser.parse_args()
    run(scorer_of(given.scorer), given.inferred_speakers)


if __name__ == "__main__":
    main()
