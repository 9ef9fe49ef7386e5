"""CloudEvents in binary mode: attributes in headers, the event's data as the message or body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final

from schemas.inbound.reading import NotAnObject, read_object

_PREFIX: Final = "ce_"
_NAME: Final = re.compile(r"[a-z0-9]{1,64}")
_NOT_ATTRIBUTES: Final = frozenset({"data", "data_base64", "datacontenttype"})
"""The media type has a header of its own in this mode."""
_BOM: Final = b"\xef\xbb\xbf"
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
        return put_together(attributes, value)
    except NotAnObject:
        return value


def put_together(attributes: Mapping[str, str], data: bytes) -> bytes:
    """The event of these attributes in structured mode; the bytes of `data` stay as they are.

    Raises:
        NotAnObject: `data` is not one JSON object.
    """
    read_object(data)
    head = json.dumps(dict(attributes))[:-1].encode()
    return b'%s, "data": %s}' % (head, data.removeprefix(_BOM))


def is_attribute(name: str) -> bool:
    """Whether a header, without its prefix, may name an attribute."""
    return name not in _NOT_ATTRIBUTES and _NAME.fullmatch(name) is not None


def _attributes(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """The attributes in the headers; none where one is there twice or is no text."""
    found: dict[str, str] = {}
    for header, value in headers:
        name = header.removeprefix(_PREFIX)
        if name == header or not is_attribute(name):
            continue
        if name in found or value is None:
            return {}
        try:
            found[name] = value.decode()
        except UnicodeDecodeError:
            return {}
    return found
