"""What a target is for other systems than apprise: a mailbox, a chat's webhook, a web service."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from infra.alerting.sending import NotAccepted, service_of
from infra.alerting.targets_file import Addressee
from infra.errors import InfraError

ChannelKind = Literal["email", "slack", "teams", "webhook"]


class NoChannel(InfraError):
    """A target is only to be had through apprise; the message names it."""


@dataclass(frozen=True)
class Channel:
    """A target as e-mail addresses or as the address that messages are posted to."""

    client_id: str
    name: str
    kind: ChannelKind
    language: str | None
    """Of its messages; None: the default."""
    addresses: tuple[str, ...] = field(default=(), repr=False)
    """Of mailboxes."""
    url: str | None = field(default=None, repr=False)
    """That is posted to: a secret."""


def channel_of(addressee: Addressee) -> Channel:
    """The channel that a target's URL stands for.

    Raises:
        NoUrl: the URL is not where the file of targets says.
        NoChannel: it is of another kind.
    """
    url = addressee.url()
    try:
        service: Any = service_of(url)
    except NotAccepted as error:
        raise NoChannel(f"{addressee}: {error}") from error
    kind = type(service).__name__
    language = addressee.target.language or addressee.client.language
    about = (*addressee.key,)
    if kind == "NotifyEmail":
        mailboxes = tuple(address for _, address in service.targets)
        return Channel(*about, "email", language, addresses=mailboxes)
    if kind == "NotifySlack" and service.token_a:
        tokens = "/".join((service.token_a, service.token_b, service.token_c))
        return Channel(*about, "slack", language, url=f"{service.webhook_url}/{tokens}")
    if kind == "NotifyWorkflows" and url.startswith("https://"):
        return Channel(*about, "teams", language, url=url)
    if kind == "NotifyJSON" and not service.user:
        port = "" if service.port is None else f":{service.port}"
        scheme = "https" if service.secure else "http"
        address = f"{scheme}://{service.host}{port}{service.fullpath}"
        return Channel(*about, "webhook", language, url=address)
    raise NoChannel(
        f"{addressee}: Grafana has no contact point for {service.service_name} as it is written; "
        "Ascolto's own notifier sends to it"
    )
