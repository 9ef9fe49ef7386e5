"""Writes a mapping file to start from, for an export that nobody has described yet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from infra.importing.formats.texts import UnreadableExport
from infra.importing.samples import Sample, preset_for, read_sample
from processors.mapping import meanings, suggestions
from processors.mapping.suggestions import Guess
from processors.mapping.wanted_columns import FIELDS

_PRESET_OF: Final = {
    "call-ended": "csv-calls",
    "payment-received": "csv-payments",
    "contract-cancelled": "csv-cancellations",
}
_TABLE: Final = (
    "tables:   # a CSV of yours: a line for each telephone number of a customer",
    "  customers: {file: customers.csv, key: telefono, value: codice_cliente, as: phone}",
)
_WITH_CLOCK: Final = ("rfc2822", "unix", "unix_ms")
"""Formats of a time that holds the time of day, beside those with %H."""
_IF_ANY: Final = "as: boolean, optional: true"
_EXTENSION: Final = 7
"""Numbers with fewer digits are extensions."""
_TODO: Final = "   # TODO:"
_NOTHING: Final = '{value: "<COLUMN>"}'
"""Stands where a person has to decide; no event accepts it."""


def suggested(path: Path, client: str | None, agency: str | None) -> tuple[str, str]:
    """The preset to read an export with, and the text of a mapping file to go with it.

    What could not be found is a line with TODO. Names of columns are shown, and the words of
    columns that hold a few; no other value.

    Raises:
        UnreadableExport: the file cannot be read, or none of its columns is recognised.
    """
    preset = preset_for(path)
    if preset is not None:
        return preset, "\n".join(_for_preset(preset, client, agency)) + "\n"
    sample = read_sample(path)
    event = suggestions.likely_event(sample.columns)
    if not sample.has_names:
        raise UnreadableExport(
            f"{path}: no preset reads it, and its first line does not name the columns: write "
            f"input: {{columns: [...]}} with {len(sample.columns)} names into a mapping file"
        )
    if event is None:
        shown = ", ".join(map(repr, list(sample.columns)[:30]))
        raise UnreadableExport(
            f"{path}: its columns are no call's, payment's or cancellation's that is recognised: "
            f"{shown}. Copy the nearest preset (ascolto import presets show csv-payments) and put "
            "these names into it"
        )
    preset = _PRESET_OF[event]
    return preset, "\n".join(_for_columns(sample, event, client, agency)) + "\n"


def _for_preset(preset: str, client: str | None, agency: str | None) -> Iterator[str]:
    """What a preset leaves to its user."""
    yield "data:"
    yield f"  client_id: {_given(client, 'your company')}"
    if not preset.startswith("csv-"):
        yield from _of_every_call(agency)
        yield from _TABLE


def _of_every_call(agency: str | None) -> Iterator[str]:
    yield f"  agency_id: {_given(agency, 'who called; or {column: NAME}')}"
    yield "  service: {value: debt_collection}   # or credit_management, customer_care"
    yield "  touchpoint: {value: reminder}   # or dispute, payment_plan, legal_notice, lost_invoice"


def _for_columns(
    sample: Sample, event: str, client: str | None, agency: str | None
) -> Iterator[str]:
    found = suggestions.fields_of(event, sample.columns)
    yield from _input(sample)
    if (amount := found.get("amount")) is not None:
        yield from _filters(sample, amount)
        yield f'decimal: "{suggestions.decimal_of(sample.columns[amount.column])}"'
    if (given := found.get("id")) is not None:
        line = f"id: {_column(given)}   # has to differ in every row of every file"
        yield line if given.is_sure else f"# {line}"
    yield "data:"
    yield f"  client_id: {_given(client, 'your company')}"
    if event == "call-ended":
        yield from _call(sample, found, agency)
        return
    for field, wanted in FIELDS[event].items():
        if field == "id":
            continue
        guess = found.get(field)
        if guess is None:
            if field != "currency":
                yield f"  {field}: {_NOTHING}{_TODO} {{column: NAME}}"
        elif wanted.kind == "time":
            yield f"  {field}: {_if_sure(guess, _time(sample, guess))}"
        elif wanted.kind == "amount":
            yield f"  {field}: {_amount(sample, guess)}"
        elif not guess.is_sure:
            yield f"  {field}: {_if_sure(guess, _column(guess))}"
        elif field == "ended_by":
            yield from _words(sample, field, guess, "customer or supplier")
        elif field == "currency":
            yield f"  {field}: {_column(guess, 'optional: true')}"
        else:
            yield f"  {field}: {_column(guess)}"


def _filters(sample: Sample, amount: Guess) -> Iterator[str]:
    """Conditions for rows that are no payments: without an amount, or failed."""
    lines = []
    if not all(text.strip() for text in sample.columns[amount.column]):
        lines.append(_column(amount, "empty: false"))
    states = meanings.failed_words(sample.columns)
    if states is not None:
        name, words = states
        listed = json.dumps(words, ensure_ascii=False)
        lines.append(
            _column(Guess(name), f"is_not: {listed}")
            if words
            else _column(Guess(name), 'is: ["<WORD>"]') + f"{_TODO} the words of what was paid"
        )
    if lines:
        yield "filters:   # other rows are no payments"
        yield from (f"  - {line}" for line in lines)


def _if_sure(guess: Guess, value: str) -> str:
    """A value, or a place for it where the column's name does not say that it is the right one."""
    return value if guess.is_sure else f"{_NOTHING}{_TODO} {value}, if that is it"


