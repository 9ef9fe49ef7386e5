"""Tokens for OAUTHBEARER: fetched with client credentials (RFC 6749), reused until they expire."""

from __future__ import annotations

import base64
import json
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.errors import InfraError

_SECONDS = 10.0
_MOST_BYTES = 256 * 1024
_DEFAULT_LIFE = 300.0
"""Seconds that a token is taken to be valid whose server does not say."""
_LOCAL = {"127.0.0.1", "localhost", "::1"}


class NoToken(InfraError, OSError):
    """The token server gives no token; an OSError, which both clients take as "try again"."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A secret is sent to the address that was set, and to no other."""

    def redirect_request(self, *_: Any) -> None:
        return None


def require_token_url(url: str) -> str:
    """The URL as it is.

    Raises:
        ValueError: a client's secret must not be sent there.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL):
        return url
    raise ValueError("an https:// address is needed, as a secret is sent to it")


@dataclass
class TokenSource:
    """Tokens of one client; safe to be shared between threads."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None = None
    ca: Path | None = None
    """Certificates that the token server's is signed with, besides those the system trusts."""
    clock: Callable[[], float] = time.monotonic
    _token: str = field(default="", repr=False)
    _renew_at: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def token(self) -> str:
        """A token that is still valid for a while.

        Raises:
            NoToken: the server cannot be reached, refuses, or answers something else.
        """
        with self._lock:
            if not self._token or self.clock() >= self._renew_at:
                self._token, life = self._fetch()
                self._renew_at = self.clock() + max(life - 60.0, life / 2)
            return self._token

    def _fetch(self) -> tuple[str, float]:
        form = {"grant_type": "client_credentials"}
        if self.scope is not None:
            form["scope"] = self.scope
        pair = f"{_quoted(self.client_id)}:{_quoted(self.client_secret)}"
        request = urllib.request.Request(  # noqa: S310 - the scheme was checked
            require_token_url(self.url),
            urllib.parse.urlencode(form).encode(),
            {
                "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
                "Accept": "application/json",
            },
        )
        where = "ASCOLTO_KAFKA_TOKEN_URL"
        try:
            context = ssl.create_default_context()
            if self.ca is not None:
                context.load_verify_locations(self.ca)
            opener = urllib.request.build_opener(
                _NoRedirects, urllib.request.HTTPSHandler(context=context)
            )
            with opener.open(request, timeout=_SECONDS) as response:
                answer = json.loads(response.read(_MOST_BYTES))
        except urllib.error.HTTPError as error:
            raise NoToken(
                f"{where} answers {error.code}: check ASCOLTO_KAFKA_USERNAME (the client's id), "
                "ASCOLTO_KAFKA_PASSWORD (its secret) and ASCOLTO_KAFKA_SCOPE"
            ) from None
        except OSError as error:
            reason = getattr(error, "reason", error)
            raise NoToken(f"{where} cannot be reached: {reason}") from error
        except ValueError as error:
            raise NoToken(f"{where} answers no JSON") from error
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise NoToken(f"{where} answers without an access_token")
        life = answer.get("expires_in", _DEFAULT_LIFE)
        return token, float(life) if isinstance(life, int | float) else _DEFAULT_LIFE


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")


def for_kafka_python(source: TokenSource) -> Any:
    """A token provider as kafka-python takes it."""
    from kafka.net.sasl.oauth import AbstractTokenProvider

    class Provider(AbstractTokenProvider):  # type: ignore[misc]
        def token(self) -> str:
            return source.token()

    return Provider()
