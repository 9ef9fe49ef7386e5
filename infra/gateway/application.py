"""The gateway's web application: what each path does, and how refusals are answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from email.message import Message as Headers

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from infra.gateway import limits
from infra.gateway.access import AccessLog, access_of
from infra.gateway.authentication import Authenticator, unauthorized
from infra.gateway.delivery import Delivery
from infra.gateway.event_requests import (
    Form,
    form_of,
    read_events,
    require_plain,
    require_valid,
)
from infra.gateway.intake import Intake
from infra.gateway.keys import Key, KeyRing
from infra.gateway.limits import Memory, NoRoom, RateLimit, TooLarge, TooSlow
from infra.gateway.openapi import document
from infra.gateway.received_files import ReceivedFiles, expected_digest
from infra.gateway.refusals import RequestRefused
from infra.gateway.seen_events import SeenEvents
from infra.gateway.webhooks.receiving import PRESETS, Call, Mapped, Receiver, is_signed
from schemas.codec import Routed
from schemas.topics import MOST_EVENT_BYTES

MOST_HELD_BYTES = 128 * 1024 * 1024
"""Bodies in memory, of all requests together."""

_BUSY_SECONDS = "1"

Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Ports:
    """What the application works with."""

    keys: KeyRing
    delivery: Delivery
    files: ReceivedFiles
    rate: RateLimit
    most_recording_bytes: int
    public_url: str | None = None
    """What senders of webhooks call, where a proxy changes it; without a slash at its end."""
    seen: SeenEvents = field(default_factory=SeenEvents)
    memory: Memory = field(default_factory=lambda: Memory(MOST_HELD_BYTES))


def create_application(ports: Ports) -> ASGIApp:
    """The application, for uvicorn or a test."""
    gateway = _Gateway(ports)
    described = document(ports.most_recording_bytes)

    async def openapi(_: Request) -> Response:
        return JSONResponse(described)

    paths: list[tuple[str, str, str, Handler]] = [
        ("POST", "/v1/events", "/v1/events", gateway.events),
        ("PUT", "/v1/recordings/{name:path}", "/v1/recordings/{name}", gateway.recordings),
        ("POST", "/v1/webhooks/{preset}", "/v1/webhooks/{preset}", gateway.webhooks),
        ("GET", "/openapi.json", "/openapi.json", openapi),
        ("GET", "/healthz", "/healthz", gateway.health),
    ]
    routes = [
        Route(path, _named(template, handler), methods=[method])
        for method, path, template, handler in paths
    ]
    handlers = {
        RequestRefused: _answer_refusal,
        HTTPException: _answer_http,
        ClientDisconnect: _answer_disconnected,
        TooLarge: _answer_limit,
        TooSlow: _answer_limit,
        NoRoom: _answer_limit,
    }
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.router.redirect_slashes = False
    return AccessLog(app)


class _Gateway:
    """The handlers of the paths."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._authenticator = Authenticator(ports.keys, ports.rate)
        self._intake = Intake(ports.delivery, ports.seen)
        self._receiver = Receiver()

    async def health(self, _: Request) -> Response:
        """Whether Kafka is reached."""
        if self._ports.delivery.ready:
            return JSONResponse({"status": "ok"})
        return JSONResponse({"status": "Kafka does not confirm messages"}, 503)

    async def events(self, request: Request) -> Response:
        """Events by the CloudEvents HTTP binding."""
        key = self._authenticator.admit(request)
        form = form_of(request.scope["headers"])
        with self._ports.memory.share() as share:
            body = await limits.read_body(request, form.most_bytes, share)
            events = await to_thread.run_sync(_valid_events, form, body)
            await self._intake.take(key, events)
        return JSONResponse({"accepted": len(events)}, 202)

    async def recordings(self, request: Request) -> Response:
        """A recording, streamed to its file."""
        key = self._authenticator.admit(request)
        require_plain(request.scope["headers"])
        digest = expected_digest(request.headers.get("content-digest"))
        name = request.path_params["name"]
        async with aclosing(limits.chunks_of(request, self._ports.most_recording_bytes)) as chunks:
            stored = await self._ports.files.store(key.client, name, chunks, digest)
        answer = {"uri": stored.uri, "sha256": stored.sha256}
        return JSONResponse(answer, 201 if stored.is_new else 200)

    async def webhooks(self, request: Request) -> Response:
        """A webhook, through its key's mapping."""
        preset = request.path_params["preset"]
        if preset not in PRESETS:
            raise HTTPException(404)
        key = self._webhook_key(request)
        if key.mapping is None:
            raise RequestRefused(403, "the key is not for webhooks: it has no mapping file")
        require_plain(request.scope["headers"])
        with self._ports.memory.share() as share:
            body = await limits.read_body(request, MOST_EVENT_BYTES, share)
            call = self._call(request, body)
            if key.signature is not None:
                if not is_signed(key, call):
                    raise _unsigned()
                self._authenticator.count(request, key)
            mapped: Mapped = await to_thread.run_sync(self._receiver.map, preset, key, call)
            await self._intake.send(key, mapped.events, mapped.letters)
        return JSONResponse(mapped.as_json(), 202)

    def _webhook_key(self, request: Request) -> Key:
        """The key of a webhook: named by a request that is signed, else sent with it."""
        names = request.query_params.getlist("key")
        if not names:
            key = self._authenticator.admit(request)
            if key.signature is not None:
                raise unauthorized(
                    "webhooks of this key are signed: name it in the query, key=NAME"
                )
            return key
        named = self._authenticator.named(names[0])
        if named is None or named.signature is None or len(names) > 1:
            raise _unsigned()
        return named

    def _call(self, request: Request, body: bytes) -> Call:
        """The request as its sender signed it."""
        scope = request.scope
        base = self._ports.public_url
        if base is None:
            base = f"{scope['scheme']}://{request.headers.get('host', '')}"
        path = scope.get("raw_path", request.url.path.encode()).decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        header = Headers()
        header["content-type"] = request.headers.get("content-type", "")
        return Call(
            url=f"{base}{path}" + (f"?{query}" if query else ""),
            query=query,
            headers=dict(request.headers),
            media_type=header.get_content_type(),
            body=body,
        )


def _unsigned() -> RequestRefused:
    return unauthorized("a known key and its valid signature are needed")


def _valid_events(form: Form, body: bytes) -> Sequence[tuple[Routed, bytes]]:
    return require_valid(read_events(form, body))


def _named(template: str, handler: Handler) -> Handler:
    """A handler that puts its path's template into the log."""

    async def named(request: Request) -> Response:
        access_of(request.scope).template = template
        return await handler(request)

    return named


async def _answer_refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRefused)
    return JSONResponse(error.as_json(), error.status, error.headers)


async def _answer_http(_: Request, error: Exception) -> Response:
    """Paths and methods that there are not."""
    assert isinstance(error, HTTPException)
    reason = {404: "there is no such path", 405: "this path takes another method"}
    text = reason.get(error.status_code, "the request cannot be answered")
    return JSONResponse({"errors": [{"reason": text}]}, error.status_code, error.headers)


async def _answer_limit(_: Request, error: Exception) -> Response:
    """Bodies of which no more is read: the connection ends."""
    headers = {"Connection": "close"}
    status = 413 if isinstance(error, TooLarge) else 408
    if isinstance(error, NoRoom):
        status, headers["Retry-After"] = 503, _BUSY_SECONDS
    return JSONResponse({"errors": [{"reason": str(error)}]}, status, headers)


async def _answer_disconnected(_: Request, __: Exception) -> Response:
    return Response(status_code=400)