def _amount(sample: Sample, guess: Guess) -> str:
    """An amount; whether negative ones came in or went back no column says."""
    if suggestions.are_negative(sample.columns[guess.column]):
        value = _column(guess, "as: amount", "negate: true")
        return f"{_NOTHING}{_TODO} {value}, if negative amounts came in, and are no returned debits"
    return _if_sure(guess, _column(guess, "as: amount"))


def _given(name: str | None, what: str) -> str:
    """An id, or a place for it that no event accepts."""
    return f"{{value: {json.dumps(name)}}}" if name else f'{{value: "<ID>"}}{_TODO} {what}'


def _input(sample: Sample) -> Iterator[str]:
    form = sample.form
    parts = []
    if form.format == "json":
        parts.append("format: json")
        if form.records is not None:
            plain = form.records.isidentifier()
            parts.append(f"records: {form.records if plain else json.dumps(form.records)}")
    elif form.skip_lines:
        parts.append(f"skip_lines: {form.skip_lines}")
    if parts:
        yield f"input: {{{', '.join(parts)}}}"


def _call(sample: Sample, found: dict[str, Guess], agency: str | None) -> Iterator[str]:
    yield from _of_every_call(agency)
    operator, phone = found.get("operator_id"), found.get("phone")
    yield f"  operator_id: {_operator(sample, operator, phone)}"
    if phone is None:
        yield f"  customer_id: {_NOTHING}{_TODO} {{column: NAME, lookup: customers}}"
    else:
        numbers = suggestions.numbers_of(sample.columns, phone.column)
        listed = json.dumps(numbers if len(numbers) > 1 else numbers[0], ensure_ascii=False)
        yield f"  customer_id: {{column: {listed}, lookup: customers}}"
    yield from _times(sample, found)
    lasted = found.get("duration")
    if (answered := found.get("answered")) is not None:
        yield from _words(sample, "answered", answered, "yes or no")
    elif lasted is not None and lasted.is_sure:
        never = _column(lasted, 'is: ["0", "00:00", "00:00:00", ""]')
        yield f'  answered: {{cases: [{{when: {never}, use: {{value: "no"}}}}], {_IF_ANY}}}'
    recording = found.get("recording")
    if recording is None or not recording.is_sure:
        yield "  recording: null   # TODO: {uri: {column: NAME}, layout: {value: stereo}}"
    else:
        uri = _column(recording, "optional: true")
        yield f"  recording: {{uri: {uri}, layout: {{value: stereo}}}}   # or mono"
    yield "  survey: null"
    yield from _TABLE


