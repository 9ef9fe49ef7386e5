"""`PUT /v1/recordings/{name}`: whole or not at all, below the client company's own folder."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.requests import ClientDisconnect

from infra.gateway.limits import RateLimit
from infra.gateway.received_files import ReceivedFiles, folder_of
from infra.recordings.store import RecordingStore
from schemas.events import Recording
from tests.gateway.served import MOST_RECORDING, Served

SOUND = b"RIFF" + bytes(range(256)) * 20


def digest(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


async def put(served: Served, name: str, content: Any = SOUND, **headers: str) -> httpx.Response:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return await served.client.put(f"/v1/recordings/{name}", content=content, headers=named)


def files(served: Served) -> list[str]:
    """Every file below the directory of recordings."""
    found = served.recordings.rglob("*")
    return sorted(str(each.relative_to(served.recordings)) for each in found if each.is_file())


async def test_a_recording_is_where_its_event_says(served: Served) -> None:
    answer = await put(served, "2026/03/call-1.wav", content_digest=digest(SOUND))
    assert answer.status_code == 201
    answered = answer.json()
    recording = Recording(uri=answered["uri"], layout="stereo", sha256=answered["sha256"])
    assert RecordingStore([served.recordings]).resolve(recording).path.read_bytes() == SOUND
    assert files(served) == ["luce/2026/03/call-1.wav"]


async def test_the_same_again_is_well_and_another_is_a_conflict(served: Served) -> None:
    assert (await put(served, "a.wav")).status_code == 201
    again = await put(served, "a.wav")
    assert (again.status_code, again.json()["uri"]) == (200, "luce/a.wav")
    assert (await put(served, "a.wav", SOUND + b"x")).status_code == 409
    assert (await put(served, "a.wav/b.wav")).status_code == 409
    (served.recordings / "luce" / "folder").mkdir()
    assert (await put(served, "folder")).status_code == 409
    assert files(served) == ["luce/a.wav"]
    assert (served.recordings / "luce/a.wav").read_bytes() == SOUND


@pytest.mark.parametrize(
    "name",
    [
        "../x.wav",
        "..%2Fx.wav",
        "%2e%2e/x.wav",
        "a/../../x.wav",
        "a/%2E%2E/%2E%2E/x.wav",
        "/etc/x.wav",
        "%2Fetc%2Fx.wav",
        ".hidden",
        "a/.hidden",
        "a//b",
        "a/",
        "a%00b",
        "a%0Ab",
        "a%5Cb",
        "a b",
        "caff%C3%A8.wav",
        "a/b/c/d/e/f",
        "x" * 201,
    ],
)
async def test_names_that_lead_elsewhere_are_refused(served: Served, name: str) -> None:
    request = served.client.build_request("PUT", "http://gateway.test/", content=SOUND)
    # As written: httpx would resolve dots by itself.
    request.url = httpx.URL(
        "http://gateway.test", raw_path=f"/v1/recordings/{name}".encode("ascii")
    )
    answer = await served.client.send(request)
    assert answer.status_code in (400, 404), answer.text
    assert files(served) == []
    assert not (served.recordings.parent / "x.wav").exists()


async def test_each_key_writes_below_its_own_company(served: Served) -> None:
    assert (await put(served, "a.wav")).status_code == 201
    token = served.key("other", client="acqua/../luce")
    answer = await put(served, "a.wav", b"theirs", authorization=f"Bearer {token}")
    assert answer.status_code == 201
    assert files(served) == ["acqua%2F..%2Fluce/a.wav", "luce/a.wav"]
    recording = Recording(uri=answer.json()["uri"], layout="mono")
    assert RecordingStore([served.recordings]).resolve(recording).path.read_bytes() == b"theirs"


@pytest.mark.parametrize("client", ["..", ".", ".hidden", "a/b", "é" * 128, "Rossi&Figli", "~"])
def test_a_companys_folder_is_one_plain_name(client: str) -> None:
    folder = folder_of(client)
    assert "/" not in folder
    assert not folder.startswith(".")
    assert len(folder.encode()) <= 120


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (digest(SOUND), 201),
        (f"sha-512=:AAAA:, {digest(SOUND)}", 201),
        (digest(b"other"), 400),
        ("sha-512=:AAAA:", 400),
        ("sha-256=:AAAA:", 400),
        ("sha-256=x", 400),
        ("", 400),
    ],
)
async def test_a_digest_is_checked(served: Served, header: str, status: int) -> None:
    answer = await put(served, "a.wav", content_digest=header)
    assert answer.status_code == status
    assert len(files(served)) == (status == 201)


async def test_too_large_a_recording_leaves_nothing(served: Served) -> None:
    assert (await put(served, "a.wav", b"x" * (MOST_RECORDING + 1))).status_code == 413

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * (MOST_RECORDING // 10)

    assert (await put(served, "a.wav", unannounced())).status_code == 413
    assert files(served) == []
    assert (await put(served, "a.wav", b"x" * MOST_RECORDING)).status_code == 201


async def test_an_empty_recording_is_refused(served: Served) -> None:
    assert (await put(served, "a.wav", b"")).status_code == 400
    assert files(served) == []


async def test_a_request_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 100
        raise ClientDisconnect

    with pytest.raises(ClientDisconnect):
        await ReceivedFiles(tmp_path).store("luce", "a.wav", broken(), None)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


async def test_of_two_at_the_same_time_one_is_stored(served: Served) -> None:
    answers = await asyncio.gather(*(put(served, "a.wav", bytes([n]) * 5000) for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
    assert files(served) == ["luce/a.wav"]


async def test_a_full_disk_is_said(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("infra.gateway.received_files._write_last", full)
    assert (await put(served, "a.wav")).status_code == 507
    assert files(served) == []


async def test_without_a_directory_no_recording_is_taken(served: Served) -> None:
    served.ports.files._directory = None
    answer = await put(served, "a.wav")
    assert answer.status_code == 503
    assert "ASCOLTO_RECORDINGS" in answer.text


def test_what_broken_uploads_left_is_removed_a_day_later(tmp_path: Path) -> None:
    folder = tmp_path / "luce"
    folder.mkdir()
    for name in (".upload-old", ".upload-new", "a.wav"):
        (folder / name).write_bytes(b"x")
    before = time.time() - 2 * 86_400
    os.utime(folder / ".upload-old", (before, before))
    os.utime(folder / "a.wav", (before, before))
    ReceivedFiles(tmp_path).remove_unfinished()
    assert {each.name for each in folder.iterdir()} == {".upload-new", "a.wav"}


def test_a_bucket_fills_steadily() -> None:
    clock = SimpleNamespace(now=0.0)
    limit = RateLimit(0.5, lambda: clock.now)
    assert limit.take("a") == 0
    assert limit.take("a") == 2
    assert limit.take("b") == 0
    clock.now = 1.0
    assert limit.take("a") == 1
    clock.now = 2.0
    assert limit.take("a") == 0
