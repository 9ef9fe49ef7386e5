"""Reading the file of targets: each fault with its line, each URL only when it is needed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from infra.alerting.targets import ClientTargets, NotifyFile, Target
from infra.errors import InfraError
from infra.yaml_documents import Document, YamlError, read_document

_MOST_FAULTS = 20
_MOST_BYTES = 8192


class WrongTargets(InfraError):
    """The file of targets cannot be used; each of `faults` names the file, the line and the fix."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class NoUrl(InfraError):
    """A target's URL is not where the file says; the message says where, and not what it holds."""


@dataclass(frozen=True)
class Addressee:
    """One target of one client company."""

    client_id: str
    name: str
    client: ClientTargets
    target: Target
    folder: Path
    """Of the file of targets: files that it names are relative to it."""

    @property
    def key(self) -> tuple[str, str]:
        """What it is called, within its client company."""
        return self.client_id, self.name

    def __str__(self) -> str:
        """For people who run the system."""
        return f"target {self.name} of {self.client_id}"

    def url(self) -> str:
        """Its apprise URL, a secret; read again each time, so that it can be renewed.

        Raises:
            NoUrl: it cannot be read, or is empty.
        """
        if self.target.url_env is not None:
            url = os.environ.get(self.target.url_env, "").strip()
            if not url:
                raise NoUrl(f"{self}: set {self.target.url_env} to the target's URL")
            return url
        assert self.target.url_file is not None
        path = self.folder / self.target.url_file.expanduser()
        try:
            with path.open("rb") as file:
                url = file.read(_MOST_BYTES).decode("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "no UTF-8"
            raise NoUrl(f"{self}: {path} cannot be read ({reason}): write its URL there") from error
        if not url or "\n" in url:
            raise NoUrl(f"{self}: {path} must hold the target's URL on one line")
        return url


def read_targets(path: Path) -> list[Addressee]:
    """Every target of a file, in its order.

    Raises:
        WrongTargets: it cannot be read, or something in it is wrong.
    """
    try:
        document = read_document(path)
    except YamlError as error:
        raise WrongTargets([str(error)]) from error
    try:
        found = NotifyFile.model_validate(document.content)
    except ValidationError as error:
        faults = [_fault(detail, document) for detail in error.errors()[:_MOST_FAULTS]]
        raise WrongTargets(faults) from None
    return list(_addressees(found, path.parent))


def _addressees(found: NotifyFile, folder: Path) -> Iterator[Addressee]:
    for client_id, client in found.clients.items():
        for name, target in client.targets.items():
            yield Addressee(client_id, name, client, target, folder)


def _fault(detail: object, document: Document) -> str:
    assert isinstance(detail, dict)
    path = [str(part) for part in detail["loc"] if part != "[key]"]
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = "this name means nothing here; ascolto notify schema says which do"
    if detail["type"] == "string_pattern_mismatch" and "[key]" in detail["loc"]:
        message = "write the name in lower-case letters, digits, - and _"
    at = document.nearest(path)
    where = document.name if at is None else f"{document.name}, line {document.lines[at]}"
    return f"{where}: {'.'.join(path)}: {message}" if path else f"{where}: {message}"
