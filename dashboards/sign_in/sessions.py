"""Sessions in cookies that only this page can read or make: JWE with a key of its own."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from dashboards.sign_in.identities import Identity
from infra.data_directory.permissions import create_once, make_private
from infra.errors import InfraError

log = logging.getLogger(__name__)

KEY_FILE = "session.key"
"""The key's file in the data directory; the same for all processes that serve the page."""
_HEADER = {"alg": "dir", "enc": "A256GCM"}
_ALGORITHMS = ["dir", "A256GCM"]
MOST_IDENTITY_BYTES = 2700
"""Of a user's name and groups as JSON: encrypted, they leave a cookie below 4,000 characters,
which is what browsers take."""


class LongNameError(InfraError):
    """A user's name is longer than a session has room for."""


def session_key(data_dir: Path) -> bytes:
    """The key of the sessions, made once; whoever has it can sign in as anybody.

    Raises:
        ValueError: its file does not hold 32 bytes in hexadecimal.
    """
    path = data_dir / KEY_FILE
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        make_private(data_dir)
        text = create_once(path, secrets.token_hex(32).encode())
    try:
        key = bytes.fromhex(text.decode())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError(f"{path} holds no key: remove it, and everybody signs in again")
    return key


@dataclass(frozen=True)
class Session:
    """Who is signed in, and until when (seconds since the epoch)."""

    identity: Identity
    expires: float


class Cookies:
    """Cookies whose content is encrypted, authenticated, of one purpose and until a time."""

    def __init__(self, key: bytes, secure: bool, clock: Callable[[], float]) -> None:
        self._key = OctKey.import_key(key)
        self._secure = secure
        self._clock = clock

    def name(self, purpose: str) -> str:
        """The cookie's name; with https a browser takes it from this host only."""
        return f"__Host-ascolto-{purpose}" if self._secure else f"ascolto-{purpose}"

    def write(
        self, response: web.StreamResponse, purpose: str, content: Mapping[str, Any], seconds: float
    ) -> None:
        """Set the cookie; it is not read after `seconds`."""
        whole = {**content, "purpose": purpose, "exp": self._clock() + seconds}
        value = jwe.encrypt_compact(_HEADER, _as_json(whole), self._key, algorithms=_ALGORITHMS)
        response.set_cookie(
            self.name(purpose),
            value,
            max_age=int(seconds),
            path="/",
            httponly=True,
            secure=self._secure,
            samesite="Lax",
        )

    def read(self, request: web.BaseRequest, purpose: str) -> dict[str, Any] | None:
        """The cookie's content; None where there is none that is ours, of this purpose, in time."""
        value = request.cookies.get(self.name(purpose))
        if value is None:
            return None
        try:
            decrypted = jwe.decrypt_compact(value, self._key, algorithms=_ALGORITHMS)
            content: dict[str, Any] = json.loads(decrypted.plaintext or b"")
        except (JoseError, ValueError):
            return None
        if content.get("purpose") != purpose or content["exp"] <= self._clock():
            return None
        return content

    def clear(self, response: web.StreamResponse, purpose: str) -> None:
        """Have the browser remove the cookie."""
        response.del_cookie(
            self.name(purpose), path="/", httponly=True, secure=self._secure, samesite="Lax"
        )


class Sessions:
    """Sessions of people who signed in."""

    def __init__(self, cookies: Cookies) -> None:
        self._cookies = cookies

    def start(self, response: web.StreamResponse, identity: Identity, seconds: float) -> None:
        """Begin a session. Groups beyond what a cookie holds are left out, in order of name.

        Raises:
            LongNameError: the user's name alone is more than it holds.
        """
        room = MOST_IDENTITY_BYTES - len(_as_json(identity.user))
        if room < 0:
            raise LongNameError(f"the user's name has more than {MOST_IDENTITY_BYTES} bytes")
        groups: list[str] = []
        for group in sorted(identity.groups):
            room -= len(_as_json(group)) + len(",")
            if room < 0:
                left_out = len(identity.groups) - len(groups)
                log.warning("a session has no room for %d groups, last in order of name", left_out)
                break
            groups.append(group)
        content = {"user": identity.user, "groups": groups}
        self._cookies.write(response, "session", content, seconds)

    def current(self, request: web.BaseRequest) -> Session | None:
        """The session of a request."""
        content = self._cookies.read(request, "session")
        if content is None:
            return None
        identity = Identity(content["user"], frozenset(content["groups"]))
        return Session(identity, content["exp"])

    def end(self, response: web.StreamResponse) -> None:
        """End the session of this browser."""
        self._cookies.clear(response, "session")


def _as_json(content: object) -> bytes:
    """Content as JSON in UTF-8; half characters, which some provider may send, stay as they are."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")
