"""From a request's headers and body to events, by the CloudEvents HTTP binding.

Each event becomes the bytes of its structured form: in structured and batch mode exactly what was
sent, in binary mode its attributes with the body as `data`. The codec then takes and refuses what
it does in files and in Kafka.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message as Headers
from urllib.parse import unquote_to_bytes

from infra.gateway.refusals import Reason, RequestRefused, refused
from schemas.codec import InvalidMessage, Routed, decode_inbound
from schemas.inbound.binary_mode import is_attribute, put_together
from schemas.inbound.reading import NotAnObject
from schemas.topics import MOST_EVENT_BYTES

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JSON = "application/json"

MOST_BODY_BYTES = 8 * 1024 * 1024
"""Largest batch, as sent."""
MOST_EVENTS = 10_000
"""Most events of one batch."""

_PREFIX = b"ce-"
_BOM = b"\xef\xbb\xbf"
_BLANKS = " \t\r\n"

RawHeaders = Sequence[tuple[bytes, bytes]]
"""Names in lower case, and values, as ASGI gives them."""


@dataclass(frozen=True)
class Sent:
    """An event of a request: its bytes in structured form, and what the codec makes of them."""

    raw: bytes
    content: Routed | InvalidMessage


@dataclass(frozen=True)
class Form:
    """How the events of a request are written."""

    media_type: str
    attributes: tuple[tuple[bytes, bytes], ...] = ()
    """In binary mode: the `ce-` headers."""

    @property
    def most_bytes(self) -> int:
        """Largest body that is read."""
        return MOST_BODY_BYTES if self.media_type == BATCH else MOST_EVENT_BYTES


def form_of(headers: RawHeaders) -> Form:
    """How the events of a request are written, from its headers.

    Raises:
        RequestRefused: 415, its media type, charset or encoding is none that is read; 400, a
            header is there twice.
    """
    require_plain(headers)
    values = [value for name, value in headers if name == b"content-type"]
    if len(values) > 1:
        raise RequestRefused(400, "Content-Type: there are two")
    attributes = tuple(
        (name[len(_PREFIX) :], value) for name, value in headers if name.startswith(_PREFIX)
    )
    media_type = _media_type(values[0]) if values else JSON if attributes else ""
    if media_type in (STRUCTURED, BATCH):
        return Form(media_type)
    if media_type == JSON:
        return Form(media_type, attributes)
    raise RequestRefused(
        415, f"Content-Type: one of {STRUCTURED}, {BATCH} and {JSON} in UTF-8 is needed"
    )


def require_plain(headers: RawHeaders) -> None:
    """Refuse a compressed body.

    Raises:
        RequestRefused: 415.
    """
    for name, value in headers:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise RequestRefused(415, "Content-Encoding: send the body as it is, not compressed")


def _media_type(value: bytes) -> str:
    """The media type of a Content-Type header; '' where its charset is not UTF-8."""
    header = Headers()
    header["content-type"] = value.decode("latin-1")
    charset = header.get_content_charset("utf-8")
    return header.get_content_type() if charset in ("utf-8", "utf8", "us-ascii") else ""


def read_events(form: Form, body: bytes) -> list[Sent]:
    """The events of a body, each with what the codec makes of it.

    Raises:
        RequestRefused: 400 or 413, the body cannot be taken apart into events.
    """
    if form.media_type == BATCH:
        events = list(_elements(body))
    elif form.attributes:
        events = [_structured(form.attributes, body)]
    else:
        events = [body]
    return [Sent(raw, decode_inbound(raw)) for raw in events]


def require_valid(events: Sequence[Sent]) -> list[tuple[Routed, bytes]]:
    """The events and their bytes, if every one is valid.

    Raises:
        RequestRefused: 400, or 413 where one is too large; with the reason of each.
    """
    reasons, valid = [], []
    for index, event in enumerate(events):
        if isinstance(event.content, InvalidMessage):
            status = 413 if event.content.error_class == "too_large" else 400
            reasons.append(Reason(event.content.reason, index, status))
        else:
            valid.append((event.content, event.raw))
    if reasons:
        raise refused(reasons)
    return valid


def _structured(attributes: Sequence[tuple[bytes, bytes]], body: bytes) -> bytes:
    """An event in binary mode in structured form; the body's own bytes are its `data`."""
    envelope: dict[str, str] = {}
    for raw_name, raw_value in attributes:
        name = raw_name.decode("latin-1")
        if not is_attribute(name):
            raise RequestRefused(400, [Reason("a ce- header names no attribute", 0)])
        if name in envelope:
            raise RequestRefused(400, [Reason("a ce- header is there twice", 0)])
        try:
            envelope[name] = unquote_to_bytes(raw_value).decode()
        except UnicodeDecodeError:
            raise RequestRefused(
                400, [Reason("a ce- header is not UTF-8 in percent-encoding", 0)]
            ) from None
    try:
        return put_together(envelope, body)
    except NotAnObject as error:
        raise RequestRefused(400, [Reason(f"data: {error.reason}", 0)]) from None


def _elements(body: bytes) -> Iterator[bytes]:
    """The elements of a JSON list, each as it is written there.

    Raises:
        RequestRefused: 400, it is no list or no JSON; 413, it has too many elements.
    """
    try:
        text = body.removeprefix(_BOM).decode()
    except UnicodeDecodeError:
        raise RequestRefused(400, "not UTF-8 text: send JSON in UTF-8") from None
    position = _after_blanks(text, 0)
    if text[position : position + 1] != "[":
        raise RequestRefused(400, "a JSON list of events is needed in batch mode")
    position = _after_blanks(text, position + 1)
    if text[position : position + 1] == "]":
        _require_end(text, position + 1)
        return
    decoder = json.JSONDecoder()
    for index in range(MOST_EVENTS):
        try:
            _, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            raise RequestRefused(
                400, [Reason("not JSON, nor is what follows it read", index)]
            ) from None
        yield text[position:end].encode()
        position = _after_blanks(text, end)
        sign = text[position : position + 1]
        if sign == "]":
            _require_end(text, position + 1)
            return
        if sign != ",":
            raise RequestRefused(400, [Reason("neither , nor ] follows it", index)])
        position = _after_blanks(text, position + 1)
    raise RequestRefused(413, f"{MOST_EVENTS} events at most are taken in a batch")


def _after_blanks(text: str, position: int) -> int:
    while text[position : position + 1] in _BLANKS and position < len(text):
        position += 1
    return position


def _require_end(text: str, position: int) -> None:
    if _after_blanks(text, position) != len(text):
        raise RequestRefused(400, "something follows the list of events")
