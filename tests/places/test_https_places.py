"""Recordings behind HTTPS, from a server that answers as it likes."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from infra.places import connection, https
from infra.places.access import Access
from infra.places.failures import (
    NotThere,
    PlaceAway,
    PlaceError,
    PlaceRefused,
    TooLarge,
)
from infra.places.locations import parse_location
from infra.places.remote import Limits, RemotePlace
from tests.places.servers import WebServer, body, web_server

SOUND = bytes(range(256)) * 400
LIMITS = Limits(1 << 20, 20.0)


def place(web: WebServer, path: str = "/calls", **access: Any) -> RemotePlace:
    url = f"{web.url}{path}"
    given = {"private": True, "ca": web.ca, **access}
    return RemotePlace(parse_location(url), Access(url=url, **given))


def fetch(
    web: WebServer, to: Path, name: str = "a.wav", limits: Limits = LIMITS, **access: Any
) -> bytes:
    where = place(web, **access)
    where.fetch(parse_location(f"{where.location}/{name}"), to / "fetched", limits)
    return (to / "fetched").read_bytes()


def test_a_file_is_fetched_as_it_is(web: WebServer, tmp_path: Path) -> None:
    web.routes["/calls/2026/a%20b%C3%A0.wav"] = body(SOUND)
    assert fetch(web, tmp_path, "2026/a%20b%C3%A0.wav") == SOUND
    [(_, headers)] = web.asked
    assert headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in headers


def test_credentials_come_from_files_and_are_read_again_when_they_are_refused(
    web: WebServer, tmp_path: Path
) -> None:
    def answer(request: BaseHTTPRequestHandler) -> None:
        right = request.headers["Authorization"] == "Basic b3A6bmV3"
        body(SOUND if right else b"", 200 if right else 401)(request)

    web.routes["/calls/a.wav"] = answer
    password = tmp_path / "password"
    password.write_text("old\n")
    where = place(web, user="op", password=password)
    file = parse_location(f"{web.url}/calls/a.wav")
    with pytest.raises(PlaceAway, match="refuses our credentials") as caught:
        where.fetch(file, tmp_path / "x", LIMITS)
    assert "old" not in str(caught.value)
    password.write_text("new\n")
    where.fetch(file, tmp_path / "x", LIMITS)
    (tmp_path / "token").write_text("abc")
    web.routes["/calls/a.wav"] = body(SOUND)
    fetch(web, tmp_path, token=tmp_path / "token")
    assert web.asked[-1][1]["Authorization"] == "Bearer abc"
    with pytest.raises(PlaceAway, match="cannot be read"):
        fetch(web, tmp_path, token=tmp_path / "gone")


def test_parameters_are_sent_where_the_place_allows_them(web: WebServer, tmp_path: Path) -> None:
    web.routes["/calls/a.wav?RequestedChannels=2"] = body(SOUND)
    name = "a.wav?RequestedChannels=2"
    assert fetch(web, tmp_path, name, query=("RequestedChannels",)) == SOUND
    for wrong in (name, "a.wav?x=1&RequestedChannels=2", "a.wav?x"):
        with pytest.raises(PlaceRefused, match="not allowed"):
            fetch(web, tmp_path, wrong, query=("Other",))
    assert len(web.asked) == 1


@pytest.mark.parametrize("to", ["127.0.0.1", "localhost", "169.254.169.254", "rec.example"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(web: WebServer, tmp_path: Path, to: str, status: int) -> None:
    target = f"https://{to}:{web.port}/secret"
    web.routes["/calls/a.wav"] = body(b"x", status, Location=target)
    web.routes["/secret"] = body(b"secret")
    with pytest.raises(PlaceRefused, match="redirects"):
        fetch(web, tmp_path)
    assert [path for path, _ in web.asked] == ["/calls/a.wav"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_private_address_is_refused_unless_the_place_is_private(
    web: WebServer, tmp_path: Path, host: str
) -> None:
    web.routes["/calls/a.wav"] = body(SOUND)
    url = f"https://{host}:{web.port}/calls"
    for private in (False, True):
        where = RemotePlace(parse_location(url), Access(url=url, private=private, ca=web.ca))
        file = where.location.below("a.wav")
        if private:
            where.fetch(file, tmp_path / "x", LIMITS)
        else:
            with pytest.raises(PlaceRefused, match="not a public one"):
                where.fetch(file, tmp_path / "x", LIMITS)
    assert len(web.asked) == 1, "refused before anything is sent"


def test_a_certificate_of_an_unknown_authority_is_refused(web: WebServer, tmp_path: Path) -> None:
    web.routes["/calls/a.wav"] = body(SOUND)
    with pytest.raises(PlaceAway, match="certificate cannot be verified") as caught:
        fetch(web, tmp_path, ca=None)
    assert "ca:" in caught.value.todo
    (tmp_path / "other").mkdir()
    with web_server(tmp_path / "other") as other, pytest.raises(PlaceAway, match="verified"):
        fetch(web, tmp_path, ca=other.ca)
    (tmp_path / "named").mkdir()
    with web_server(tmp_path / "named", "rec.example") as named:
        named.otherwise = body(SOUND)
        with pytest.raises(PlaceAway, match="verified"):
            fetch(named, tmp_path)
        assert named.asked == []
    assert web.asked == []
    (tmp_path / "broken.pem").write_text("x")
    with pytest.raises(PlaceAway, match=r"broken\.pem cannot be used"):
        fetch(web, tmp_path, ca=tmp_path / "broken.pem")


def endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Transfer-Encoding", "chunked")
    request.end_headers()
    while True:
        request.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def huge(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(1 << 50))
    request.end_headers()
    while True:
        request.wfile.write(b"x" * 0x10000)


@pytest.mark.parametrize("answer", [endless, huge])
def test_a_file_beyond_the_limit_is_given_up_at_the_limit(
    web: WebServer, tmp_path: Path, answer: Callable[[BaseHTTPRequestHandler], None]
) -> None:
    web.routes["/calls/a.wav"] = answer
    with pytest.raises(TooLarge, match="1048576"):
        fetch(web, tmp_path)
    file = tmp_path / "fetched"
    assert not file.exists() or file.stat().st_size < 8 << 20


def dripping(server: WebServer, *, headers: bool) -> Callable[[BaseHTTPRequestHandler], None]:
    """Sends a byte now and then, of the headers or of the body."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        sent = b"HTTP/1.1 200 OK\r\n"
        request.wfile.write(sent if headers else sent + b"Content-Length: 100000\r\n\r\n")
        while not server.ended.wait(0.05):
            request.wfile.write(b"X-A: b\r\n" if headers else b"x")

    return answer


