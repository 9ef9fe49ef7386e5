"""Applies a mapping: a record becomes an event, is passed over, or is refused with a reason."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping as Names
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from processors.mapping import conversions
from processors.mapping.conversions import CannotConvert
from processors.mapping.model import CUSTOMER, Condition, Mapping, Value
from processors.mapping.records import (
    NOT_FITTING,
    NoColumn,
    Record,
    Row,
    as_json_bytes,
    is_total,
    is_total_word,
)
from schemas.codec import InvalidMessage, Routed, decode_inbound
from schemas.errors import AscoltoError
from schemas.events import CallEnded

Tables = Names[str, Names[str, str]]
"""Per table, its values by key."""


@dataclass(frozen=True, slots=True)
class Made:
    """An event, as the line of an events file."""

    line: bytes
    routed: Routed
    """The event, as the codec reads the line, and its topic."""
    recordings: tuple[str, ...] = ()
    """Where the files of its recording are to be, as the event says."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A filter does not hold."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No event can be made of the record; the reason names fields and columns, never values."""

    reason: str


@dataclass(frozen=True, slots=True)
class UnknownCustomer:
    """Its customer stands in no table (or is not given)."""

    reason: str


Outcome = Made | PassedOver | Refused | UnknownCustomer


NO_RECORDING: Final = (
    "recording has nothing: an answered call needs where its recording lies (data: recording: "
    "{uri: ..., layout: ...}), or a survey's rating"
)
"""Why an answered call is refused of which there is nothing to score."""
_OUTSIDE_LINES: Final = ("0", "9")
"""Digits that exchanges ask for before an outside number."""


class _NotFound(CannotConvert):
    """Nothing there, or a key that its table does not have."""


@dataclass
class Mapper:
    """Makes events of records, of which it remembers the equal ones."""

    mapping: Mapping
    tables: Tables
    _seen: Counter[str] = field(default_factory=Counter)

    def apply(self, record: Record) -> Outcome:
        """What becomes of a record; a report's totals are passed over.

        `Totale` may also be a kind of payment, so a row is a total only if no event can be made
        of it, or only one whose customer is the word itself.
        """
        outcome = self._outcome(record)
        if not all(map(is_total, record.rows)):
            return outcome
        event = outcome.routed.event if isinstance(outcome, Made) else None
        is_sum = event is None or is_total_word(event.data.customer_id)
        return PassedOver() if is_sum else outcome

    def _outcome(self, record: Record) -> Outcome:
        try:
            if not all(map(record.any_row, self.mapping.filters)):
                return PassedOver()
            _check_fit(record)
            data = self._data(record)
            if self.mapping.event == "call-ended":
                _check_said(data)
            event = {
                "specversion": "1.0",
                "type": f"it.ascolto.{self.mapping.event}.v1",
                "source": self._value(record, self.mapping.source, "source"),
                "id": self._id(record),
                "subject": data.get(CUSTOMER),
                "data": data,
            }
        except _UnknownCustomer as error:
            return UnknownCustomer(str(error))
        except CannotConvert as error:
            return Refused(str(error))
        return _read(event)

    def field(self, record: Record, name: str) -> Any:
        """One field of the event of a record, whatever becomes of the others; None: it is absent.

        A field that cannot be read is absent, too.
        """
        given = self.mapping.data.get(name)
        try:
            return self._value(record, given, name) if isinstance(given, Value) else None
        except (CannotConvert, _UnknownCustomer):
            return None

    def _id(self, record: Record) -> Any:
        given = self.mapping.id
        if given is not None and (found := self._value(record, given, "id")) is not None:
            return found
        content = record.content_id()
        self._seen[content] += 1
        times = self._seen[content]
        return content if times == 1 else f"{content}-{times}"

    def _data(self, record: Record) -> dict[str, Any]:
        """The event's fields; those that are absent are left out."""
        made: dict[str, Any] = {}
        for name, given in self.mapping.data.items():
            if isinstance(given, Value):
                found = self._value(record, given, name, made.get("started_at"))
            else:
                inner = {
                    each: self._value(record, value, f"{name}.{each}")
                    for each, value in given.items()
                }
                found = inner if all(part is not None for part in inner.values()) else None
            if found is not None:
                made[name] = found
        return made

    def _value(self, record: Record, value: Value, name: str, start: str | None = None) -> Any:
        """What a field becomes; None where it is absent and may be.

        Raises:
            CannotConvert: it cannot be made; the message names the field.
        """
        try:
            not_before = None if start is None else datetime.fromisoformat(start)
        except ValueError:
            not_before = None  # It is no time; the event is refused for that.
        try:
            text = self._text(record, value)
            return self._meant(record, value, text, not_before)
        except (_NotFound, NoColumn) as error:
            if value.optional:
                return None
            if name == CUSTOMER:
                raise _UnknownCustomer(f"{name} {error}") from None
            raise CannotConvert(f"{name} {error}") from None
        except CannotConvert as error:
            raise CannotConvert(f"{name} {error}") from None

    def _text(self, record: Record, value: Value) -> str:
        """The text that a value has before it is looked up."""
        row = _row(record, value)
        if value.value is not None:
            return value.value
        if value.join is not None:
            return "".join(str(self._inner(record, part)) for part in value.join)
        if value.cases is not None:
            for case in value.cases:
                if case.when is None or _holds(record, case.when, value, row):
                    return str(self._inner(record, case.use))
            raise _NotFound("is of none of the cases")
        columns = [value.column] if isinstance(value.column, str) else value.column or []
        first = ""
        for column in columns:
            if len(columns) > 1 and not record.has(row, column):
                continue
            text = record.cell(row, column).strip()
            if text and (column == columns[-1] or self._is_known(value, text)):
                return text
            first = first or text
        if first:
            return first
        raise _NotFound(f"is empty: column {' or '.join(columns)}")

    def _is_known(self, value: Value, text: str) -> bool:
        """Whether the table that a value is looked up in, if any, knows a text."""
        if value.lookup is None:
            return True
        return self._in_table(value.lookup, _bare(text, value)) is not None

    def _inner(self, record: Record, value: Value) -> Any:
        """The value of a part; '' where it is absent and may be."""
        try:
            return self._meant(record, value, self._text(record, value), None)
        except (_NotFound, NoColumn):
            if value.optional:
                return ""
            raise

    def _meant(self, record: Record, value: Value, text: str, not_before: datetime | None) -> Any:
        """What a text means: looked up, then of the kind that the mapping says."""
        text = _bare(text, value)
        if value.lookup is not None:
            text = self._looked_up(value, text)
        elif value.map is not None:
            text = _mapped(value, text)
        if not text:
            raise _NotFound("is empty")
        mapping = self.mapping
        match value.as_:
            case "text":
                return text
            case "phone":
                return conversions.phone(text, mapping.country)
            case "time":
                return self._time(record, value, text, not_before)
            case "amount":
                read = conversions.amount(text, mapping.decimal)
                return str(-read if value.negate else read)
            case "seconds":
                return conversions.seconds(text)
            case "integer":
                return conversions.integer(text)
            case "boolean":
                return conversions.boolean(text)

    def _looked_up(self, value: Value, text: str) -> str:
        assert value.lookup is not None
        found = self._in_table(value.lookup, text)
        if found is None and value.otherwise is None:
            raise _NotFound(self._why_not_found(value.lookup, text))
        return value.otherwise or "" if found is None else found

    def _in_table(self, name: str, text: str) -> str | None:
        """The value of a key, of a number that is dialled with a prefix also without it."""
        table = self.mapping.tables[name]
        prefixes = [each for each in table.strip_prefix if each and text.startswith(each)]
        for key in [text, *(text.removeprefix(each) for each in prefixes)]:
            try:
                as_phone = table.as_ == "phone"
                key = conversions.phone(key, self.mapping.country) if as_phone else key
            except CannotConvert:
                continue
            found = self.tables[name].get(key)
            if found is not None:
                return found
        return None

    def _why_not_found(self, name: str, text: str) -> str:
        try:
            conversions.phone(text, self.mapping.country)
        except CannotConvert as error:
            if self.mapping.tables[name].as_ == "phone":
                return str(error)
        known = text[:1] in _OUTSIDE_LINES and self._in_table(name, text[1:]) is not None
        if known and self.mapping.tables[name].as_ == "phone":
            return (
                f"is not in the table {name}, but is without its first {text[0]}: if that is "
                f'dialled for an outside line, set tables: {name}: strip_prefix: ["{text[0]}"]'
            )
        return f"is not in the table {name}"

    def _time(self, record: Record, value: Value, text: str, not_before: datetime | None) -> str:
        """A time in UTC as RFC 3339, or as `write` says.

        Of the two that the hour of the clock change may mean, the one nearest to `near`; without
        it the first that is not before the event's start.
        """
        zone = value.time_zone or self.mapping.time_zone
        meant = conversions.instants(text, value.formats, zone)
        chosen = meant[0]
        near = self._near(record, value) if len(meant) > 1 else None
        if near is not None:
            chosen = min(meant, key=lambda each: abs(each - near))
        elif not_before is not None:
            chosen = next((each for each in meant if each >= not_before), chosen)
        if value.plus_seconds is not None:
            more = conversions.seconds(str(self._inner(record, value.plus_seconds)))
            chosen += timedelta(seconds=more)
        if value.write is None:
            return chosen.isoformat()
        return chosen.astimezone(conversions.zone_of(zone)).strftime(value.write)

    def _near(self, record: Record, value: Value) -> datetime | None:
        if value.near is None:
            return None
        try:
            return datetime.fromisoformat(str(self._inner(record, value.near)))
        except (CannotConvert, ValueError):
            return None


