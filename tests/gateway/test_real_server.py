"""The same requests to the gateway in this process, and to `ascolto run gateway` with a Kafka."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from kafka import KafkaConsumer, TopicPartition

from infra.embedded.broker import EmbeddedBroker
from infra.embedded.processes import free_port
from infra.gateway.keys import KeyFile
from infra.kafka.admin import ensure_topics
from infra.kafka.cluster import Cluster
from schemas.topics import MOST_EVENT_BYTES, PAYMENT_RECEIVED
from tests.gateway.served import BATCH, STRUCTURED, as_json, payment, serve
from tests.waiting import ended, wait_for

PARTITIONS = 2


@dataclass
class Running:
    """A gateway, what has reached Kafka, and what its log says."""

    client: httpx.AsyncClient
    payments: Callable[[], list[bytes]]
    recordings: Path
    keys: Path


@dataclass
class Process:
    """`ascolto run gateway`, which logs to a file."""

    process: subprocess.Popen[bytes]
    url: str
    folder: Path
    bootstrap: str

    def log(self) -> str:
        return (self.folder / "log").read_text()


def consumed(bootstrap: str) -> list[bytes]:
    """The values in the topic of payments."""
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    places = [TopicPartition(PAYMENT_RECEIVED.name, number) for number in range(PARTITIONS)]
    consumer.assign(places)
    consumer.seek_to_beginning()
    ends = consumer.end_offsets(places)
    found = []
    while any(consumer.position(place) < ends[place] for place in places):
        for records in consumer.poll(timeout_ms=200).values():
            found += [record.value for record in records]
    consumer.close()
    return found


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedBroker]:
    embedded = EmbeddedBroker(tmp_path_factory.mktemp("broker") / "broker.log")
    embedded.start()
    ensure_topics(Cluster(embedded.bootstrap), PARTITIONS, [])
    yield embedded
    embedded.stop()


def start(folder: Path, bootstrap: str, timeout: str = "60") -> Process:
    """Start a gateway; it answers when this returns."""
    port = free_port()
    (folder / "recordings").mkdir(exist_ok=True)
    environment = {name: v for name, v in os.environ.items() if not name.startswith("ASCOLTO_")}
    environment |= {
        "ASCOLTO_HOME": str(folder),
        "ASCOLTO_KAFKA": bootstrap,
        "ASCOLTO_RECORDINGS": str(folder / "recordings"),
        "ASCOLTO_GATEWAY_TIMEOUT": timeout,
        "ASCOLTO_GATEWAY_RATE": "1000",
    }
    command = [sys.executable, "-m", "infra.cli.main", "run", "gateway", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None, (folder / "log").read_text()
        try:
            return httpx.get(f"{url}/healthz").status_code in (200, 503)
        except httpx.TransportError:
            return False

    wait_for(answers, every=0.2)
    return Process(process, url, folder, bootstrap)


def stop(process: Process) -> int:
    process.process.send_signal(signal.SIGTERM)
    return ended(process.process)


@pytest.fixture(scope="module")
def process(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    running = start(tmp_path_factory.mktemp("gateway"), broker.bootstrap)
    wait_for(lambda: httpx.get(f"{running.url}/healthz").status_code == 200, every=0.2)
    yield running
    assert stop(running) == 0
    assert "Traceback" not in running.log()


@pytest.fixture(params=["in-process", "uvicorn"])
async def running(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Running]:
    if request.param == "in-process":
        served = serve(tmp_path)
        yield Running(served.client, lambda: served.sent, served.recordings, served.keys.path)
        return
    process: Process = request.getfixturevalue("process")
    keys = process.folder / "data" / "gateway-keys.json"
    token = served_key(keys, request.node.name)
    before = len(consumed(process.bootstrap))
    async with httpx.AsyncClient(base_url=process.url, timeout=120) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield Running(
            client,
            lambda: consumed(process.bootstrap)[before:],
            process.folder / "recordings",
            keys,
        )


def served_key(keys: Path, name: str) -> str:
    """A key made by the command."""
    from typer.testing import CliRunner

    from infra.cli.main import app

    plain = "".join(letter if letter.isalnum() else "-" for letter in name)[:60]
    words = ["keys", "add", plain, "--client", "luce", "--keys", str(keys)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


async def test_events_are_in_kafka_when_they_are_accepted(running: Running) -> None:
    body = as_json(payment(101))
    headers = {"Content-Type": STRUCTURED}
    answer = await running.client.post("/v1/events", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1})
    assert running.payments() == [body]
    assert "server" not in answer.headers


async def test_many_requests_at_once_are_all_there(running: Running) -> None:
    async def sending(number: int) -> int:
        batch = as_json([payment(1000 + number * 10 + each) for each in range(5)])
        headers = {"Content-Type": BATCH}
        answer = await running.client.post("/v1/events", content=batch, headers=headers)
        return answer.status_code

    assert set(await asyncio.gather(*map(sending, range(40)))) == {202}
    assert len(set(running.payments())) == 200


async def test_refusals(running: Running) -> None:
    client, body = running.client, as_json(payment(102))
    headers = {"Content-Type": STRUCTURED}
    assert (await client.post("/v1/events", content=b"{", headers=headers)).status_code == 400
    unknown = {**headers, "Authorization": "Bearer x"}
    assert (await client.post("/v1/events", content=body, headers=unknown)).status_code == 401
    other = as_json(payment(103, client_id="acqua"))
    assert (await client.post("/v1/events", content=other, headers=headers)).status_code == 403
    assert (await client.get("/v1/events")).status_code == 405
    assert (await client.post("/v1/events", content=body, headers=headers)).status_code == 202
    conflict = as_json(payment(102, amount="1"))
    assert (await client.post("/v1/events", content=conflict, headers=headers)).status_code == 409
    large = b" " * (MOST_EVENT_BYTES + 1)
    assert (await client.post("/v1/events", content=large, headers=headers)).status_code == 413
    assert (await client.post("/v1/events", content=body)).status_code == 415
    assert running.payments() == [body]


async def test_a_recording_is_stored(running: Running, request: pytest.FixtureRequest) -> None:
    content = os.urandom(90_000)
    name = f"2026/{request.node.callspec.id}.wav"
    answer = await running.client.put(f"/v1/recordings/{name}", content=content)
    assert answer.status_code == 201
    assert (running.recordings / answer.json()["uri"]).read_bytes() == content
    assert (await running.client.put(f"/v1/recordings/{name}", content=content)).status_code == 200


async def test_the_description_is_served_to_everybody(running: Running) -> None:
    answer = await running.client.get("/openapi.json", headers={"Authorization": ""})
    assert answer.json()["openapi"].startswith("3.1")


async def test_a_revoked_key_is_refused_at_once(running: Running) -> None:
    body, headers = as_json(payment(104)), {"Content-Type": STRUCTURED}
    assert (
        await running.client.post("/v1/events", content=body, headers=headers)
    ).status_code == 202
    for key in KeyFile(running.keys).read():
        KeyFile(running.keys).revoke(key.name)
    assert (
        await running.client.post("/v1/events", content=body, headers=headers)
    ).status_code == 401


def raw(url: str, request: bytes) -> bytes:
    """The answer to bytes that no HTTP library would send."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
            if b"}" in answer:
                break
    return answer


