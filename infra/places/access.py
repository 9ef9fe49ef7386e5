"""How places are reached: the YAML file that `ASCOLTO_PLACES` names.

It names files that hold credentials, never credentials themselves, and is read once at the start;
the files it names are read at each connection, so that credentials can be renewed.
"""

from __future__ import annotations

import configparser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from infra.errors import InfraError
from infra.places.failures import PlaceAway
from infra.places.locations import Location, WrongLocation, parse_location
from infra.yaml_documents import YamlError, read_document

_ONLY: Final = {
    "endpoint": ("s3",),
    "region": ("s3",),
    "credentials": ("s3",),
    "ca": ("s3", "https"),
    "user": ("sftp", "https"),
    "password": ("sftp", "https"),
    "key": ("sftp",),
    "passphrase": ("sftp",),
    "known_hosts": ("sftp",),
    "token": ("https",),
    "query": ("https",),
}
"""The schemes of entries that not all places have."""
_MOST_BYTES = 65_536


class WrongPlaces(InfraError):
    """The file of places cannot be used; the message says where and why."""


class Access(BaseModel):
    """How one place, and all below it, is reached."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="the place: s3://bucket/path, sftp://host/path, https://host/path")
    private: bool = Field(False, description="it has an address in your own network")
    clients: tuple[str, ...] = Field(
        (), description="client companies whose calls may name it; none: those of all"
    )
    probe: str | None = Field(None, description="a small file of it that ascolto doctor reads")
    ca: Path | None = Field(None, description="PEM file of the authority of its certificate")
    endpoint: str | None = Field(None, description="https:// address of a store other than AWS")
    region: str | None = Field(None, description="AWS region of the bucket")
    credentials: Path | None = Field(
        None, description="file with aws_access_key_id and aws_secret_access_key, as AWS writes it"
    )
    user: str | None = Field(None, description="name of the user")
    password: Path | None = Field(None, description="file that holds the password")
    key: Path | None = Field(None, description="the user's private key, in OpenSSH's form")
    passphrase: Path | None = Field(None, description="file that holds the key's passphrase")
    known_hosts: Path | None = Field(None, description="file with the server's host key")
    token: Path | None = Field(None, description="file that holds a bearer token")
    query: tuple[str, ...] = Field(
        (), description="names of parameters that may follow ? in an address"
    )

    @property
    def location(self) -> Location:
        """The place."""
        return parse_location(self.url)

    @field_validator("url")
    @classmethod
    def _is_place(cls, value: str) -> str:
        parse_location(value)
        return value

    @field_validator("endpoint")
    @classmethod
    def _is_endpoint(cls, value: str | None) -> str | None:
        if value is not None and endpoint_of(value) is None:
            raise ValueError("write https://host or https://host:port")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Access:
        scheme = self.location.scheme
        for name, schemes in _ONLY.items():
            if getattr(self, name) and scheme not in schemes:
                raise ValueError(f"{name} is of {' and '.join(schemes)} places, not of {scheme}")
        if scheme == "sftp" and self.user is None:
            raise ValueError("sftp needs a user")
        if self.password is not None and self.user is None:
            raise ValueError("a password needs its user")
        if self.token is not None and self.user is not None:
            raise ValueError("give a token, or a user and a password, not both")
        return self


def endpoint_of(text: str) -> Location | None:
    """An S3 store's address, https without a path; None where the text is none.

    http is taken for this machine alone, as for a store behind a tunnel of yours.
    """
    plain = text.startswith("http://")
    try:
        found = parse_location(f"https://{text[7:]}" if plain else text)
    except WrongLocation:
        return None
    if found.scheme != "https" or found.path or found.query:
        return None
    if plain and found.host not in ("127.0.0.1", "localhost", "[::1]"):
        return None
    return found


@dataclass(frozen=True)
class Accesses:
    """The accesses of all places; a place without one is reached without credentials."""

    entries: tuple[Access, ...] = ()

    def of(self, location: Location) -> Access:
        """The access of the smallest place that holds `location`."""
        fitting = [each for each in self.entries if each.location.holds(location)]
        if not fitting:
            return Access.model_construct(url=str(location))
        return max(fitting, key=lambda each: len(each.location.path))


def read_accesses(path: Path | None) -> Accesses:
    """The accesses of a file; none without a file.

    Raises:
        WrongPlaces: the file cannot be read, or an entry of it is wrong.
    """
    if path is None:
        return Accesses()
    try:
        document = read_document(path)
    except YamlError as error:
        raise WrongPlaces(str(error)) from error
    entries = document.content.get("places")
    if set(document.content) != {"places"} or not isinstance(entries, list):
        raise WrongPlaces(f"{path}: a list is needed, as places: [{{url: ...}}], and nothing else")
    found = [
        _access(path, document.lines.get(("places", str(number))), entry)
        for number, entry in enumerate(entries)
    ]
    seen: set[Location] = set()
    for each in found:
        if each.location in seen:
            raise WrongPlaces(f"{path}: {each.url} is there twice: remove one of the two")
        seen.add(each.location)
    return Accesses(tuple(found))


def _access(path: Path, line: int | None, entry: Any) -> Access:
    where = f"{path}, line {line}" if line is not None else str(path)
    try:
        access = Access.model_validate(entry)
    except ValidationError as error:
        detail = error.errors()[0]
        name = ".".join(map(str, detail["loc"]))
        said = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "extra_forbidden":
            said = f"there is no such entry; there are {', '.join(Access.model_fields)}"
        raise WrongPlaces(f"{where}: {name}: {said}" if name else f"{where}: {said}") from error
    files = {
        name: path.parent / value.expanduser() for name, value in access if isinstance(value, Path)
    }
    return access.model_copy(update=files)


def secret_in(path: Path, what: str) -> str:
    """What a file of credentials holds, without the line's end.

    Raises:
        PlaceAway: it cannot be read, or holds nothing.
    """
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no UTF-8"
        raise PlaceAway(
            f"{what} in {path} cannot be read ({reason})", f"let this user read {path}"
        ) from error
    if not text:
        raise PlaceAway(f"{path} holds no {what}", f"write it into {path}")
    return text


def aws_credentials(path: Path) -> dict[str, str]:
    """Key, secret and session token of a file as AWS's tools write it: its first section.

    Raises:
        PlaceAway: it cannot be read, or holds no key and secret.
    """
    text = secret_in(path, "AWS credentials")
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(text if text.lstrip().startswith("[") else f"[default]\n{text}")
    except configparser.Error:
        parser = configparser.ConfigParser()
    found = dict(parser[parser.sections()[0]]) if parser.sections() else {}
    wanted = "aws_access_key_id", "aws_secret_access_key"
    if not all(found.get(name) for name in wanted):
        raise PlaceAway(
            f"{path} holds no {wanted[0]} and {wanted[1]}",
            f"write both into {path}, a line for each, as name = value",
        )
    return found


def unused(accesses: Accesses, places: Sequence[Location]) -> list[str]:
    """The addresses of entries that no place uses, which may be misspelt."""
    used = {accesses.of(place).url for place in places}
    return [each.url for each in accesses.entries if each.url not in used]