def changed(made: Made, fields: Names[str, Any]) -> Outcome:
    """An event with other fields in its data; None takes a field out."""
    event = json.loads(made.line)
    data = event["data"] | fields
    event["data"] = {name: value for name, value in data.items() if value is not None}
    return _read(event)


def _read(event: Names[str, Any]) -> Outcome:
    """An event as the codec reads it, or why it does not."""
    line = as_json_bytes(event)
    routed = decode_inbound(line)
    if isinstance(routed, InvalidMessage):
        return Refused(routed.reason.replace("Value error, ", ""))
    call = routed.event.data
    recording = call.recording if isinstance(call, CallEnded) else None
    return Made(line, routed, () if recording is None else recording.uris)


class _UnknownCustomer(AscoltoError):
    """The customer is not given, or stands in no table."""


def _row(record: Record, value: Value) -> Row:
    """The row that a value is taken from."""
    rows = record.rows if value.take == "first" else list(reversed(record.rows))
    if value.where is None:
        return rows[0]
    for row in rows:
        if record.holds(value.where, row):
            return row
    raise _NotFound("has no row of which its where holds")


def _holds(record: Record, condition: Condition, value: Value, row: Row) -> bool:
    """Whether the condition of a case holds: of the row that `where` picks, or of any."""
    return record.any_row(condition) if value.where is None else record.holds(condition, row)


