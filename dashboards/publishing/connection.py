"""Calls to a running Grafana; whatever it refuses becomes a sentence that says what to do."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaException

from infra.errors import InfraError
from infra.retry import retry_until_done

log = logging.getLogger(__name__)

_NOT_ACCEPTED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_STARTING = (502, 503, 504)
_SECONDS = 30.0
_MOST_BYTES = 65_536


class GrafanaRefused(InfraError):
    """Grafana did not do what it was asked; the message says why, and what to do."""


class GrafanaAway(InfraError):
    """Grafana cannot be reached now."""


class WrongAddress(InfraError):
    """An address, or a file of credentials, that cannot be used."""


@dataclass(frozen=True)
class Credential:
    """A service account's token, or a user's name and password, from a file."""

    file: str
    token: str | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Address:
    """Where a Grafana is."""

    url: str
    protocol: str
    host: str
    port: int | None
    path: str
    """Empty, or what its paths begin with, ending in a slash."""

    @property
    def is_encrypted(self) -> bool:
        """Whether nobody on the way reads what is sent; also where there is no way."""
        return self.protocol == "https" or self.host in ("localhost", "127.0.0.1", "::1")


def read_credential(path: Path) -> Credential:
    """The token in a file, or `user:password`, on its one line.

    Raises:
        WrongAddress: the file cannot be read, or holds neither.
    """
    wanted = "write a service account's token into it, or user:password, on one line"
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES)
        text = raw.decode("utf-8").strip()
    except OSError as error:
        raise WrongAddress(f"{path} cannot be read: {error.strerror}; {wanted}") from error
    except UnicodeDecodeError as error:
        raise WrongAddress(f"{path} is no text; {wanted}") from error
    if not text or not text.isprintable() or " " in text:
        raise WrongAddress(f"{path} is {'empty' if not text else 'no token'}; {wanted}")
    user, colon, password = text.partition(":")
    if not colon:
        return Credential(str(path), token=text)
    if not user or not password:
        raise WrongAddress(f"{path} has no user or no password; {wanted}")
    return Credential(str(path), user=user, password=password)


def read_address(url: str) -> Address:
    """A Grafana's address.

    Raises:
        WrongAddress: it is none, or holds a password.
    """
    wanted = "write it like https://grafana.example, with its path where it has one"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WrongAddress(f"{url!r} is no address of a Grafana: {wanted}") from error
    if parts.username or parts.password:
        raise WrongAddress(
            "the address holds a user name or a password, which other users of this machine see: "
            "write user:password into the file that --token-file names"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise WrongAddress(f"{url!r} is no address of a Grafana: {wanted}")
    path = parts.path.strip("/")
    return Address(url.rstrip("/"), parts.scheme, parts.hostname, port, f"{path}/" if path else "")


class Connection:
    """A Grafana, as one credential reaches it, in one organisation."""

    def __init__(
        self, address: Address, credential: Credential, organisation: int | None = None
    ) -> None:
        """`organisation` is an id; None: the token's own, or the user's current one."""
        self.address = address
        self._credential = credential
        auth: Any = credential.token
        if credential.user is not None:
            auth = (credential.user, credential.password)
        self._api = GrafanaApi(
            auth,
            host=f"[{address.host}]" if ":" in address.host else address.host,
            port=address.port,
            url_path_prefix=address.path,
            protocol=address.protocol,
            timeout=_SECONDS,
            organization_id=organisation,
        )

    @property
    def user(self) -> str:
        """The user's login or e-mail address; empty of a token, which is of one organisation."""
        return self._credential.user or ""

    def within(self, organisation: int) -> Connection:
        """The same in another organisation."""
        return Connection(self.address, self._credential, organisation)

    def wait(self, sleep: Callable[[float], None] = time.sleep) -> None:
        """Return when Grafana answers; the log says what is waited for.

        Raises:
            GrafanaRefused: there is something else at the address.
        """
        retry_until_done(self.check, GrafanaAway, f"Grafana at {self.address.url}", log, sleep)

    def check(self) -> None:
        """Ask once whether a Grafana is there.

        Raises:
            GrafanaRefused: there is something else at the address.
            GrafanaAway: nothing answers, or it is starting.
        """
        health = self.call("report its health", lambda api: api.client.GET("/health"))
        if not isinstance(health, dict) or "database" not in health:
            raise GrafanaRefused(self._no_grafana())

    def call(self, doing: str, action: Callable[[Any], Any]) -> Any:
        """What Grafana answers to a call.

        Args:
            doing: what it is to do, for messages: `make the folder ascolto`.
            action: the call, given grafana_client's API.

        Raises:
            GrafanaRefused: it did not do it.
            GrafanaAway: it could not be reached, or is starting.
        """
        try:
            answer = action(self._api)
        except GrafanaException as error:
            raise self._explained(doing, error) from None
        except ValueError as error:
            raise GrafanaRefused(self._no_grafana()) from error
        except OSError as error:
            # What niquests raises of connections are OSErrors, those of certificates among them.
            if any(kind.__name__ == "SSLError" for kind in type(error).__mro__):
                raise GrafanaRefused(
                    f"the certificate of Grafana at {self.address.url} is not trusted: have the "
                    "system trust its authority (SSL_CERT_FILE names a PEM file)"
                ) from error
            raise GrafanaAway(
                f"Grafana at {self.address.url} cannot be reached: check --url, and whether it runs"
            ) from error
        if isinstance(answer, str) and answer.lstrip()[:1] == "<":
            raise GrafanaRefused(self._no_grafana())
        return answer

    def find(self, doing: str, action: Callable[[Any], Any]) -> Any:
        """The same; None where Grafana has no such thing."""

        def found(api: Any) -> Any:
            try:
                return action(api)
            except GrafanaException as error:
                # A wrong address answers 404, too, but without Grafana's message.
                if error.status_code == _NOT_FOUND and isinstance(error.response, dict):
                    return None
                raise

        return self.call(doing, found)

    def _explained(self, doing: str, error: GrafanaException) -> InfraError:
        """The sentence on an error of Grafana's."""
        status = error.status_code
        where = f"Grafana at {self.address.url}"
        if not status or status in _STARTING:
            return GrafanaAway(f"{where} does not answer: check --url, and whether it runs")
        if status == _NOT_ACCEPTED:
            new = "write the right user:password into it"
            if not self.user:
                new = "make a new token (Administration > Service accounts) and write it into it"
            return GrafanaRefused(
                f"{where} does not accept what is in {self._credential.file}: {new}"
            )
        if status == _FORBIDDEN:
            todo = "give its service account the role Admin"
            if self.user:
                todo = "name a user who is administrator of the server (Server admin)"
            return GrafanaRefused(f"{where} does not let {self._credential.file} {doing}: {todo}")
        if status == _NOT_FOUND:
            return GrafanaRefused(
                f"{where} cannot {doing}: there is nothing at that path. Is --url its own address, "
                "with the path it is served under?"
            )
        return GrafanaRefused(f"{where} did not {doing} ({status}): {_said(error)}")

    def _no_grafana(self) -> str:
        return (
            f"what answers at {self.address.url} is no Grafana: check --url, with the path it is "
            "served under"
        )


def _said(error: GrafanaException) -> str:
    response: Any = error.response
    said = response.get("message") if isinstance(response, dict) else response
    return " ".join(str(said or error).split())[:300]
