"""Web servers, through fsspec's HTTP file system: no redirects, and checked addresses."""

from __future__ import annotations

import base64
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from fsspec.asyn import sync
from fsspec.exceptions import FSTimeoutError
from fsspec.implementations.http import HTTPFileSystem

from infra.places.access import Access, secret_in
from infra.places.addresses import (
    CONNECT_SECONDS,
    CheckedResolver,
    literal,
    not_reached,
    require_allowed,
)
from infra.places.connection import (
    CHECK_SECONDS,
    SILENT_SECONDS,
    Received,
    cause,
    explained_here,
    refused_credentials,
)
from infra.places.failures import NotThere, PlaceAway, PlaceError, PlaceRefused
from infra.places.locations import Location

_SESSIONS = 8
_SECOND_TRIES = frozenset({408, 425, 429, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524})
"""Answers that say nothing about the file."""


class _Answer(PlaceError):
    """A status other than 200."""

    def __init__(self, status: int) -> None:
        super().__init__(f"its server answers {status}")
        self.status = status


class WebFiles(HTTPFileSystem):  # type: ignore[misc]
    """Takes a file only from an answer of 200, as it is sent."""

    def _raise_not_found_for_status(self, response: aiohttp.ClientResponse, _: str) -> None:
        if response.status != 200:
            raise _Answer(response.status)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise PlaceRefused("its server sends it compressed, unasked", "have it sent as it is")


class HttpsConnection:
    """A web server."""

    def __init__(self, location: Location, access: Access) -> None:
        """Raises `PlaceError` where it is known already that the place cannot be read."""
        self._host, self._port = location.host, location.port
        self._query = frozenset(access.query)
        address = literal(location.host)
        if address is not None:
            require_allowed(location.host, [address], access.private)
        context = _context(access.ca)
        resolver = CheckedResolver((location.host,), access.private)
        headers = {"Accept-Encoding": "identity", "User-Agent": "ascolto"}
        if access.token is not None:
            headers["Authorization"] = f"Bearer {secret_in(access.token, 'token')}"
        elif access.user is not None:
            password = secret_in(access.password, "password") if access.password else ""
            pair = base64.b64encode(f"{access.user}:{password}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"

        async def session(**options: Any) -> aiohttp.ClientSession:
            connector = aiohttp.TCPConnector(
                resolver=resolver, ssl=context, limit=_SESSIONS, use_dns_cache=False
            )
            return aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=headers,
                timeout=aiohttp.ClientTimeout(
                    total=None, sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS
                ),
                **options,
            )

        self.files = WebFiles(
            get_client=session, allow_redirects=False, encoded=True, skip_instance_cache=True
        )

    def done_with(self, _: Any, /) -> None:
        """See `Connection.done_with`: all share one."""

    def path_of(self, location: Location) -> str:
        """See `Connection.path_of`.

        Raises:
            PlaceRefused: it has a parameter that this place does not allow.
        """
        given = [name for name, _ in parse_qsl(location.query, keep_blank_values=True)]
        if location.query and (not given or not self._query.issuperset(given)):
            raise PlaceRefused(
                "its address has a parameter after '?' that is not allowed",
                "name it as query: [NAME] for this place in the file of ASCOLTO_PLACES",
            )
        return str(location)

    def fetch(self, location: Location, to: Path, received: Received, seconds: float) -> None:
        """See `Connection.fetch`."""
        path = self.path_of(location)
        sync(self.files.loop, self._fetch, path, str(to), received, timeout=seconds)

    async def _fetch(self, path: str, to: str, received: Received) -> None:
        try:
            await self.files._get_file(path, to, callback=received)
        except _Answer:
            received.began = False  # Its size was that of the answer, not of the file.
            raise

    def look(self, location: Location) -> str:
        """See `Connection.look`: there is nothing to list, only an answer to have."""
        url = f"{location}/"
        status = sync(self.files.loop, self._look, url, timeout=CHECK_SECONDS)
        if status == 401:
            raise refused_credentials("401")
        if 300 <= status < 400 or status in _SECOND_TRIES:
            raise _Answer(status)
        return f"reached, its certificate verified (GET {url} answers {status})"

    async def _look(self, url: str) -> int:
        session = await self.files.set_session()
        async with session.get(self.files.encode_url(url), allow_redirects=False) as answer:
            return int(answer.status)

    def explained(self, error: BaseException) -> PlaceError | None:
        """See `Connection.explained`."""
        if isinstance(error, _Answer):
            return self._answered(error.status)
        if (known := explained_here(error)) is not None:
            return known
        if isinstance(error, aiohttp.ClientPayloadError):
            return NotThere("it did not arrive whole")
        if isinstance(error, aiohttp.ClientResponseError):
            return NotThere("its server's answer is no HTTP that can be read")
        if cause(error, FSTimeoutError) or isinstance(error, aiohttp.ServerTimeoutError):
            return PlaceAway(f"{self._host} does not answer", "see whether it is overloaded")
        if isinstance(error, OSError | aiohttp.ClientError):
            return not_reached(self._host, self._port, cause(error, OSError) or error)
        return None

    def _answered(self, status: int) -> PlaceError:
        if 300 <= status < 400:
            return PlaceRefused(
                f"its server redirects ({status}), which is refused", "name the place itself"
            )
        if status in (401, 407):
            return refused_credentials(str(status))
        if status in _SECOND_TRIES:
            return PlaceAway(f"{self._host} answers {status}", "see whether it is overloaded")
        if status in (403, 404, 410):
            return NotThere(f"it is not (yet) there, or may not be read ({status})")
        return PlaceRefused(f"its server answers {status}", "see what its server says")


def _context(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca is None else str(ca))
    except OSError as error:
        reason = error.strerror or "no PEM certificate"
        raise PlaceAway(
            f"the authority's file {ca} cannot be used ({reason})", f"correct ca: {ca}"
        ) from error
