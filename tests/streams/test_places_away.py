"""`transcribe` while places are away, slow or hostile: their calls wait, the others go on."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from infra.places.access import Access, Accesses
from infra.places.failures import PlaceAway
from infra.places.locations import parse_location
from infra.places.remote import Limits, remote_places
from infra.recordings.fetching import RecordingFetcher
from infra.recordings.source import Source
from infra.recordings.spool import Spool
from infra.recordings.store import RecordingStore
from infra.transcription.transcriber import Transcription
from schemas.codec import decode, encode
from schemas.derived import CallTranscribed, DeadLetter
from schemas.topics import CALL_TRANSCRIBED, DEAD_LETTER
from streams.agents.place_waits import PlaceWaits
from streams.agents.transcribe import CallTranscriber, TranscribePorts, TranscribeSettings
from streams.runtime.dead_letters import DeadLetters
from streams.runtime.progress import Progress
from tests.places.servers import WebServer, body, web_server
from tests.streams.doubles import MemoryBroker, MemoryOutbox
from tests.streams.test_transcribing_agent import NAMES, TRANSCRIBED, call, stream
from tests.waiting import finished, until


class Reader:
    """A transcriber that takes note of what it reads."""

    def __init__(self) -> None:
        self.read: list[bytes] = []

    def transcribe(self, source: Source, *_: object) -> Transcription:
        self.read.append(source.path.read_bytes())
        return TRANSCRIBED


class Desk:
    """An agent, two places with servers of their own, and a directory of this machine."""

    def __init__(self, directory: Path, servers: ExitStack) -> None:
        self.directory = directory
        self.broker = MemoryBroker()
        self.reader = Reader()
        (directory / "here").mkdir()
        (directory / "here" / "local.wav").write_bytes(b"local")
        self.places = {}
        for name in ("first", "second"):
            (directory / name).mkdir()
            self.places[name] = servers.enter_context(web_server(directory / name))
        self.executor = ThreadPoolExecutor(2)
        self.spool = Spool(directory / "spool", 1 << 20)

    def url(self, place: str, name: str) -> str:
        return f"{self.places[place].url}/calls/{name}"

    def agent(self, **settings: Any) -> CallTranscriber:
        outbox, progress = MemoryOutbox(self.broker), Progress()
        local = RecordingStore([self.directory / "here"])
        accesses = Accesses(
            tuple(Access(url=each.url, private=True, ca=each.ca) for each in self.places.values())
        )
        locations = [parse_location(f"{each.url}/calls") for each in self.places.values()]
        ports = TranscribePorts(
            recordings=local,
            transcriber=self.reader,
            executor=self.executor,
            outbox=outbox,
            dead_letters=DeadLetters(outbox, progress),
            progress=progress,
            pseudonym_key=b"key",
            fetcher=RecordingFetcher(
                local, remote_places(locations, accesses), self.spool, Limits(10_000, 20.0)
            ),
        )
        given = {"attempts": 1, "first_delay": 0.05, "at_once": 2, **settings}
        return CallTranscriber(ports, TranscribeSettings(**given))

    def transcribed(self) -> set[str]:
        raws = self.broker.values(CALL_TRANSCRIBED.name)
        found = [decode(raw, CallTranscribed) for raw in raws]
        return {NAMES[one.call.event_id] for one in found if isinstance(one, CallTranscribed)}

    def letters(self) -> dict[str, str]:
        found = [decode(raw, DeadLetter) for raw in self.broker.values(DEAD_LETTER.name)]
        return {
            NAMES[one.event_id]: one.reason
            for one in found
            if isinstance(one, DeadLetter) and one.event_id
        }


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ExitStack() as servers:
        made = Desk(tmp_path, servers)
        yield made
        made.spool.close()
        made.executor.shutdown()


def serve(web: WebServer, *names: str) -> None:
    web.routes |= {f"/calls/{name}": body(name.encode()) for name in names}


async def test_a_place_that_is_away_is_waited_for_while_others_go_on(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "streams.agents.place_waits")
    serve(desk.places["first"], "a.wav", "b.wav", "c.wav")
    serve(desk.places["second"], "d.wav")
    desk.places["first"].stop()
    away = [call(name, desk.url("first", f"{name}.wav")) for name in ("a", "b", "c")]
    others = [call("local", "local.wav"), call("d", desk.url("second", "d.wav")), call("text")]
    events = stream(
        [encode(each) for each in (*away, *others)], [encode(call("later", "local.wav"))]
    )
    # Only one recording has room at a time, and no attempt is left for a missing one.
    await asyncio.wait_for(desk.agent(waiting=1).run(events), 120)
    await until(lambda: desk.transcribed() == {"local", "d", "text", "later"})
    assert events.acked == [], "they stand behind one that waits"
    desk.places["first"].start()
    await until(lambda: len(events.acked) == 7)
    assert desk.transcribed() == {"a", "b", "c", "local", "d", "text", "later"}
    assert desk.letters() == {}
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 2, lines
    assert "cannot be reached" in lines[0]
    assert "its recordings wait, others go on" in lines[0]
    assert "is back after" in lines[1]
    assert ".wav" not in "".join(lines)


async def test_one_recording_that_is_always_answered_503_keeps_no_other_from_its_place(
    desk: Desk,
) -> None:
    serve(desk.places["first"], *(f"{n}.wav" for n in range(6)))
    desk.places["first"].routes["/calls/bad.wav"] = body(b"", 503)
    agent = desk.agent(waiting=2)
    names = ["0", "bad", "1", "2", "3", "4", "5"]
    events = stream(*([encode(call(name, desk.url("first", f"{name}.wav")))] for name in names))
    await asyncio.wait_for(agent.run(events), 120)
    await until(lambda: desk.transcribed() == {"0", "1", "2", "3", "4", "5"})
    assert desk.letters() == {}
    serve(desk.places["first"], "bad.wav")
    await until(lambda: "bad" in desk.transcribed())


async def test_a_place_that_sends_nothing_holds_up_no_other(desk: Desk) -> None:
    go = threading.Event()

    def hang(request: BaseHTTPRequestHandler) -> None:
        go.wait()
        body(b"late")(request)

    desk.places["first"].otherwise = hang
    serve(desk.places["second"], "d.wav")
    slow = [call(f"slow{n}", desk.url("first", f"{n}.wav")) for n in range(8)]
    others = [call("local", "local.wav"), call("d", desk.url("second", "d.wav"))]
    events = stream([encode(each) for each in (*slow, *others)])
    running = asyncio.create_task(desk.agent().run(events))
    await until(lambda: desk.transcribed() == {"local", "d"})
    go.set()
    await finished(running)
    await until(lambda: len(events.acked) == 10)
    assert len(desk.transcribed()) == 10


async def test_what_is_wrong_with_a_recording_ends_as_its_dead_letter(desk: Desk) -> None:
    web = desk.places["first"]
    serve(web, "good.wav")
    web.routes |= {
        "/calls/redirect.wav": body(b"", 302, Location="https://127.0.0.1/"),
        "/calls/large.wav": body(bytes(10_001)),
        "/calls/short.wav": body(b"x", Content_Length="100"),
    }
    names = ["redirect", "large", "short", "gone", "good"]
    events = stream([encode(call(name, desk.url("first", f"{name}.wav"))) for name in names])
    await desk.agent(attempts=2).run(events)
    await until(lambda: len(events.acked) == 5)
    assert desk.transcribed() == {"good"}
    letters = desk.letters()
    assert "redirects" in letters["redirect"]
    assert "10000 bytes" in letters["large"]
    assert "whole" in letters["short"]
    assert "not (yet) there" in letters["gone"]
    assert [path for path, _ in web.asked].count("/calls/gone.wav") == 2, "attempts count here"
    assert [path for path, _ in web.asked].count("/calls/redirect.wav") == 1
    assert not list(desk.directory.rglob("spool/worker-*/*/*"))


async def test_who_waits_tries_in_turn_ever_more_rarely_and_all_go_on_together() -> None:
    now = [0.0]
    slept: list[float] = []
    tick = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await tick.wait()
        tick.clear()
        now[0] += seconds

    waits = PlaceWaits(2.0, sleep, lambda: now[0])
    tried: list[int] = []

    async def waiter(number: int) -> None:
        while waits.is_away("p"):
            await waits.turn("p")
            tried.append(number)
            if waits.is_away("p"):
                waits.went_away(PlaceAway("p: away", place="p"))

    waits.went_away(PlaceAway("p: away", place="p"))
    tasks = [asyncio.create_task(waiter(number)) for number in range(3)]
    await asyncio.sleep(0)  # All three wait.
    for turn in range(1, 8):
        await until(lambda turn=turn: len(slept) == turn)
        tick.set()
        await until(lambda turn=turn: len(tried) == turn)
    assert tried == [0, 1, 2, 0, 1, 2, 0]
    await until(lambda: len(slept) == 8)
    assert slept == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]
    waits.came_back("p")
    await asyncio.gather(*tasks)
    assert not waits.is_away("p")
    await waits.turn("p")
