"""Bodies of webhooks as records: JSON, forms, or lines of CSV."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jmespath

from infra.gateway.refusals import RequestRefused
from infra.importing.rows import UnreadableExport, read_records
from processors.mapping.model import Mapping
from processors.mapping.records import Record, Row, is_too_deep

FORM = "application/x-www-form-urlencoded"
_CSV = ("text/csv", "text/plain")
_MOST_FIELDS = 1000
_MOST_RECORDS = 10_000

_TWILIO_FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_TWILIO_NAMES = {
    "CallSid": "sid",
    "ParentCallSid": "parent_call_sid",
    "From": "from",
    "To": "to",
    "CallStatus": "status",
}


def read_form(body: bytes) -> list[tuple[str, str]]:
    """The parameters of a form.

    Raises:
        RequestRefused: 400, it is none.
    """
    try:
        return parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_FIELDS,
        )
    except ValueError:
        raise RequestRefused(400, "the body is no form in UTF-8") from None


def read_body_records(
    preset: str, mapping: Mapping, media_type: str, body: bytes, form: Sequence[tuple[str, str]]
) -> list[Record]:
    """The records of a webhook's body.

    Raises:
        RequestRefused: 400, it cannot be read; 415, its media type is none that is read.
    """
    if media_type == FORM:
        fields = dict(form)
        rows: list[Row] = [_FORMS.get(preset, dict)(fields)]
    elif media_type in _CSV and mapping.input.format == "csv":
        return _csv_records(mapping, body)
    elif media_type == "application/json" or media_type.endswith("+json"):
        rows = _json_rows(mapping, body)
    else:
        raise RequestRefused(415, f"Content-Type: application/json or {FORM} is needed")
    if len(rows) > _MOST_RECORDS:
        raise RequestRefused(413, f"{_MOST_RECORDS} records at most are taken")
    is_json = mapping.input.format != "csv"
    return [Record(number, (row,), is_json) for number, row in enumerate(rows, start=1)]


def _json_rows(mapping: Mapping, body: bytes) -> list[Row]:
    """The list of records that the mapping names, or else the body itself."""
    try:
        whole: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise RequestRefused(400, "the body is no JSON") from None
    if is_too_deep(body.decode("utf-8", "replace"), whole):
        raise RequestRefused(400, "the body is no JSON of a usual depth")
    found = whole
    if mapping.input.records is not None and isinstance(whole, dict):
        listed = jmespath.search(mapping.input.records, whole)
        found = whole if listed is None else listed
    if isinstance(found, dict):
        found = [found]
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise RequestRefused(400, "a JSON object, or a list of them, is needed")
    return found


def _csv_records(mapping: Mapping, body: bytes) -> list[Record]:
    with tempfile.TemporaryDirectory(prefix="ascolto-") as folder:
        file = Path(folder) / "body.csv"
        file.write_bytes(body)
        try:
            return list(read_records(file, mapping))
        except UnreadableExport:
            raise RequestRefused(400, "the body is no CSV as the mapping describes it") from None


def _twilio_call(form: dict[str, str]) -> dict[str, Any]:
    """A status callback as the call in Twilio's Calls.json; of one that goes on, without its end.

    The callback's time is that of the call's end, in its last status.
    """
    call: dict[str, Any] = {to: form.get(name) for name, to in _TWILIO_NAMES.items()}
    direction = form.get("Direction", "")
    call["direction"] = direction
    if form.get("CallStatus") in _TWILIO_FINAL and form.get("Timestamp"):
        call["end_time"] = form["Timestamp"]
        call["start_time"] = _earlier(form["Timestamp"], form.get("CallDuration", "0"))
    return call


def _earlier(time: str, seconds: str) -> str | None:
    try:
        end = parsedate_to_datetime(time).astimezone(UTC)
        return format_datetime(end - timedelta(seconds=int(seconds)))
    except (ValueError, OverflowError):
        return None


_FORMS: dict[str, Callable[[dict[str, str]], dict[str, Any]]] = {"twilio": _twilio_call}
