"""Recordings of events: from whichever place, checked, in the spool, and nowhere else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from infra.places.access import Access, Accesses
from infra.places.failures import PlaceAway
from infra.places.locations import parse_location
from infra.places.remote import Limits, remote_places
from infra.recordings.fetching import RecordingFetcher
from infra.recordings.sound import Sound
from infra.recordings.spool import Spool
from infra.recordings.store import (
    RecordingBroken,
    RecordingExcessive,
    RecordingMissing,
    RecordingRefused,
    RecordingStore,
)
from schemas.events import Recording
from tests.places.servers import WebServer, body
from tests.places.test_spool import files

SECRET = "3331234567"
SOUND = b"RIFF....WAVE"


@pytest.fixture
def local(tmp_path: Path) -> Path:
    directory = tmp_path / "recordings"
    directory.mkdir()
    (directory / "here.wav").write_bytes(SOUND)
    return directory


def fetcher(
    web: WebServer, local: Path, paths: Sequence[str] = ("/calls",), most: int = 1 << 20
) -> RecordingFetcher:
    locations = [parse_location(f"{web.url}{path}") for path in paths]
    accesses = Accesses((Access(url=web.url, private=True, ca=web.ca, query=("v",)),))
    return RecordingFetcher(
        RecordingStore([local]),
        remote_places(locations, accesses),
        Spool(local.parent / "spool", 10 * most),
        Limits(most, 20.0),
    )


def recording(uri: str, sha256: str | None = None) -> Recording:
    return Recording(uri=uri, layout="stereo", sha256=sha256)


def test_a_recording_is_fetched_once_and_removed_when_it_is_transcribed(
    web: WebServer, local: Path
) -> None:
    web.routes[f"/calls/{SECRET}.wav"] = body(SOUND)
    uri = f"{web.url}/calls/{SECRET}.wav"
    fetching = fetcher(web, local)
    assert fetching.place_of(recording(uri), "acqua") == f"{web.url}/calls"
    fetched = fetching.fetch(recording(uri, hashlib.sha256(SOUND).hexdigest()), "acqua")
    path = fetched.source.path
    assert path.read_bytes() == SOUND
    assert path.suffix == ".wav", "by which some formats are known"
    assert SECRET not in str(path)
    assert local.parent / "spool" in path.parents
    fetched.release(transcribed=True)
    assert files(local.parent / "spool") == set()
    assert len(web.asked) == 1


def test_a_relative_path_is_looked_for_here_first_and_then_in_each_place(
    web: WebServer, local: Path
) -> None:
    web.routes |= {"/b/there.wav": body(b"b"), "/a/both.wav": body(b"a"), "/b/both.wav": body(b"b")}
    fetching = fetcher(web, local, ["/a", "/b"])
    assert fetching.place_of(recording("here.wav"), "acqua") is None
    assert fetching.fetch(recording("there.wav"), "acqua").source.path.read_bytes() == b"b"
    assert fetching.fetch(recording("both.wav"), "acqua").source.path.read_bytes() == b"a"
    with pytest.raises(RecordingMissing):
        fetching.fetch(recording("nowhere.wav"), "acqua")


def test_each_side_may_be_elsewhere(web: WebServer, local: Path) -> None:
    web.routes["/calls/customer.alaw"] = body(b"c")
    both = Recording(operator_uri="here.wav", customer_uri=f"{web.url}/calls/customer.alaw")
    source = fetcher(web, local).fetch(both, "acqua").source
    assert source.path == local / "here.wav"
    assert source.customer is not None
    assert (source.customer.read_bytes(), source.customer.suffix) == (b"c", ".alaw")
    assert source.layout == "separate"


@pytest.mark.parametrize(
    "uri",
    [
        "{url}/other/a.wav",
        "{url}/calls",
        "{url}/calls/",
        "{url}/callsign/a.wav",
        "{url}/calls/../other/a.wav",
        "{url}/calls/%2e%2e/other/a.wav",
        "{url}/calls/%252e%252e/other/a.wav",
        "{url}/calls/a.wav?x=1",
        "{url}/calls/a.wav?v=1&x=1",
        "https://user:{secret}@localhost/calls/{secret}.wav",
        "https://evil.example/calls/a.wav",
        "http://localhost/calls/{secret}.wav",
        "s3://calls/{secret}.wav",
        "sftp://localhost/calls/a.wav",
        "file:///etc/passwd",
        "/etc/passwd",
        "../secret.wav",
        "a/../../secret.wav",
        "data:audio/wav;base64,AAAA",
        "gopher://localhost/calls/a.wav",
        "memory://calls/a.wav",
        "simplecache::{url}/calls/a.wav",
        "zip://a.wav::{url}/calls/a.zip",
    ],
)
def test_what_is_in_no_allowed_place_is_refused_and_nothing_is_asked(
    web: WebServer, local: Path, uri: str
) -> None:
    web.otherwise = body(b"x")
    wanted = recording(uri.format(url=web.url, secret=SECRET))
    fetching = fetcher(web, local)

    def resolve() -> None:
        if fetching.place_of(wanted, "acqua") is None:
            RecordingStore([local]).resolve(wanted)
        else:
            fetching.fetch(wanted, "acqua")

    with pytest.raises(RecordingRefused) as caught:
        resolve()
    assert SECRET not in str(caught.value)
    assert "#" in str(caught.value)
    assert web.asked == []
    assert files(local.parent / "spool") == set()


def test_what_is_fetched_is_held_against_its_checksum_and_size(web: WebServer, local: Path) -> None:
    fetching = fetcher(web, local, most=1000)
    uri = f"{web.url}/calls/{SECRET}.wav"
    web.routes[f"/calls/{SECRET}.wav"] = body(b"other")
    with pytest.raises(RecordingRefused, match="differs from the sha256"):
        fetching.fetch(recording(uri, "0" * 64), "acqua")
    web.routes[f"/calls/{SECRET}.wav"] = body(b"")
    with pytest.raises(RecordingMissing, match="holds nothing"):
        fetching.fetch(recording(uri), "acqua")
    web.routes[f"/calls/{SECRET}.wav"] = body(bytes(1001))
    with pytest.raises(RecordingExcessive, match="1000 bytes") as caught:
        fetching.fetch(recording(uri), "acqua")
    assert SECRET not in str(caught.value)
    web.routes[f"/calls/{SECRET}.wav"] = body(b"", 302, Location="https://127.0.0.1/")
    with pytest.raises(RecordingRefused, match="redirects"):
        fetching.fetch(recording(uri), "acqua")
    web.routes[f"/calls/{SECRET}.wav"] = body(b"", 404)
    with pytest.raises(RecordingMissing, match="not \\(yet\\) there"):
        fetching.fetch(recording(uri), "acqua")
    web.routes[f"/calls/{SECRET}.wav"] = body(b"", 503)
    with pytest.raises(PlaceAway) as away:
        fetching.fetch(recording(uri), "acqua")
    assert SECRET not in str(away.value)
    assert files(local.parent / "spool") == set()


@pytest.mark.parametrize(
    "content",
    [
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
        b"<MPD><Period><BaseURL>http://127.0.0.1/</BaseURL></Period></MPD>",
        b"<html>404 not found</html>",
    ],
)
@pytest.mark.parametrize("name", ["a.wav", "a.m3u8", "a"])
def test_a_playlist_that_is_fetched_opens_nothing(
    web: WebServer, local: Path, content: bytes, name: str
) -> None:
    web.routes[f"/calls/{name}"] = body(content)
    fetched = fetcher(web, local).fetch(recording(f"{web.url}/calls/{name}"), "acqua")
    with pytest.raises(RecordingBroken, match="no format that is accepted"):
        list(Sound(fetched.source, 60.0).blocks())
    assert len(web.asked) == 1


def test_a_name_that_resolves_to_a_private_address_is_refused(web: WebServer, local: Path) -> None:
    web.otherwise = body(b"x")
    location = parse_location(f"{web.url}/calls")
    fetching = RecordingFetcher(
        RecordingStore([local]),
        remote_places([location], Accesses((Access(url=web.url, ca=web.ca),))),
        Spool(local.parent / "spool", 1 << 20),
        Limits(1 << 20, 20.0),
    )
    with pytest.raises(RecordingRefused, match="localhost has the address"):
        fetching.fetch(recording(f"{web.url}/calls/a.wav"), "acqua")
    assert web.asked == []


def test_a_place_of_one_client_company_is_refused_to_the_calls_of_another(
    web: WebServer, local: Path
) -> None:
    web.otherwise = body(b"x")
    access = Access(url=web.url, private=True, ca=web.ca, clients=("luce", "gas"))
    fetching = RecordingFetcher(
        RecordingStore([local]),
        remote_places([parse_location(f"{web.url}/calls")], Accesses((access,))),
        Spool(local.parent / "spool", 10 << 20),
        Limits(1 << 20, 20.0),
    )
    own = recording(f"{web.url}/calls/a.wav")
    for wanted in (own, recording("a.wav")):
        assert fetching.fetch(wanted, "luce").source.path.read_bytes() == b"x"
    with pytest.raises(RecordingRefused, match="in no place that is allowed"):
        fetching.place_of(own, "acqua")
    assert fetching.place_of(recording("a.wav"), "acqua") is None
    assert len(web.asked) == 2