@pytest.mark.parametrize("headers", [True, False])
def test_a_slow_answer_is_given_up_in_time(web: WebServer, tmp_path: Path, headers: bool) -> None:
    web.routes["/calls/a.wav"] = dripping(web, headers=headers)
    kind: type[PlaceError] = PlaceAway if headers else NotThere
    with pytest.raises(kind):
        fetch(web, tmp_path, limits=Limits(1 << 20, 1.0))


@pytest.mark.parametrize("headers", [True, False])
def test_a_silent_server_is_given_up_before_that(
    web: WebServer, tmp_path: Path, headers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(https, "SILENT_SECONDS", 0.5)

    def answer(request: BaseHTTPRequestHandler) -> None:
        if not headers:
            request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
        web.ended.wait()

    web.routes["/calls/a.wav"] = answer
    kind: type[PlaceError] = PlaceAway if headers else NotThere
    began = time.monotonic()
    with pytest.raises(kind):
        fetch(web, tmp_path, limits=Limits(1 << 20, 600.0))
    assert time.monotonic() - began < 300


def test_a_body_shorter_than_stated_is_fetched_again_later(web: WebServer, tmp_path: Path) -> None:
    web.routes["/calls/a.wav"] = body(SOUND[:1000], Content_Length=str(len(SOUND)))
    with pytest.raises(NotThere, match="did not arrive whole"):
        fetch(web, tmp_path)
    web.routes["/calls/a.wav"] = body(SOUND, Content_Length="1000")
    with pytest.raises(NotThere, match="no HTTP that can be read"):
        fetch(web, tmp_path)


def test_what_is_compressed_unasked_is_refused(web: WebServer, tmp_path: Path) -> None:
    """A bomb would be unpacked otherwise."""
    bomb = gzip.compress(bytes(50 << 20))
    web.routes["/calls/a.wav"] = body(bomb, Content_Encoding="gzip")
    with pytest.raises(PlaceRefused, match="compressed"):
        fetch(web, tmp_path)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((status, PlaceAway) for status in (401, 429, 500, 502, 503, 504)),
        *((status, NotThere) for status in (403, 404, 410)),
        *((status, PlaceRefused) for status in (204, 206, 400, 418, 451)),
    ],
)
def test_a_status_says_whether_the_place_or_the_file_is_wrong(
    web: WebServer, tmp_path: Path, status: int, kind: type[PlaceError]
) -> None:
    web.routes["/calls/a.wav"] = body(b"" if status == 204 else b"x", status)
    with pytest.raises(kind) as caught:
        fetch(web, tmp_path)
    assert "a.wav" not in str(caught.value)


