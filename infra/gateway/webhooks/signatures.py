"""Signatures of webhooks: Twilio's scheme, and an HMAC with a time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs

MOST_SECONDS = 300
"""How far a signed time may be from the clock."""

Form = Sequence[tuple[str, str]]


def twilio_is_valid(
    secret: str, given: str, url: str, query: str, form: Form | None, body: bytes
) -> bool:
    """Whether `X-Twilio-Signature` is that of a request.

    It is the base64 of HMAC-SHA1 over the address that Twilio calls, followed by each parameter
    of the form, sorted by name, and its value. A body that is no form is covered by its SHA-256
    in the query (`bodySHA256`).

    Args:
        secret: Twilio's auth token.
        given: the header.
        url: the whole address, with its query.
        query: the query alone.
        form: the parameters of a form; None: the body is none.
        body: the body.
    """
    text = url
    if form is not None:
        for name in sorted({name for name, _ in form}):
            for value in sorted({value for each, value in form if each == name}):
                text += name + value
    else:
        expected = parse_qs(query).get("bodySHA256", [""])[-1].lower()
        if not _equal(hashlib.sha256(body).hexdigest(), expected):
            return False
    digest = hmac.digest(secret.encode(), text.encode(), "sha1")
    return _equal(base64.b64encode(digest).decode(), given)


def hmac_is_valid(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Whether `X-Signature: sha256=HEX` is that of `X-Timestamp`, a point and the body.

    The time, in seconds since 1970, may be `MOST_SECONDS` from `now`, so that a request that
    somebody has recorded is refused later.
    """
    written = headers.get("x-timestamp", "")
    if not (written.isascii() and written.isdecimal() and len(written) <= 12):
        return False
    digest = hmac.digest(secret.encode(), written.encode() + b"." + body, "sha256").hex()
    is_signed = _equal(f"sha256={digest}", headers.get("x-signature", ""))
    return is_signed and abs(now - int(written)) <= MOST_SECONDS


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode("utf-8", "replace"))
