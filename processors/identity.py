"""What names an event once and for all, and what it says, each as a keyed hash.

CloudEvents makes `source` and `id` together unique; a tenant and a type are added, so that no
sender can name another tenant's event, nor a payment a call. After the first stage the hash
stands in place of `id` and `source`, which may hold a telephone number or a name.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from processors.pseudonyms import pseudonym
from schemas.events import InboundEvent

PREFIX = "e:"
_HEX_DIGITS = 32


def event_identity(key: bytes, client_id: str, event_type: str, source: str, event_id: str) -> str:
    """The event's identity: `e:` and 32 hex digits of HMAC-SHA256.

    Args:
        key: the pseudonym key.
        client_id: the tenant.
        event_type: CloudEvents `type`, as `it.ascolto.call-ended.v1`.
        source: CloudEvents `source`, as it was sent.
        event_id: CloudEvents `id`, as it was sent.
    """
    named = [client_id, event_type, source, event_id]
    return PREFIX + _keyed(key, "event", json.dumps(named))


def content_digest(key: bytes, event: InboundEvent) -> str:
    """What the event says, in 32 hex digits: two that say the same have the same digest.

    It covers `data` as it was understood, so neither the order of fields, nor unknown ones, nor
    the writing of a time or an amount matter, nor whether a default is stated. The customer is
    in it by pseudonym: so the digest follows from the pseudonymous event, too.
    """
    data = event.data
    customer = pseudonym(key, data.client_id, data.customer_id)
    said = {
        **data.model_dump(exclude_defaults=True),
        "client_id": data.client_id,
        "customer_id": customer,
    }
    return _keyed(key, "content", canonical(said))


def canonical(value: Any) -> str:
    """`value` as JSON that is the same for equal values, whatever they were written like.

    >>> canonical({"b": Decimal("10.00"), "a": Decimal("1E+1")})
    '{"a":"10","b":"10"}'

    Raises:
        TypeError: something in it is no value of a contract.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_written)


def _written(value: object) -> Any:
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump(exclude_defaults=True)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def _keyed(key: bytes, purpose: str, text: str) -> str:
    """A blank follows the purpose: what a customer's pseudonym is made of never has one."""
    return hmac.digest(key, f"{purpose} {text}".encode(), hashlib.sha256).hex()[:_HEX_DIGITS]
