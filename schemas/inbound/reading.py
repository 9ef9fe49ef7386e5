"""From a message's bytes to the JSON object of one CloudEvent, or why it is none.

Every reason says what to send instead, and none holds a value: it may be personal data.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.errors import AscoltoError

_BOM = b"\xef\xbb\xbf"
_PSEUDONYM = re.compile(r"p:[0-9a-f]{24}")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ENVELOPE = ("specversion", "id", "source", "type", "data")
_STRUCTURED = "send one JSON object with specversion, id, source, type and data"

_OTHER_FORMS: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xfe", "it is UTF-16: send JSON in UTF-8"),
    (b"\xfe\xff", "it is UTF-16: send JSON in UTF-8"),
    (b"Obj\x01", "it is Avro: send JSON"),
    (b"\x1f\x8b", "the value is compressed by gzip: send JSON, and let the producer compress"),
    (b"\x28\xb5\x2f\xfd", "the value is compressed by zstd: send JSON, let the producer compress"),
    (
        b"\x00",
        "it begins with a zero byte, as what a schema registry's serializer writes (Avro, "
        "Protobuf): send plain JSON",
    ),
)


class NotAnObject(AscoltoError):
    """The bytes are no JSON object of an event; the message says what to send.

    `error_class` is a short name of the kind of fault.
    """

    def __init__(self, reason: str, error_class: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.error_class = error_class


def read_object(raw: bytes) -> dict[str, Any]:
    """The JSON object in `raw`: numbers with a point as decimals, lone surrogates replaced.

    A byte order mark before it is passed over.

    Raises:
        NotAnObject: there is none.
    """
    text = raw.removeprefix(_BOM)
    if not text.strip():
        raise NotAnObject("the message is empty: a JSON object is needed", "empty")
    for begin, reason in _OTHER_FORMS:
        if text.startswith(begin):
            raise NotAnObject(reason, "not_json")
    try:
        value = json.loads(text.decode(), parse_float=Decimal, parse_constant=float)
        if b"\\ud" in text or b"\\uD" in text:
            value = _without_lone_surrogates(value)
    except UnicodeDecodeError:
        raise NotAnObject("not UTF-8 text: send JSON in UTF-8", "json_invalid") from None
    except json.JSONDecodeError as error:
        raise NotAnObject(f"not JSON: {_where(error)}", "json_invalid") from None
    except (ValueError, ArithmeticError, RecursionError):
        reason = "not JSON that can be read: a number is too long, or it is nested too deeply"
        raise NotAnObject(reason, "json_invalid") from None
    if not isinstance(value, dict):
        raise NotAnObject(_no_object(value), "model_type")
    return value


def check_envelope(event: Mapping[str, Any]) -> None:
    """Tell forms apart that are JSON objects but no structured CloudEvents.

    Raises:
        NotAnObject: it is one of these.
    """
    if "schema" in event and "payload" in event and "data" not in event:
        raise NotAnObject(
            "it is wrapped by Kafka Connect with its schema: set "
            "value.converter.schemas.enable=false and send the event itself",
            "not_structured",
        )
    if not any(name in event for name in _ENVELOPE):
        raise NotAnObject(
            "it has no CloudEvents envelope. In Kafka's binary mode the headers ce_specversion, "
            "ce_id, ce_source and ce_type must be there, each once, as UTF-8; in structured mode: "
            f"{_STRUCTURED}",
            "not_structured",
        )
    if "data_base64" in event and event.get("data") is None:
        raise NotAnObject("data_base64: send the data as a JSON object in data", "data_base64")
    if isinstance(event.get("data"), str):
        raise NotAnObject(
            "data: it is a text (found text), perhaps JSON that was encoded twice: send the JSON "
            "object itself",
            "model_type",
        )


def is_journaled(event: Mapping[str, Any]) -> bool:
    """Whether the event comes from the journal, which holds customers by pseudonym only."""
    if "ascoltoseal" in event:
        return True
    data = event.get("data")
    customer = data.get("customer_id") if isinstance(data, dict) else None
    return isinstance(customer, str) and _PSEUDONYM.fullmatch(customer) is not None


def kind_of(value: object) -> str:
    """What kind of JSON value it is, for reasons: as `text` or `list`."""
    names = {dict: "object", list: "list", str: "text", bool: "boolean", type(None): "null"}
    number = "number" if isinstance(value, int | float | Decimal) else "value"
    return names.get(type(value), number)


def _no_object(value: object) -> str:
    if isinstance(value, list):
        return f"it is a list, as CloudEvents in batch mode are: {_STRUCTURED} a message"
    if isinstance(value, str):
        return (
            "it is a JSON text (perhaps an object that was encoded twice): send the object itself"
        )
    kind = "NaN" if isinstance(value, float) and math.isnan(value) else kind_of(value)
    return f"a JSON object is needed, found {kind}"


def _where(error: json.JSONDecodeError) -> str:
    if error.msg.startswith("Extra data"):
        return (
            f"more follows the value at line {error.lineno} column {error.colno}: send one event "
            "a message (a line of a file)"
        )
    return f"{error.msg} at line {error.lineno} column {error.colno}"


def _without_lone_surrogates(value: Any) -> Any:
    """`value` with U+FFFD in place of halves of characters, which UTF-8 cannot hold."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_lone_surrogates(each) for each in value]
    if isinstance(value, dict):
        return {
            _without_lone_surrogates(name): _without_lone_surrogates(each)
            for name, each in value.items()
        }
    return value
