"""Finding recordings in the allowed directories, and nowhere else."""

from __future__ import annotations

import hashlib
import os

import pytest

from infra.recordings.store import (
    RecordingBroken,
    RecordingMissing,
    RecordingRefused,
    RecordingStore,
)
from schemas.events import Recording

SECRET = "3331234567"


@pytest.fixture
def allowed(tmp_path):
    directory = tmp_path / "recordings"
    (directory / "2024" / "a b").mkdir(parents=True)
    (directory / "2024" / "call.wav").write_bytes(b"sound")
    (directory / "2024" / "a b" / "call 1.wav").write_bytes(b"sound")
    (tmp_path / "secret.wav").write_bytes(b"secret")
    return directory


def recording(uri, sha256=None):
    return Recording(uri=uri, layout="stereo", sha256=sha256)


def test_relative_path_and_file_uri_name_the_same_file(allowed):
    store = RecordingStore([allowed])
    expected = allowed / "2024" / "call.wav"
    assert store.resolve(recording("2024/call.wav")).path == expected
    assert store.resolve(recording(expected.as_uri())).path == expected
    assert store.resolve(recording(f"file://localhost{expected}")).path == expected


def test_spaces_in_file_uris_are_decoded(allowed):
    target = allowed / "2024" / "a b" / "call 1.wav"
    assert RecordingStore([allowed]).resolve(recording(target.as_uri())).path == target


def test_directories_are_searched_in_order(allowed, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / "late.wav").write_bytes(b"x")
    store = RecordingStore([allowed, other])
    assert store.resolve(recording("late.wav")).path == other / "late.wav"


@pytest.mark.parametrize(
    "uri",
    [
        "../secret.wav",
        "2024/../../secret.wav",
        "2024/../2024/call.wav",
        "/etc/passwd",
        "file:///etc/passwd",
        "file://elsewhere/recordings/call.wav",
        "file:call.wav",
        "http://example.org/call.wav",
        "s3:bucket",
        "data:audio/wav;base64,AAAA",
        "call.wav\0.txt",
        "file:///call%00.wav",
        "file://[::1/call.wav",
    ],
)
def test_what_is_outside_is_refused(allowed, uri):
    with pytest.raises(RecordingRefused):
        RecordingStore([allowed]).resolve(recording(uri))


def test_encoded_climbing_is_refused(allowed):
    with pytest.raises(RecordingRefused, match="climbs"):
        RecordingStore([allowed]).resolve(recording(f"{allowed.as_uri()}/%2e%2e/secret.wav"))


def test_symbolic_links_may_not_lead_outside(allowed, tmp_path):
    (allowed / "link.wav").symlink_to(tmp_path / "secret.wav")
    (allowed / "folder").symlink_to(tmp_path)
    (allowed / "inside.wav").symlink_to(allowed / "2024" / "call.wav")
    store = RecordingStore([allowed])
    for uri in ("link.wav", "folder/secret.wav", (allowed / "link.wav").as_uri()):
        with pytest.raises(RecordingRefused, match="outside"):
            store.resolve(recording(uri))
    assert store.resolve(recording("inside.wav")).path == allowed / "2024" / "call.wav"


def test_a_link_in_a_circle_is_broken(allowed):
    (allowed / "circle.wav").symlink_to(allowed / "circle.wav")
    with pytest.raises(RecordingBroken):
        RecordingStore([allowed]).resolve(recording("circle.wav"))


def test_the_allowed_directory_may_itself_be_a_link(allowed, tmp_path):
    alias = tmp_path / "alias"
    alias.symlink_to(allowed)
    store = RecordingStore([alias])
    expected = allowed / "2024" / "call.wav"
    assert store.resolve(recording("2024/call.wav")).path == expected
    assert store.resolve(recording((alias / "2024" / "call.wav").as_uri())).path == expected


def test_checksum_is_verified(allowed):
    good = hashlib.sha256(b"sound").hexdigest()
    store = RecordingStore([allowed])
    assert store.resolve(recording("2024/call.wav", good)).path.name == "call.wav"
    with pytest.raises(RecordingRefused, match="sha256"):
        store.resolve(recording("2024/call.wav", "0" * 64))


@pytest.mark.parametrize("uri", ["2024/later.wav", "not/yet/there.wav", "2024/call.wav/deeper.wav"])
def test_what_is_not_there_may_come(allowed, uri):
    store = RecordingStore([allowed])
    with pytest.raises(RecordingMissing, match="not \\(yet\\)"):
        store.resolve(recording(uri))


def test_missing_then_there(allowed):
    store = RecordingStore([allowed])
    with pytest.raises(RecordingMissing):
        store.resolve(recording("late.wav"))
    (allowed / "late.wav").write_bytes(b"sound")
    assert store.resolve(recording("late.wav")).path == allowed / "late.wav"


def test_a_directory_or_pipe_is_no_recording(allowed):
    os.mkfifo(allowed / "pipe.wav")
    store = RecordingStore([allowed])
    for uri in ("2024", "pipe.wav"):
        with pytest.raises(RecordingBroken):
            store.resolve(recording(uri))


def test_no_directory_allowed_refuses_everything():
    with pytest.raises(RecordingRefused, match="settings"):
        RecordingStore([]).resolve(recording("2024/call.wav"))


@pytest.mark.parametrize(
    "uri", [f"{SECRET}.wav", f"/{SECRET}.wav", f"../{SECRET}.wav", f"http://x/{SECRET}.wav", "2024"]
)
def test_messages_do_not_repeat_the_name(allowed, uri):
    with pytest.raises((RecordingMissing, RecordingRefused, RecordingBroken)) as caught:
        RecordingStore([allowed]).resolve(recording(uri))
    assert SECRET not in str(caught.value)
    assert "#" in str(caught.value)


def test_a_recording_that_holds_nothing_yet_is_not_there_yet(allowed):
    """Its emitter has made the file, and writes it now."""
    (allowed / "late.wav").touch()
    store = RecordingStore([allowed])
    with pytest.raises(RecordingMissing):
        store.resolve(recording("late.wav"))
    (allowed / "late.wav").write_bytes(b"sound")
    assert store.resolve(recording("late.wav")).path == allowed / "late.wav"
