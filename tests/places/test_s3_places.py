"""Recordings in S3: a real store (moto's server), and one that answers as it likes."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import boto3
import pytest

from infra.places.access import Access
from infra.places.failures import NotThere, PlaceAway, PlaceError, PlaceRefused, TooLarge
from infra.places.locations import parse_location
from infra.places.remote import Limits, RemotePlace
from tests.places.servers import WebServer, body

SOUND = bytes(range(256)) * 4000
LIMITS = Limits(2 << 20, 20.0)


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    path = tmp_path / "credentials"
    path.write_text("[default]\naws_access_key_id = key\naws_secret_access_key = se%cret\n")
    return path


def put(endpoint: str, key: str, content: bytes) -> None:
    client = boto3.client(
        "s3", endpoint_url=endpoint, aws_access_key_id="key", aws_secret_access_key="secret"
    )
    client.put_object(Bucket="calls", Key=key, Body=content)


def place(endpoint: str, credentials: Path | None, **access: Any) -> RemotePlace:
    url = access.pop("url", "s3://calls/2026")
    given = {"endpoint": endpoint, "private": True, "region": "eu-south-1", **access}
    return RemotePlace(parse_location(url), Access(url=url, credentials=credentials, **given))


@pytest.mark.parametrize("key", ["2026/a.wav", "2026/à b+c%20d&e=f:g?h#i.wav", "2026/(x)/y.wav"])
def test_a_file_is_fetched_by_its_key_as_it_is_written(
    s3_endpoint: str, credentials: Path, tmp_path: Path, key: str
) -> None:
    put(s3_endpoint, key, SOUND)
    where = place(s3_endpoint, credentials)
    where.fetch(parse_location(f"s3://calls/{key}"), tmp_path / "x", LIMITS)
    assert (tmp_path / "x").read_bytes() == SOUND


def test_what_is_wrong_with_a_file_is_not_the_place_s_fault(
    s3_endpoint: str, credentials: Path, tmp_path: Path
) -> None:
    where = place(s3_endpoint, credentials)
    with pytest.raises(NotThere, match="not \\(yet\\) there"):
        where.fetch(where.location.below("gone.wav"), tmp_path / "x", LIMITS)
    put(s3_endpoint, "2026/large.wav", SOUND)
    sizes: list[int] = []
    with pytest.raises(TooLarge):
        where.fetch(
            where.location.below("large.wav"), tmp_path / "x", Limits(1000, 20), sizes.append
        )
    assert sizes == []
    where.fetch(where.location.below("large.wav"), tmp_path / "x", LIMITS, sizes.append)
    assert sizes == [len(SOUND)]


def test_what_is_wrong_with_the_place_is_said(
    s3_endpoint: str, credentials: Path, tmp_path: Path
) -> None:
    def said(where: RemotePlace) -> str:
        with pytest.raises(PlaceAway) as caught:
            where.fetch(where.location.below("a.wav"), tmp_path / "x", LIMITS)
        assert caught.value.place == str(where.location)
        assert caught.value.todo
        assert "se%cret" not in str(caught.value)
        return str(caught.value)

    assert "no bucket other" in said(place(s3_endpoint, credentials, url="s3://other"))
    assert "no credentials" in said(place(s3_endpoint, None))
    assert "cannot be read" in said(place(s3_endpoint, tmp_path / "gone"))
    credentials.write_text("aws_access_key_id = key\n")
    assert "holds no aws_access_key_id and" in said(place(s3_endpoint, credentials))
    credentials.write_text("aws_access_key_id = key\naws_secret_access_key = x\n")
    assert "cannot be reached" in said(place("http://127.0.0.1:1", credentials))


def test_looking_into_a_bucket_reads_a_file_of_it(s3_endpoint: str, credentials: Path) -> None:
    where = place(s3_endpoint, credentials)
    assert where.check() == "listed, no file in it yet"
    put(s3_endpoint, "2026/a.wav", SOUND)
    assert where.check() == "listed, and a file of it read"
    with pytest.raises(NotThere, match="its probe"):
        place(s3_endpoint, credentials, probe="probe.wav").check()


@pytest.mark.parametrize("to", ["127.0.0.1", "localhost"])
@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_store_that_redirects_is_refused(
    web: WebServer, credentials: Path, tmp_path: Path, to: str, status: int
) -> None:
    web.routes["/calls/2026/a.wav"] = body(
        b"", status, Location=f"https://{to}:{web.port}/secret", x_amz_bucket_region="eu-west-1"
    )
    web.routes["/secret"] = body(b"secret")
    where = place(web.url, credentials, ca=web.ca)
    with pytest.raises(PlaceError) as caught:
        where.fetch(where.location.below("a.wav"), tmp_path / "x", LIMITS)
    assert isinstance(caught.value, PlaceRefused), caught.value
    assert "/secret" not in [path for path, _ in web.asked]
    assert not (tmp_path / "x").exists()


def error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (403, "InvalidAccessKeyId", PlaceAway),
        (403, "SignatureDoesNotMatch", PlaceAway),
        (400, "ExpiredToken", PlaceAway),
        (403, "RequestTimeTooSkewed", PlaceAway),
        (403, "AccessDenied", NotThere),
        (404, "NoSuchKey", NotThere),
        (404, "NoSuchBucket", PlaceAway),
        (500, "InternalError", PlaceAway),
        (503, "SlowDown", PlaceAway),
        (503, "nonsense", PlaceAway),
    ],
)
def test_an_error_says_whether_the_place_or_the_file_is_wrong(
    web: WebServer,
    credentials: Path,
    tmp_path: Path,
    status: int,
    code: str,
    kind: type[PlaceError],
) -> None:
    web.otherwise = body(error(code), status)
    where = place(web.url, credentials, ca=web.ca)
    with pytest.raises(kind) as caught:
        where.fetch(where.location.below("private-name.wav"), tmp_path / "x", LIMITS)
    assert "private-name" not in str(caught.value)


def test_a_store_s_certificate_and_address_are_checked(
    web: WebServer, credentials: Path, tmp_path: Path
) -> None:
    web.otherwise = body(SOUND)
    with pytest.raises(PlaceAway, match="certificate cannot be verified"):
        place(web.url, credentials).fetch(
            parse_location("s3://calls/2026/a"), tmp_path / "x", LIMITS
        )
    for url in (web.url, f"https://127.0.0.1:{web.port}"):
        where = place(url, credentials, ca=web.ca, private=False)
        with pytest.raises(PlaceRefused, match="not a public one"):
            where.fetch(parse_location("s3://calls/2026/a"), tmp_path / "x", LIMITS)
    assert web.asked == []


def test_an_object_that_is_endless_short_or_slow_is_given_up(
    web: WebServer, credentials: Path, tmp_path: Path
) -> None:
    def endless(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            request.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    def slow(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not web.ended.wait(0.05):
            request.wfile.write(b"x")

    where = place(web.url, credentials, ca=web.ca)
    file = where.location.below("a.wav")
    web.otherwise = endless
    with pytest.raises(TooLarge):
        where.fetch(file, tmp_path / "x", LIMITS)
    web.otherwise = slow
    with pytest.raises(NotThere, match="did not arrive whole"):
        where.fetch(file, tmp_path / "x", Limits(1 << 20, 1.0))
    web.otherwise = body(b"short", Content_Length="1000")
    with pytest.raises(NotThere):
        where.fetch(file, tmp_path / "x", LIMITS)


def test_nothing_but_the_place_s_own_entry_says_where_the_store_is(
    web: WebServer, credentials: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.otherwise = body(SOUND)
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"https://127.0.0.1:{web.port}")
    access = Access(url="s3://calls", region="no-such-region-1", credentials=credentials)
    where = RemotePlace(parse_location("s3://calls"), access)
    with pytest.raises(PlaceAway, match="has no address"):
        where.fetch(where.location.below("a.wav"), tmp_path / "x", LIMITS)
    assert web.asked == []
