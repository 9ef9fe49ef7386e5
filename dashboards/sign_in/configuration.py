"""The sign-in file: how people prove who they are, and what each may see."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from infra.errors import InfraError
from infra.yaml_documents import Document, YamlError, read_document
from schemas.inbound.identifiers import Identifier

CALLBACK_PATH = "/sign-in/callback"
"""Where the identity provider sends people back to: below `public_url`."""

_MOST_FAULTS = 20
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_Name = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^\S(.*\S)?$")]
_HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class SignInError(InfraError):
    """A sign-in file that cannot be used; each line names the file, the line and the fix."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Proxy(_Part):
    """A reverse proxy that has signed people in, and says who they are in a header."""

    addresses: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = Field(
        min_length=1, description="the proxy's own addresses or networks; from others none is taken"
    )
    user_header: _HeaderName = "X-Forwarded-User"
    groups_header: _HeaderName = Field(
        "X-Forwarded-Groups", description="groups of the user, separated by commas"
    )

    def trusts(self, address: str | None) -> bool:
        """Whether a connection from that address is the proxy's."""
        try:
            peer = ipaddress.ip_address((address or "").partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(peer, "ipv4_mapped", None)
        return any((mapped or peer) in network for network in self.addresses)


class Oidc(_Part):
    """An OpenID Connect provider, asked with the authorization code flow and PKCE."""

    issuer: str = Field(description="as its discovery document states it")
    client_id: _Name = Field(description="what the provider calls this page")
    client_secret_file: Path | None = Field(
        None, description="file of the client's secret, relative to this one; none: a public client"
    )
    scopes: list[_Name] = Field(default=["openid", "profile", "email"])
    user_claim: _Name = Field("email", description="the claim that `users` below are written by")
    groups_claim: _Name = "groups"

    @field_validator("issuer")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        return _safe_url(url)

    @field_validator("scopes")
    @classmethod
    def _has_openid(cls, scopes: list[str]) -> list[str]:
        if "openid" not in scopes:
            raise PydanticCustomError("scopes", "the scope openid is needed among them")
        return scopes


class Access(_Part):
    """What some people may see."""

    users: list[_Name] = Field(default_factory=list, description="as user_header or user_claim has")
    groups: list[_Name] = Field(default_factory=list, description="as the provider names them")
    client: Identifier | None = Field(None, description="the client company (client_id)")
    agencies: list[Identifier] = Field(
        default_factory=list, description="of it these agencies only; left out: all"
    )
    everything: bool = Field(
        False, description="all client companies and the workers' state: the team that runs it"
    )

    @field_validator("agencies")
    @classmethod
    def _names_some(cls, agencies: list[str]) -> list[str]:
        """An empty list in the file is a mistake: it would give all of the client company."""
        if not agencies:
            raise PydanticCustomError("agencies", "an agency is needed; left out, all are seen")
        return agencies

    @model_validator(mode="after")
    def _is_meant(self) -> Self:
        if not self.users and not self.groups:
            raise PydanticCustomError("who", "users or groups are needed: who may see this?")
        if self.everything == (self.client is not None):
            raise PydanticCustomError("what", "either client or everything: true is needed")
        if self.everything and self.agencies:
            raise PydanticCustomError("what", "agencies are of a client; leave everything out")
        return self


class SignIn(_Part):
    """The whole file."""

    public_url: str = Field(description="the page's address as people open it: https://...")
    proxy: Proxy | None = None
    oidc: Oidc | None = None
    session_hours: Annotated[float, Field(gt=0, le=24)] = Field(
        8.0, description="hours after which people sign in again (OIDC)"
    )
    access: list[Access] = Field(min_length=1, description="what people may see; else nothing")

    @field_validator("public_url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        if urlsplit(_safe_url(url)).path.strip("/"):
            raise PydanticCustomError("url", "the page has a host name of its own: leave the path")
        return url.rstrip("/")

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        if (self.proxy is None) == (self.oidc is None):
            raise PydanticCustomError("way", "either proxy or oidc is needed, one of the two")
        return self

    @property
    def host(self) -> str:
        """The host name that people open."""
        return urlsplit(self.public_url).hostname or ""

    @property
    def secure(self) -> bool:
        """Whether the page is opened by https."""
        return self.public_url.startswith("https:")


def _safe_url(url: str) -> str:
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in _LOOPBACK
    if (parts.scheme != "https" and not local) or not parts.hostname or parts.query:
        raise PydanticCustomError("url", "an address with https:// is needed (http: loopback only)")
    return url


def load_sign_in(path: Path) -> SignIn:
    """A sign-in file, checked.

    Raises:
        SignInError: it cannot be read, or something in it is wrong.
    """
    try:
        document = read_document(path)
    except YamlError as error:
        raise SignInError(str(error)) from error
    try:
        sign_in = SignIn.model_validate(document.content)
    except ValidationError as error:
        lines = [_sentence(detail, document) for detail in error.errors()[:_MOST_FAULTS]]
        raise SignInError("\n".join(lines)) from None
    if sign_in.oidc is not None and sign_in.oidc.client_secret_file is not None:
        client_secret(sign_in.oidc, path)
    return sign_in


def client_secret(oidc: Oidc, path: Path) -> str | None:
    """The client's secret; None of a public client. `path` is the sign-in file.

    Raises:
        SignInError: its file cannot be read, or is empty.
    """
    if oidc.client_secret_file is None:
        return None
    file = path.parent / oidc.client_secret_file
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        problem = getattr(error, "strerror", None) or "it is no text"
        raise SignInError(f"{path}: oidc.client_secret_file: {file}: {problem}") from error
    if not secret:
        raise SignInError(f"{path}: oidc.client_secret_file: {file} is empty")
    return secret


def _sentence(detail: Any, document: Document) -> str:
    """An error with the line it is about, as near as one is known."""
    path = [str(part) for part in detail["loc"]]
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "this name means nothing here; docs/sign-in.md says which do"
    at = document.nearest(path)
    where = document.name if at is None else f"{document.name}, line {document.lines[at]}"
    return f"{where}: {'.'.join(path)}: {message}" if path else f"{where}: {message}"


class SignInFile:
    """The sign-in file as it stands; read again when it changes, so that access ends at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: object = None
        self._sign_in: SignIn | None = None

    def current(self) -> SignIn:
        """What the file says now.

        Raises:
            SignInError: it cannot be used; nobody has access then.
        """
        try:
            found = self.path.stat()
        except OSError as error:
            raise SignInError(f"{self.path} cannot be read: {error.strerror}") from error
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if self._sign_in is None or stamp != self._stamp:
            self._sign_in = None
            self._sign_in = load_sign_in(self.path)
            self._stamp = stamp
        return self._sign_in
