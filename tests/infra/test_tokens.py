"""Tokens for OAUTHBEARER: fetched once, renewed in time, and no secret goes anywhere else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from infra.kafka.tokens import NoToken, TokenSource, for_kafka_python
from streams.transport.connecting import TokenProvider


class Server:
    """Gives the answers it was made with, and counts the requests."""

    def __init__(self) -> None:
        self.answer: tuple[int, dict[str, str], bytes] = (200, {}, b"")
        self.asked: list[tuple[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                outer.asked.append((self.path, self.headers["Authorization"]))
                status, headers, body = outer.answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}/token"
        Thread(target=self._http.serve_forever, daemon=True).start()

    def gives(self, **answer: Any) -> None:
        self.answer = (200, {}, json.dumps(answer).encode())

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


async def test_a_token_is_reused_until_shortly_before_it_expires(server: Server) -> None:
    now = 0.0
    source = TokenSource(server.url, "me", "top:secret", clock=lambda: now)
    server.gives(access_token="one", expires_in=300)
    assert source.token() == for_kafka_python(source).token() == "one"
    assert await TokenProvider(source).token() == "one"
    server.gives(access_token="two", expires_in=20)
    now = 239.0
    assert source.token() == "one"
    now = 241.0
    assert source.token() == "two"
    server.gives(access_token="three")
    now = 250.0
    assert source.token() == "two"
    now = 252.0
    assert source.token() == "three"
    assert len(server.asked) == 3
    assert "secret" not in repr(source)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((401, {}, b"{}"), "answers 401: check ASCOLTO_KAFKA_USERNAME"),
        ((500, {}, b"broken: top:secret"), "answers 500"),
        ((200, {}, b"<html>"), "answers no JSON"),
        ((200, {}, b"[1]"), "without an access_token"),
        ((200, {}, b'{"access_token": 7}'), "without an access_token"),
        ((302, {"Location": "http://127.0.0.1:1/elsewhere"}, b""), "answers 302"),
    ],
)
def test_what_is_no_token_is_said_without_the_secret(
    server: Server, answer: tuple[int, dict[str, str], bytes], says: str
) -> None:
    server.answer = answer
    with pytest.raises(NoToken) as raised:
        TokenSource(server.url, "me", "top:secret").token()
    assert says in str(raised.value)
    assert "secret" not in str(raised.value).replace("(its secret)", "")
    assert isinstance(raised.value, OSError), "the clients try again"
    assert len(server.asked) == 1, "a redirect is not followed"


def test_a_server_that_is_away_is_an_error_that_passes(server: Server) -> None:
    server.stop()
    with pytest.raises(NoToken, match="ASCOLTO_KAFKA_TOKEN_URL cannot be reached"):
        TokenSource(server.url, "me", "secret").token()


@pytest.mark.parametrize("url", ["http://login.example/token", "ftp://127.0.0.1/", "token"])
def test_a_secret_is_sent_encrypted_or_not_at_all(url: str) -> None:
    with pytest.raises(ValueError, match="https:// address is needed"):
        TokenSource(url, "me", "secret").token()
