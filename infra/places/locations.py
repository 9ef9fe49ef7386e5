"""Where files lie away from this machine, as `s3://bucket/path`, `sftp://` and `https://`.

The same form names a place that is allowed and a file that an event asks for; what a file's name
could do to leave its place (`..`, encoded characters, credentials, another port) is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from infra.errors import InfraError

SCHEMES: Final = ("s3", "sftp", "https")
_PORTS = {"sftp": 22, "https": 443}
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENCODED_TWICE = re.compile(r"%(?:2e|2f|5c|25|0)", re.IGNORECASE)
_QUERY = re.compile(r"[A-Za-z0-9._~&=%+:-]*")
_LITERAL = "/:@!$&'()*+,=~"
"""Characters that may stand in a path as they are."""


class WrongLocation(InfraError, ValueError):
    """A text names no place; the message says why without repeating the text."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place, or a file in one.

    `host` is the bucket for S3, `port` None for S3; `path` is decoded, "" or "/a/b"; `query` is
    what follows a `?` of an https address, as it is written.
    """

    scheme: str
    host: str
    port: int | None = None
    path: str = ""
    query: str = ""

    def __str__(self) -> str:
        port = "" if self.port == _PORTS.get(self.scheme) else f":{self.port}"
        query = f"?{self.query}" if self.query else ""
        path = self.path if self.scheme == "s3" else quote(self.path, safe=_LITERAL)
        return f"{self.scheme}://{self.host}{port}{path}{query}"

    def holds(self, other: Location) -> bool:
        """Whether `other` is this place, or lies below it."""
        mine, theirs = replace(self, path="", query=""), replace(other, path="", query="")
        below = other.path == self.path or other.path.startswith(f"{self.path}/")
        return mine == theirs and below

    def below(self, relative: str) -> Location:
        """The file with a path relative to this place.

        Raises:
            WrongLocation: the path leaves the place.
        """
        _require_plain(f"/{relative}")
        return replace(self, path=f"{self.path}/{relative}")


def has_scheme(text: str) -> bool:
    """Whether a text is written as an address of one of `SCHEMES`."""
    return text.partition("://")[0].lower() in SCHEMES and "://" in text


def parse_location(text: str) -> Location:
    """The location that a text names.

    Raises:
        WrongLocation: it names none, holds credentials, or could leave its place.
    """
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in SCHEMES:
        raise WrongLocation("only s3://, sftp:// and https:// name places away from this machine")
    if _CONTROL.search(text) or "\\" in text:
        raise WrongLocation("it holds a control character or a backslash")
    authority, slash, path = rest.partition("/")
    if "@" in authority:
        raise WrongLocation(
            "it holds a user or a password before '@': credentials stand in files, which "
            "ASCOLTO_PLACES names"
        )
    host, port = _address(scheme, authority.lower())
    if scheme == "s3":
        return Location(scheme, host, None, _plain(f"{slash}{path}"))
    if "#" in path:
        raise WrongLocation("it has '#' in it; write it as %23")
    path, _, query = path.partition("?")
    if not _QUERY.fullmatch(query):
        raise WrongLocation("what follows '?' holds a character that is to be percent-encoded")
    if query and scheme != "https":
        raise WrongLocation("it has '?' in it; write it as %3F")
    return Location(scheme, host, port, _plain(_decoded(f"{slash}{path}")), query)


def _address(scheme: str, authority: str) -> tuple[str, int | None]:
    if scheme == "s3":
        if not _BUCKET.fullmatch(authority) or ".." in authority:
            raise WrongLocation("after s3:// the name of a bucket is needed")
        return authority, None
    host, _, port = (
        authority.rpartition(":") if re.search(r":\d*$", authority) else (authority,) * 3
    )
    if host == authority:
        port = str(_PORTS[scheme])
    if not _HOST.fullmatch(host) or ".." in host:
        raise WrongLocation("after :// the name of a host is needed, as sftp.example or 192.0.2.7")
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise WrongLocation("its port is none")
    return host, int(port)


def _decoded(path: str) -> str:
    try:
        decoded = unquote(path, errors="strict")
    except UnicodeDecodeError as error:
        raise WrongLocation("its %XX are no UTF-8") from error
    if _ENCODED_TWICE.search(decoded):
        raise WrongLocation("its path is encoded twice")
    if decoded.count("/") != path.count("/"):
        raise WrongLocation("it has an encoded '/' in it")
    return decoded


def _plain(path: str) -> str:
    path = path.removesuffix("/")
    _require_plain(path)
    return path


def _require_plain(path: str) -> None:
    """Refuse what a server, or a library on the way to it, could take for another path."""
    if _CONTROL.search(path) or "\\" in path:
        raise WrongLocation("it holds a control character or a backslash")
    for part in path.split("/")[1:]:
        if part.partition(";")[0] in ("", ".", ".."):
            raise WrongLocation("its path holds '..', '.' or '//'; give the path without")


_BETWEEN = re.compile(
    r"""
    (?: [,\s]+ | : ) (?=(?:s3|sftp|https)://)   # before an address
    | ,\s*(?=[/~])                              # before a directory
    | :(?!//)                                   # as directories have always been separated
    """,
    re.VERBOSE | re.IGNORECASE,
)
_URL = re.compile(
    r"""
    (?:s3|sftp|https)://
    (?:[^\s,/]*@)?                    # no user may stand here, which `parse_location` says
    (?:\[[^\]\s]*\]|[^\s,:/\[]*)
    (?::\d+(?=[/\s,:]|$))?
    [^\s,:]*
    """,
    re.VERBOSE | re.IGNORECASE,
)


def split_places(text: str) -> list[Path | Location]:
    """Directories and places of a list, separated by `:`, and around addresses by `,` or blanks.

    A directory's name may hold blanks; an address none, and no `,` or `:` after its port.

    Raises:
        WrongLocation: an address names no place; the message says which of the list.
    """
    found: list[Path | Location] = []
    for number, part in enumerate(_parts(text), 1):
        if "://" not in part:
            found.append(Path(part))
            continue
        try:
            location = parse_location(part)
        except WrongLocation as error:
            raise WrongLocation(f"place {number} of the list: {error}") from None
        if location.query:
            raise WrongLocation(f"place {number} of the list: it has '?' in it")
        found.append(location)
    return found


def _parts(text: str) -> Iterator[str]:
    at = 0
    while at < len(text):
        url = _URL.match(text, at)
        if url is not None:
            yield url.group()
            at = url.end()
            at += len(text[at:]) - len(text[at:].lstrip(":, \t\n\r"))
            continue
        between = _BETWEEN.search(text, at)
        end = len(text) if between is None else between.start()
        part = text[at:end].strip("\r\n\t")
        if part:
            yield part
        at = len(text) if between is None else between.end()