@pytest.mark.parametrize(
    "path",
    [
        b"/v1/recordings/../../x.wav",
        b"/v1/recordings/a/../../x.wav",
        b"/v1/recordings/%2e%2e/%2e%2e/x.wav",
        b"/v1/recordings//etc/x.wav",
    ],
)
def test_paths_that_climb_reach_nothing(process: Process, path: bytes) -> None:
    token = served_key(process.folder / "data" / "gateway-keys.json", f"climb{abs(hash(path))}")
    head = b"PUT %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 1\r\n\r\nx"
    answer = raw(process.url, head % (path, token.encode()))
    assert answer.split(b" ")[1] == b"400"
    assert not list(process.folder.rglob("x.wav"))


def test_a_body_announced_as_too_large_is_not_waited_for(process: Process) -> None:
    token = served_key(process.folder / "data" / "gateway-keys.json", "announced")
    head = (
        f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: {STRUCTURED}\r\nContent-Length: 99999999999999\r\n\r\n"
    )
    answer = raw(process.url, head.encode())
    assert answer.split(b" ")[1] == b"413"


def test_a_refusal_can_be_read_while_the_body_is_still_sent(process: Process) -> None:
    for size in (3_000_000, 12_000_000):
        answer = httpx.post(f"{process.url}/v1/events", content=b"x" * size, timeout=60)
        assert answer.status_code == 401


def test_the_log_holds_nothing_of_what_was_sent(process: Process) -> None:
    raw(process.url, b"GET /zq9zq9 HTTP/1.1\r\nHost: zq9zq9\r\nX: zq9zq9\r\n\r\n")
    raw(process.url, b"zq9zq9 zq9zq9\r\n\r\n")
    wait_for(lambda: "GET (no such path) 404" in process.log())
    assert "zq9zq9" not in process.log()
    assert "pay-" not in process.log()


async def test_without_kafka_it_says_so_and_takes_events_when_it_is_back(tmp_path: Path) -> None:
    broker = EmbeddedBroker(tmp_path / "broker.log")
    broker.start()
    ensure_topics(Cluster(broker.bootstrap), PARTITIONS, [])
    process = start(tmp_path, broker.bootstrap, timeout="2")
    token = served_key(tmp_path / "data" / "gateway-keys.json", "billing")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": STRUCTURED}
    async with httpx.AsyncClient(base_url=process.url, headers=headers, timeout=120) as client:

        async def status(number: int) -> int:
            body = as_json(payment(number))
            return (await client.post("/v1/events", content=body)).status_code

        answered = [await status(1)]
        while answered[-1] == 503 and len(answered) < 100:
            await asyncio.sleep(0.2)
            answered.append(await status(1))
        assert answered[-1] == 202
        broker.stop()
        assert await status(2) == 503
        assert (await client.get("/healthz")).status_code == 503
    assert stop(process) == 0
    assert "does not confirm messages" in process.log()