def test_a_server_that_is_not_there_or_speaks_something_else_is_away(
    web: WebServer, tmp_path: Path
) -> None:
    def other(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")

    web.routes["/calls/a.wav"] = other
    with pytest.raises(NotThere):
        fetch(web, tmp_path)
    web.stop()
    with pytest.raises(PlaceAway, match="cannot be reached"):
        fetch(web, tmp_path)
    url = "https://no-such-host.invalid/calls"
    where = RemotePlace(parse_location(url), Access(url=url))
    with pytest.raises(PlaceAway, match="has no address"):
        where.fetch(where.location.below("a.wav"), tmp_path / "x", LIMITS)


def test_a_file_is_fetched_while_another_thread_s_is_refused(
    web: WebServer, tmp_path: Path
) -> None:
    """Forgetting the connection of a place that is away does not cut another's off."""
    go = threading.Event()

    def slow(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
        go.wait()
        request.wfile.write(b"cd")

    web.routes |= {"/calls/slow.wav": slow, "/calls/away.wav": body(b"", 503)}
    where = place(web)
    errors: list[BaseException] = []

    def fetching() -> None:
        try:
            where.fetch(where.location.below("slow.wav"), tmp_path / "slow", LIMITS)
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=fetching)
    thread.start()
    with pytest.raises(PlaceAway):
        where.fetch(where.location.below("away.wav"), tmp_path / "x", LIMITS)
    go.set()
    thread.join()
    assert errors == []
    assert (tmp_path / "slow").read_bytes() == b"abcd"


def test_looking_into_a_place_says_what_can_be_seen(web: WebServer) -> None:
    assert "answers 404" in place(web).check()
    web.routes["/calls/"] = body(b"", 401)
    with pytest.raises(PlaceAway, match="refuses our credentials"):
        place(web).check()
    web.routes["/calls/"] = body(b"", 302, Location="https://127.0.0.1/")
    with pytest.raises(PlaceRefused, match="redirects"):
        place(web).check()
    web.routes["/calls/"] = body(b"", 403)
    with pytest.raises(NotThere, match="its probe"):
        place(web, probe="probe.wav").check()
    web.routes["/calls/probe.wav"] = body(b"x")
    assert place(web, probe="probe.wav").check().endswith("its probe read")
    assert connection.CHECK_SECONDS <= 60
