"""Signing in by the identity provider, and out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from aiohttp import web

from dashboards.sign_in.configuration import (
    CALLBACK_PATH,
    SignIn,
    SignInError,
    SignInFile,
    client_secret,
)
from dashboards.sign_in.provider import (
    AnotherAttempt,
    Attempt,
    NotSignedIn,
    Provider,
    ProviderAway,
    path_in,
)
from dashboards.sign_in.sessions import Cookies, LongNameError, Sessions

log = logging.getLogger(__name__)

ATTEMPT_SECONDS = 600
"""How long signing in may take."""
_LONGEST_NEXT = 1000


class Signing:
    """The routes of a sign-in: to the provider, back from it, and out."""

    def __init__(
        self, file: SignInFile, cookies: Cookies, sessions: Sessions, clock: Callable[[], float]
    ) -> None:
        self._file = file
        self._cookies = cookies
        self._sessions = sessions
        self._clock = clock
        self._known: tuple[SignIn, str | None, Provider] | None = None

    async def begin(self, request: web.Request) -> web.StreamResponse:
        """Send the person to the provider; a cookie holds what its answer must match.

        Pages of one browser that ask at the same time, as when a session has ended, share one
        attempt: the first to come back signs all of them in.
        """
        noted = self._cookies.read(request, "attempt")
        attempt = Attempt.new() if noted is None else _noted(noted)
        path = local_path(request.query.get("next", "/"))
        try:
            address = await self._provider().address(attempt, path)
        except ProviderAway as error:
            raise _away(error) from None
        response = web.HTTPFound(address)
        self._cookies.write(response, "attempt", vars(attempt), ATTEMPT_SECONDS)
        raise response

    async def end(self, request: web.Request) -> web.StreamResponse:
        """Start a session by the provider's answer.

        Where another page of the browser has signed in meanwhile, this one goes on; where another
        attempt has taken the place of this one, it begins again.
        """
        path = local_path(path_in(request.query.get("state", "")))
        noted = self._cookies.read(request, "attempt")
        if noted is None:
            if self._sessions.current(request) is not None:
                raise web.HTTPFound(path)
            raise _refused("no attempt to sign in is under way in this browser")
        try:
            identity = await self._provider().identity(_noted(noted), dict(request.query))
        except AnotherAttempt:
            if self._sessions.current(request) is not None:
                raise web.HTTPFound(path) from None
            raise web.HTTPFound(f"/sign-in?{urlencode({'next': path})}") from None
        except NotSignedIn as error:
            raise _refused(str(error)) from None
        except ProviderAway as error:
            raise _away(error) from None
        response = web.HTTPFound(path)
        self._cookies.clear(response, "attempt")
        seconds = self._file.current().session_hours * 3600
        try:
            self._sessions.start(response, identity, seconds)
        except LongNameError as error:
            raise _refused(str(error)) from None
        raise response

    async def sign_out(self, _: web.Request) -> web.StreamResponse:
        """End the session here; says where to go to end it at the provider, too."""
        sign_in = self._file.current()
        address: str | None = None
        if sign_in.oidc is not None:
            try:
                address = await self._provider().sign_out_address(f"{sign_in.public_url}/")
            except (ProviderAway, SignInError) as error:
                log.warning("signing out at the provider: %s", error)
        response = web.json_response({"next": address or "/"})
        self._sessions.end(response)
        return response

    def _provider(self) -> Provider:
        """The provider of the sign-in file and of the client's secret as they stand.

        Raises:
            SignInError: one of the two files cannot be used.
        """
        sign_in = self._file.current()
        assert sign_in.oidc is not None
        secret = client_secret(sign_in.oidc, self._file.path)
        if self._known is None or self._known[:2] != (sign_in, secret):
            redirect = f"{sign_in.public_url}{CALLBACK_PATH}"
            self._known = sign_in, secret, Provider(sign_in.oidc, secret, redirect, self._clock)
        return self._known[2]


def _noted(noted: Mapping[str, str]) -> Attempt:
    return Attempt(noted["state"], noted["nonce"], noted["verifier"])


def local_path(path: str) -> str:
    """A path of this page to go on to; the first page where it leads elsewhere.

    Browsers read a path that begins with two slashes or more, or with backslashes, as the name of
    another host; no path of this page has either.

    >>> local_path("/calls?client=a"), local_path("//evil.example"), local_path("/\\\\evil.example")
    ('/calls?client=a', '/', '/')
    """
    elsewhere = not path.startswith("/") or "//" in path.partition("?")[0] or "\\" in path
    hidden = any(ord(character) <= 0x20 or ord(character) == 0x7F for character in path)
    if elsewhere or hidden or len(path) > _LONGEST_NEXT or path.startswith("/sign-in"):
        return "/"
    return path


def _refused(reason: str) -> web.HTTPException:
    log.warning("a sign-in was refused: %s", reason)
    return web.HTTPForbidden(
        text="Accesso non riuscito: riapri la pagina. - Not signed in: open the page again."
    )


def _away(error: ProviderAway) -> web.HTTPException:
    log.error("sign-in: %s", error)
    return web.HTTPServiceUnavailable(text="sign-in is not available now")
