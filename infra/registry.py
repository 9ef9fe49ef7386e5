"""The registry's file: display names and logos, read again when the file changes."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from infra.errors import InfraError
from infra.registry_model import LOGO_TYPES, Registry
from infra.yaml_documents import Document, EntryPath, YamlError, read_document

log = logging.getLogger(__name__)

MOST_LOGO_BYTES = 256 * 1024
"""Largest logo: it is shown small, and on every page."""
_MOST_FAULTS = 20
_BEGINNINGS = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/webp": (b"RIFF",),
    "image/svg+xml": (b"<svg", b"<?xml", b"<!--", b"\xef\xbb\xbf<", b"<!DOCTYPE svg"),
}


class RegistryError(InfraError):
    """A registry that cannot be used; each of `faults` names the file, the line and the fix."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(frozen=True)
class Fault:
    """What is wrong in a registry, and where."""

    file: str
    line: int | None
    entry: str
    message: str

    def __str__(self) -> str:
        """A sentence."""
        where = self.file if self.line is None else f"{self.file}, line {self.line}"
        return (
            f"{where}: {self.entry}: {self.message}" if self.entry else f"{where}: {self.message}"
        )


@dataclass(frozen=True)
class Logo:
    """A picture and its media type."""

    content: bytes
    media_type: str


def load_registry(path: Path) -> Registry:
    """A registry, its logos checked.

    Raises:
        RegistryError: it cannot be read, or something in it is wrong.
    """
    try:
        document = read_document(path)
    except YamlError as error:
        raise RegistryError([Fault(str(path), error.line, "", error.problem)]) from error
    try:
        registry = Registry.model_validate(document.content)
    except ValidationError as error:
        faults = [_fault(detail, document) for detail in error.errors()[:_MOST_FAULTS]]
        raise RegistryError(faults) from None
    if faults := list(_wrong_logos(registry, document, path.parent)):
        raise RegistryError(faults)
    return registry


def read_logo(folder: Path, logo: str) -> Logo:
    """A logo of a registry in `folder`.

    Raises:
        ValueError: it cannot be read, is too large, or no picture of the kind its name says.
    """
    path = folder / logo
    media_type = LOGO_TYPES[path.suffix.lower()]
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise ValueError("lies outside the registry's folder")
        with path.open("rb") as file:
            content = file.read(MOST_LOGO_BYTES + 1)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > MOST_LOGO_BYTES:
        raise ValueError(f"{path} has more than {MOST_LOGO_BYTES // 1024} KiB: make it smaller")
    if not content.lstrip().startswith(_BEGINNINGS[media_type]):
        raise ValueError(f"{path} is no {path.suffix[1:]} picture")
    return Logo(content, media_type)


def _wrong_logos(registry: Registry, document: Document, folder: Path) -> Iterator[Fault]:
    for client_id, client in registry.clients.items():
        entries: list[tuple[EntryPath, str | None]] = [(("clients", client_id), client.logo)]
        entries += [
            (("clients", client_id, "agencies", agency_id), agency.logo)
            for agency_id, agency in client.agencies.items()
        ]
        for entry, logo in entries:
            if logo is None:
                continue
            try:
                read_logo(folder, logo)
            except ValueError as error:
                path = (*entry, "logo")
                yield Fault(document.name, document.lines.get(path), ".".join(path), str(error))


def _fault(detail: object, document: Document) -> Fault:
    """A fault with its line, as near as one is known."""
    assert isinstance(detail, dict)
    path = [str(part) for part in detail["loc"]]
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "this name means nothing here; ascolto registry schema says which do"
    at = document.nearest(path)
    shown = [part for part in path if part != "[key]"]
    return Fault(document.name, document.lines[at] if at else None, ".".join(shown), message)


class RegistryFile:
    """The registry of a file, as it stands; while it is wrong, as it stood before."""

    def __init__(self, path: Path | None) -> None:
        """`path` is None where there is no registry: everything is called by its id."""
        self._path = path
        self._stamp: object = "not read yet"
        self._registry = Registry()

    def current(self) -> Registry:
        """The registry; the log says when it cannot be used."""
        if self._path is None:
            return self._registry
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._registry = load_registry(self._path)
            except RegistryError as error:
                log.warning("ASCOLTO_REGISTRY cannot be used, ids are shown: %s", error)
        return self._registry

    @property
    def version(self) -> str:
        """A text that differs whenever the registry does."""
        written = self.current().model_dump_json()
        return hashlib.sha256(f"{written}{self._stamp}".encode()).hexdigest()[:12]

    def logo(self, client_id: str, agency_id: str | None = None) -> Logo | None:
        """The logo of a client company or of one of its agencies; None where there is none."""
        name = self.current().logo(client_id, agency_id)
        if name is None or self._path is None:
            return None
        try:
            return read_logo(self._path.parent, name)
        except ValueError as error:
            log.warning("logo: %s", error)
            return None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