def _operator(sample: Sample, guess: Guess | None, phone: Guess | None) -> str:
    """The operator's column; calls that nobody took have none.

    Of two columns of numbers it is the one that holds an extension: of calls that come in, the
    number that was called. A telephone number is never both the customer's and the operator's.
    """
    if guess is None:
        return "{value: none}"
    if not guess.is_sure:
        return (
            f'{{value: "<ID>"}}{_TODO} {_column(guess)}, if that is who called; or {{value: none}}'
        )
    cases = []
    called = [] if phone is None else [text.strip() for text in sample.columns[phone.column]]
    if phone is not None and any(0 < len(text) < _EXTENSION for text in called):
        when = _column(phone, f"shorter_than: {_EXTENSION}")
        cases.append(f"{{when: {when}, use: {_column(phone)}}}")
    if phone is not None and suggestions.has_numbers(sample.columns[guess.column]):
        filled, short = (
            _column(guess, "empty: false"),
            _column(guess, f"shorter_than: {_EXTENSION}"),
        )
        when = f"{{all_of: [{filled}, {short}]}}"
        cases += [f"{{when: {when}, use: {_column(guess)}}}", "{use: {value: none}}"]
    elif not all(text.strip() for text in sample.columns[guess.column]):
        when = _column(guess, "empty: false")
        cases += [f"{{when: {when}, use: {_column(guess)}}}", "{use: {value: none}}"]
    elif cases:
        cases.append(f"{{use: {_column(guess)}}}")
    return f"{{cases: [{', '.join(cases)}]}}" if cases else _column(guess)


def _words(sample: Sample, field: str, guess: Guess, choice: str) -> Iterator[str]:
    """A column of a few words, each of which has to be said what it means.

    What is not known stays a text that no event accepts.
    """
    words = meanings.words_in(sample.columns[guess.column])
    yield f"  {field}:{_TODO} what each means, {choice}; rows with other words are refused"
    yield f"    column: {json.dumps(guess.column, ensure_ascii=False)}"
    if field == "answered":
        yield "    as: boolean"
        yield "    optional: true"
    yield "    map:"
    for word in words:
        usual = meanings.meaning_of(word, field) if guess.is_sure else None
        meaning = json.dumps(usual or f"<{choice}>")
        yield f"      {json.dumps(word, ensure_ascii=False)}: {meaning}"


def _column(guess: Guess, *more: str) -> str:
    return "{" + ", ".join([f"column: {json.dumps(guess.column, ensure_ascii=False)}", *more]) + "}"


def _times(sample: Sample, found: dict[str, Guess]) -> Iterator[str]:
    """When a call began and ended; a day without the time of day is no time of a call."""
    start, end, lasted = (found.get(name) for name in ("started_at", "ended_at", "duration"))
    assert start is not None, "a call is recognised by its start"
    durations = [] if lasted is None else [lasted.column]
    for name, guess in (("started_at", start), ("ended_at", end or start)):
        is_end = name == "ended_at" and end is None
        plus = f"plus_seconds: {_column(lasted)}" if is_end and lasted is not None else ""
        value = _time(sample, guess, plus, durations)
        if not _has_clock(sample, guess) and "join: [" not in value:
            why = "no column of the time of day is found: {join: [...], as: time}"
            yield f"  {name}: {_NOTHING}{_TODO} {why}"
        elif is_end and lasted is None:
            yield f"  {name}: {_NOTHING}{_TODO} no column of an end or a duration"
        else:
            is_sure = guess.is_sure and (not plus or lasted is None or lasted.is_sure)
            yield f"  {name}: {_if_sure(replace(guess, is_sure=is_sure), value)}"


def _has_clock(sample: Sample, guess: Guess) -> bool:
    """Whether a column of times holds the time of day."""
    if any("%H" in form or form in _WITH_CLOCK for form in guess.formats):
        return True
    # ISO 8601 and a spreadsheet's days may be either.
    beyond_a_day = re.compile(r"\d[T ]\d\d:?\d\d|^\d{5}[.,]\d")
    return any(beyond_a_day.search(text) for text in sample.columns[guess.column])


def _time(sample: Sample, guess: Guess, more: str = "", others: Sequence[str] = ()) -> str:
    """A time, put together of a day and the time of day where these are two columns."""
    formats = list(guess.formats)
    source = f"column: {json.dumps(guess.column, ensure_ascii=False)}"
    if not _has_clock(sample, guess):
        clock = suggestions.clock_of(sample.columns, guess.column, *others)
        if clock is not None:
            form = suggestions.clock_format(sample.columns[clock])
            days = ["%Y-%m-%d" if each == "iso" else each for each in formats]
            formats = [f"{day} {form}" for day in days]
            clock_column = json.dumps(clock, ensure_ascii=False)
            source = f'join: [{{{source}}}, {{value: " "}}, {{column: {clock_column}}}]'
    written = ", ".join(json.dumps(each) for each in formats)
    parts = [source, "as: time", f"formats: [{written}]", *([more] if more else [])]
    return "{" + ", ".join(parts) + "}"
