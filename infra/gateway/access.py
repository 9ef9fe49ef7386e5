"""The outermost part: a line in the log for each request, and an answer whatever happens.

A line has the method, the path's template, the status, the duration and the key's name: nothing
that a request holds. Nor does an error's line: its message may quote a value.

A refusal ends the connection where the body was not read. A sender that is still writing would
see the connection reset instead of the answer, so what is left is read and dropped first, as far
as it is not much.
"""

from __future__ import annotations

import json
import logging
import time
import traceback
from dataclasses import dataclass

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger(__name__)

SECURITY_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
MOST_DROPPED_BYTES = 16 * 1024 * 1024
DROP_SECONDS = 5.0
"""What of a refused body is read all the same."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FAILED = json.dumps(
    {"errors": [{"reason": "the gateway has failed; its log says where"}]}
).encode()


@dataclass
class Access:
    """What the log says of a request, filled in as it is known."""

    template: str = "(no such path)"
    key: str = "-"
    status: int = 0


def access_of(scope: Scope) -> Access:
    """The entry of a request."""
    access = scope["state"]["access"]
    assert isinstance(access, Access)
    return access


class AccessLog:
    """Wraps the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, and log it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        access = Access()
        scope["state"] = {**scope.get("state", {}), "access": access}
        started = time.monotonic()

        body = _Body(receive)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                access.status = message["status"]
                if access.status >= 400 and not _is_much(scope):
                    await body.drop()
                message = {**message, "headers": [*message["headers"], *SECURITY_HEADERS]}
            await send(message)

        try:
            await self._app(scope, body.receive, sending)
        except Exception as error:
            log.error("%s failed: %s", access.template, _place(error))
            if not access.status:
                await _answer_failed(sending)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "(other)"
            milliseconds = (time.monotonic() - started) * 1000
            log.info(
                "%s %s %d %.0f ms %s",
                method,
                access.template,
                access.status,
                milliseconds,
                access.key,
            )


class _Body:
    """A request's body, and whether all of it was read."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_read = False

    async def receive(self) -> Message:
        """The next part."""
        message = await self._receive()
        self._is_read = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def drop(self) -> None:
        """Read what is left and drop it, as far as it is not much."""
        dropped = 0
        with anyio.move_on_after(DROP_SECONDS):
            while not self._is_read and dropped < MOST_DROPPED_BYTES:
                dropped += len((await self.receive()).get("body", b""))


def _is_much(scope: Scope) -> bool:
    """Whether a body is announced as much, or is sent only when it is asked for."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    return b"expect" in headers or (length.isdigit() and int(length[:20]) > MOST_DROPPED_BYTES)


async def _answer_failed(send: Send) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": _FAILED})


def _place(error: BaseException) -> str:
    """The kind of an error and where it was raised, without its message."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    where = " < ".join(f"{frame.name} line {frame.lineno}" for frame in reversed(frames))
    return f"{type(error).__name__} in {where}"
