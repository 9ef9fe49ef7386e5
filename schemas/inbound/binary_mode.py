"""CloudEvents in Kafka's binary mode: attributes in headers, the event's data in the message."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Final

from schemas.inbound.reading import NotAnObject, read_object

_PREFIX: Final = "ce_"
_NAME: Final = re.compile(r"[a-z0-9]{1,20}")
_NOT_ATTRIBUTES: Final = frozenset({"data"})
_NEEDED: Final = "specversion"


def structured(headers: Iterable[tuple[str, bytes | None]], value: bytes) -> bytes:
    """A message in structured mode: as it is, or put together from its `ce_` headers.

    The bytes of the message become `data` as they are. A message whose headers cannot be read, or
    that holds no JSON object, stays as it is: it is refused then as any other.
    """
    attributes = _attributes(headers)
    if _NEEDED not in attributes:
        return value
    try:
        read_object(value)
    except NotAnObject:
        return value
    head = json.dumps(attributes)[:-1].encode()
    return b'%s, "data": %s}' % (head, value.removeprefix(b"\xef\xbb\xbf"))


def _attributes(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """The attributes in the headers; none where one is there twice or is no text."""
    found: dict[str, str] = {}
    for header, value in headers:
        name = header.removeprefix(_PREFIX)
        if name == header or name in _NOT_ATTRIBUTES or not _NAME.fullmatch(name):
            continue
        if name in found or value is None:
            return {}
        try:
            found[name] = value.decode()
        except UnicodeDecodeError:
            return {}
    return found
