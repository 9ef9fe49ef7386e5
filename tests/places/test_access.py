"""The file of places: what is wrong in it is said with its line, and no credential is in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.places.access import Accesses, WrongPlaces, read_accesses
from infra.places.failures import PlaceAway
from infra.places.locations import parse_location
from infra.places.remote import RemotePlace

RIGHT = """\
places:
  - url: s3://calls
    region: eu-south-1
    credentials: secrets/s3
  - url: s3://calls/2026
    endpoint: https://minio.example:9000
    private: true
    ca: /etc/ascolto/ca.pem
  - url: sftp://pbx.example:2222/monitor
    user: ascolto
    key: ~/pbx.key
    known_hosts: known_hosts
  - url: https://rec.example
    token: rec.token
    query: [RequestedChannels]
    probe: probe.wav
"""


def read(directory: Path, text: str) -> Accesses:
    (directory / "places.yaml").write_text(text, encoding="utf-8")
    return read_accesses(directory / "places.yaml")


def test_a_place_has_the_access_of_the_smallest_place_around_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    found = read(tmp_path, RIGHT)

    def of(url: str) -> str:
        return found.of(parse_location(url)).url

    assert of("s3://calls/2025") == "s3://calls"
    assert of("s3://calls/2026/03") == "s3://calls/2026"
    assert of("s3://calls/20266") == "s3://calls"
    assert of("sftp://pbx.example:2222/monitor/x") == "sftp://pbx.example:2222/monitor"
    assert of("sftp://pbx.example/monitor") == "sftp://pbx.example/monitor", "another port"
    access = found.of(parse_location("s3://calls"))
    assert access.credentials == tmp_path / "secrets" / "s3"
    access = found.of(parse_location("sftp://pbx.example:2222/monitor"))
    assert access.key == Path("/home/me/pbx.key")
    assert not found.of(parse_location("https://other.example")).private


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "a mapping of names to values is needed"),
        ("places: x", "a list is needed"),
        ("places: []\nplace: []", "a list is needed"),
        ("places: [s3://calls]", "line 1: "),
        ("places:\n- {url: 'http://rec.example'}", "line 2: url: only s3://"),
        ("places:\n- {url: 's3://calls'}\n- {url: 'sftp://h', user: a, kye: x}", "line 3: kye"),
        ("places:\n- {url: 'sftp://h/x'}", "line 2: sftp needs a user"),
        ("places:\n- {url: 'sftp://me:pw@h/x', user: me}", "credentials stand in files"),
        ("places:\n- {url: 's3://calls', known_hosts: x}", "known_hosts is of sftp places"),
        ("places:\n- {url: 'https://h', region: x}", "region is of s3 places, not of https"),
        ("places:\n- {url: 'https://h', password: x}", "a password needs its user"),
        ("places:\n- {url: 'https://h', user: a, token: x}", "not both"),
        ("places:\n- {url: 's3://calls', endpoint: 'http://minio.example'}", "endpoint: write"),
        ("places:\n- {url: 's3://calls', endpoint: 'https://h/path'}", "endpoint: write"),
        ("places:\n- {url: 's3://calls', endpoint: 'https://u:p@h'}", "endpoint: write"),
        ("places:\n- {url: 's3://calls', private: perhaps}", "private"),
        ("places:\n- {url: 's3://calls'}\n- {url: 's3://calls/'}", "is there twice"),
        ("places:\n- {url: [}", "line 2"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(WrongPlaces) as caught:
        read(tmp_path, text)
    assert says in str(caught.value)
    assert "places.yaml" in str(caught.value)
    assert "pw" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(WrongPlaces, match=r"gone\.yaml"):
        read_accesses(tmp_path / "gone.yaml")
    assert read_accesses(None) == Accesses()


@pytest.mark.parametrize("url", ["sftp://no-such-host.invalid/x", "https://no-such-host.invalid/x"])
def test_a_place_without_access_says_what_is_needed(url: str) -> None:
    location = parse_location(url)
    with pytest.raises(PlaceAway) as caught:
        RemotePlace(location, Accesses().of(location)).check()
    assert caught.value.todo
