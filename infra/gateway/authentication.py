"""Who sends a request: the key in its `Authorization` header, and how often it may."""

from __future__ import annotations

import logging
import math

from starlette.requests import Request

from infra.gateway.access import access_of
from infra.gateway.keys import Key, KeyFileError, KeyRing
from infra.gateway.limits import RateLimit
from infra.gateway.refusals import RequestRefused

log = logging.getLogger(__name__)

_RETRY_SECONDS = 30


class Authenticator:
    """Admits requests with a known key, up to its rate."""

    def __init__(self, keys: KeyRing, rate: RateLimit) -> None:
        self._keys = keys
        self._rate = rate

    def admit(self, request: Request) -> Key:
        """The key of a request, which counts against its rate.

        Raises:
            RequestRefused: 401, there is none that is known; 429, it sends too often; 503, the
                keys cannot be read.
        """
        key = self._bearer(request)
        if key is None:
            raise unauthorized()
        self.count(request, key)
        return key

    def named(self, name: str) -> Key | None:
        """The key of a name, for a request that is signed instead.

        Raises:
            RequestRefused: 503, the keys cannot be read.
        """
        try:
            return self._keys.named(name)
        except KeyFileError as error:
            raise _keys_unreadable(error) from None

    def count(self, request: Request, key: Key) -> None:
        """Count a request against its key's rate, and name the key in the log.

        Raises:
            RequestRefused: 429, it sends too often.
        """
        access_of(request.scope).key = key.name
        seconds = self._rate.take(key.name)
        if seconds:
            retry = str(max(1, math.ceil(seconds)))
            raise RequestRefused(429, "this key sends too many requests", {"Retry-After": retry})

    def _bearer(self, request: Request) -> Key | None:
        given = request.headers.getlist("authorization")
        if len(given) != 1:
            return None
        scheme, _, token = given[0].partition(" ")
        if scheme.lower() != "bearer":
            return None
        try:
            return self._keys.find(token.strip())
        except KeyFileError as error:
            raise _keys_unreadable(error) from None


def unauthorized(
    reason: str = "a known key is needed: Authorization: Bearer KEY",
) -> RequestRefused:
    """The refusal of a request without a known key or valid signature."""
    return RequestRefused(401, reason, {"WWW-Authenticate": 'Bearer realm="ascolto"'})


def _keys_unreadable(error: KeyFileError) -> RequestRefused:
    log.error("%s", error)
    retry = {"Retry-After": str(_RETRY_SECONDS)}
    return RequestRefused(503, "the gateway's keys cannot be read; its log says why", retry)