def _check_fit(record: Record) -> None:
    if any(NOT_FITTING in row for row in record.rows):
        raise CannotConvert(
            "the row has more or fewer cells than there are columns: a text that holds the "
            "delimiter has to stand in quotes, and quotes have to be closed"
        )


def _check_said(data: Names[str, Any]) -> None:
    given = any(data.get(name) is not None for name in ("recording", "transcript", "survey"))
    if not given and data.get("answered") is not False:
        raise CannotConvert(NO_RECORDING)


def _bare(text: str, value: Value) -> str:
    """A text without what is taken off at its beginning and its end."""
    return _cut(_without_prefix(text, value.strip_prefix), value)


def _without_prefix(text: str, prefixes: list[str]) -> str:
    for prefix in prefixes:
        if prefix and text.startswith(prefix):
            return text[len(prefix) :]
    return text


def _cut(text: str, value: Value) -> str:
    """The part of a text between `after` and `before`; all of it where they are not in it."""
    if value.after is not None and value.after in text:
        text = text.split(value.after, 1)[1]
    for end in value.before:
        text = text.rpartition(end)[0] if end and end in text else text
    return text


def _mapped(value: Value, text: str) -> str:
    assert value.map is not None
    by_word = {key.casefold(): to for key, to in value.map.items()}
    found = by_word.get(text.casefold(), value.otherwise)
    if found is None:
        raise CannotConvert("holds a text that map does not have; add it, or otherwise")
    return found
