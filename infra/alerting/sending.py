"""Sending one message to one target, through apprise."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

from infra.errors import InfraError
from processors.alerts.messages import Message

if TYPE_CHECKING:
    from apprise import AppriseAsset
    from apprise.plugins.base import NotifyBase

ANSWER_SECONDS = 30.0
"""How long a target may take to answer, unless its URL says otherwise (`?rto=`)."""
_SHORTEST_SECRET = 3
_LONGEST_REASON = 200
_NOWHERE = logging.NullHandler()
_EMAIL = re.compile(r"[^\s\"'<>@]+@[^\s\"'<>@]+")


class NotAccepted(InfraError):
    """A target did not take a message; the text says why, without what its URL holds."""


class UnknownTarget(NotAccepted):
    """No service of apprise has such a URL, or something is missing in it."""


@dataclass(frozen=True)
class Envelope:
    """What goes with a message, for receivers that are programs."""

    message_id: str
    """The same where the same message is sent again: receivers can leave the second one out."""
    thread: str
    """The same for all messages about one alert: mail programs show them together."""
    fields: Mapping[str, object]
    """About the alert, added to what a web service gets."""


class Sender(Protocol):
    """What takes messages to targets."""

    async def send(self, url: str, message: Message, envelope: Envelope) -> None:
        """Have the target of `url` accept a message.

        Raises:
            NotAccepted: it did not, or it is not known whether it did.
        """


class AppriseSender:
    """Sends through apprise, loaded at the first message, as that takes a second.

    Each message has a thread of its own: in a shared pool, targets that take a connection and never
    answer would delay those of other client companies. The notifier gives a target one at a time.
    """

    async def send(self, url: str, message: Message, envelope: Envelope) -> None:
        """Have the target accept a message."""
        thread = ThreadPoolExecutor(1, thread_name_prefix="notify")
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(thread, _send, url, message, envelope)
        finally:
            thread.shutdown(wait=False)


def service_of(url: str) -> NotifyBase:
    """The service of apprise that a URL belongs to, with what it says; nothing is sent.

    Raises:
        UnknownTarget: apprise has none.
    """
    return _plugin(url)


def send_file(url: str, message: Message, envelope: Envelope, file: Path) -> None:
    """Have a target accept a message with a file, as a mailbox does.

    Raises:
        NotAccepted: it did not, or it takes no files.
    """
    _send(url, message, envelope, file)


def _send(url: str, message: Message, envelope: Envelope, file: Path | None = None) -> None:
    from apprise import Apprise, NotifyFormat

    plugin: Any = _plugin(url)
    if file is not None and not plugin.attachment_support:
        raise NotAccepted(f"{plugin.service_name} takes no files: name a mailbox")
    if isinstance(getattr(plugin, "headers", None), dict):
        plugin.headers |= {
            "X-Ascolto-Message": envelope.message_id,
            "Idempotency-Key": envelope.message_id,
            "References": f"<{envelope.thread}@ascolto.invalid>",
        }
    if isinstance(getattr(plugin, "payload_extras", None), dict):
        plugin.payload_extras |= {"message_id": envelope.message_id, **envelope.fields}
    service = Apprise(asset=_asset())
    service.add(plugin)
    result = service.notify(
        title=message.title,
        body=message.body,
        body_format=NotifyFormat.TEXT,
        attach=None if file is None else str(file),
    )
    if not result:
        raise NotAccepted(_reason(result, url))


def _plugin(url: str) -> NotifyBase:
    from apprise import Apprise

    # Its messages may name addresses and parts of URLs; what is needed of them is in the result.
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.addHandler(_NOWHERE)
    logger.setLevel(logging.WARNING)
    plugin = Apprise.instantiate(url, asset=_asset())
    if plugin is None:
        raise UnknownTarget(
            "apprise knows no service with such a URL, or a part of it is missing: see "
            "https://github.com/caronc/apprise/wiki"
        )
    _wait_for_answers(plugin)
    return plugin


def _wait_for_answers(plugin: Any) -> None:
    """Give the target time: one that answers after the time limit is sent the message again.

    What the URL sets itself is an attribute of the plugin, apprise's defaults are its class's.
    """
    from apprise.plugins.email import NotifyEmail

    limits = ["socket_read_timeout"]
    if isinstance(plugin, NotifyEmail):
        # Its SMTP client has one time limit, for connecting and for each answer.
        limits.append("socket_connect_timeout")
    for limit in limits:
        if limit not in vars(plugin):
            setattr(plugin, limit, max(ANSWER_SECONDS, getattr(plugin, limit, 0.0)))


def _asset() -> AppriseAsset:
    from apprise import AppriseAsset, PersistentStoreMode

    return AppriseAsset(
        app_id="Ascolto",
        app_desc="Ascolto",
        app_url="",
        storage_mode=PersistentStoreMode.MEMORY,
        async_mode=False,
        secure_logging=True,
    )


def _reason(result: Any, url: str) -> str:
    """What apprise said, without anything that stands in the URL."""
    said = [str(entry.message) for entry in getattr(result, "logs", lambda: ())()]
    text = " ".join(" ".join(said).split())
    parts = {part for part in re.split(r"[/:?&=@,;#]+", unquote(url)) if part}
    for part in sorted(parts - {"https", "http", "json", "jsons", "mailto"}, key=len, reverse=True):
        if len(part) >= _SHORTEST_SECRET:
            text = text.replace(part, "***")
    return _EMAIL.sub("***", text)[:_LONGEST_REASON] or "it gave no reason"
