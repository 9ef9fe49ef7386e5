"""A worker's page: an aiohttp application served on loopback, its address left in a file.

Every application of ours is made by `local_application`: it answers this machine's own requests
only, whatever page a browser here has open.
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from infra.atomic_files import replacing
from infra.embedded.processes import listening

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SERVED_AT: web.AppKey[str] = web.AppKey("served-at")
_PUBLIC: web.AppKey[str] = web.AppKey("public")
_TOKEN: web.AppKey[str] = web.AppKey("token")


def local_application(
    middlewares: Sequence[Any] = (), public_url: str | None = None
) -> web.Application:
    """An application that refuses what another site's page asks of it.

    `public_url` is the address at which people open it through a proxy; its name is one of the
    application's own.

    The request's Host must be a name of this machine's loopback (else a name that somebody
    points at this machine could read it: DNS rebinding), or the address it is served at; a
    request that says which site's page sent it (Origin, Sec-Fetch-Site) must come from its own.
    """
    app = web.Application(middlewares=[_own_requests_only, *middlewares])
    app[_PUBLIC] = urlsplit(public_url or "").netloc
    return app


def from_this_machine(request: web.Request) -> bool:
    """Whether a request has the token of the address file: its sender may read our directory."""
    token = request.app.get(_TOKEN)
    given = request.headers.get("Authorization", "")
    return token is not None and secrets.compare_digest(
        given.encode(errors="replace"), f"Bearer {token}".encode()
    )


@web.middleware
async def _own_requests_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    public = request.app.get(_PUBLIC, "")
    name = _hostname(f"//{request.host}")
    known = _is_own_name(name, request.app.get(_SERVED_AT, ""))
    if not known and not (public and name == _hostname(f"//{public}")):
        raise web.HTTPForbidden(text="this page is served to this machine only")
    origin = request.headers.get("Origin")
    own = {request.host, public} if public else {request.host}
    foreign = origin is not None and urlsplit(origin).netloc not in own
    if foreign or (request.headers.get("Sec-Fetch-Site") == "cross-site" and not _opens(request)):
        raise web.HTTPForbidden(text="this page answers its own requests only")
    return await handler(request)


def _opens(request: web.Request) -> bool:
    """Whether a person follows a link to here: the answer is shown, not given to the other site."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"


def _is_own_name(name: str, served_at: str) -> bool:
    if name in _LOOPBACK or (served_at and name == served_at):
        return True
    return served_at in ("0.0.0.0", "::") and _is_address(name)  # noqa: S104


def _is_address(name: str) -> bool:
    """Whether a Host is an address, which nobody else can point here."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


class Page:
    """Serves an application while a worker runs."""

    def __init__(self, app: web.Application, host: str, port: int, address_file: Path) -> None:
        self._app = app
        app[_SERVED_AT] = host
        self._token = app[_TOKEN] = secrets.token_urlsafe(32)
        self._host = host
        self._port = port
        self._address_file = address_file
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Serve; returns the address. A port in use is replaced by a free one."""
        self._runner = web.AppRunner(self._app, access_log=None)
        await self._runner.setup()
        server = listening(self._port, self._host)
        await web.SockSite(self._runner, server).start()
        name = f"[{self._host}]" if ":" in self._host else self._host
        url = f"http://{name}:{server.getsockname()[1]}"
        self._address_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(self._address_file) as file:
            note = {"pid": os.getpid(), "url": url, "token": self._token}
            file.write(json.dumps(note).encode())
        return url

    async def stop(self) -> None:
        """Serve no more."""
        self._address_file.unlink(missing_ok=True)
        if self._runner is not None:
            await self._runner.cleanup()
