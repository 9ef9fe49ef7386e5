"""Every preset over an export in its vendor's documented form, whose rows are invented.

Forms after: Asterisk's cdr.conf and cel_custom.conf samples, FreePBX's table asteriskcdrdb.cdr,
3CX's list of CDR fields, Genesys Cloud's conversation details query, Twilio's Calls resource,
Amazon Connect's contact record data model.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.importing.importer import Import, read_tables
from infra.importing.mapping_files import load, preset_names
from processors.mapping.mapper import Made, Refused, UnknownCustomer

EXPORTS = Path(__file__).parent / "exports"
FIRST = ("2026-03-02T09:12:00+00:00", "2026-03-02T09:15:30+00:00")

CALLS: dict[str, list[tuple[Any, ...]]] = {
    "asterisk-cdr": [
        ("1772442720.12/PJSIP/trunk-00000002", "201", "C-1", *FIRST, "1772442720.12.wav"),
        # Clocks went back at 03:00 that night: the second of two 02:30, as its id says.
        (
            "1792891800.20/PJSIP/trunk-00000005",
            "203",
            "C-3",
            "2026-10-25T01:30:00+00:00",
            "2026-10-25T01:33:00+00:00",
            "1792891800.20.wav",
        ),
    ],
    "asterisk-cel": [
        (
            "1772442720.12",
            "201",
            "C-1",
            "2026-03-02T09:12:00.120000+00:00",
            "2026-03-02T09:15:30.010000+00:00",
            "1772442720.12.wav",
        ),
        (
            "1772442780.20",
            "202",
            "C-3",
            "2026-03-02T09:13:00+00:00",
            "2026-03-02T09:13:30.010000+00:00",
            None,
        ),
    ],
    "freepbx": [
        (
            "1772442720.12/5",
            "201",
            "C-1",
            *FIRST,
            "2026/03/02/out-0551234567-201-20260302-101200-1772442720.12.wav",
        ),
        (
            "1772445600.30/9",
            "204",
            "C-3",
            "2026-03-02T10:00:00+00:00",
            "2026-03-02T10:01:01+00:00",
            None,
        ),
    ],
    "3cx": [
        ("35/0000018A_12", "201", "C-1", *FIRST, "35.wav"),
        (
            "36/0000018B_02",
            "204",
            "C-3",
            "2026-03-02T09:20:00+00:00",
            "2026-03-02T09:20:31+00:00",
            None,
        ),
    ],
    "3cx-log": [
        ("00000193-0A1B/101200", "201", "C-1", *FIRST, "20260302101200.wav"),
        (
            "00000193-0A1C/102000",
            "204",
            "C-3",
            "2026-03-02T09:20:00+00:00",
            "2026-03-02T09:20:00+00:00",
            None,
        ),
    ],
    "genesys": [
        (
            "7a1d2f3e-1111-4c1e-9a5b-000000000001",
            "u-201",
            "C-1",
            "2026-03-02T09:12:00.120000+00:00",
            "2026-03-02T09:15:30.450000+00:00",
            "7a1d2f3e-1111-4c1e-9a5b-000000000001.wav",
        ),
        (
            "7a1d2f3e-1111-4c1e-9a5b-000000000002",
            "none",
            "C-3",
            "2026-03-02T10:00:00+00:00",
            "2026-03-02T10:00:40+00:00",
            None,
        ),
    ],
    "twilio": [
        (
            "CA00000000000000000000000000000001",
            "anna",
            "C-1",
            *FIRST,
            "CA00000000000000000000000000000001.wav",
        ),
        (
            "CA00000000000000000000000000000002",
            "+390281234",
            "C-3",
            "2026-03-02T10:00:00+00:00",
            "2026-03-02T10:00:30+00:00",
            None,
        ),
    ],
    "twilio-csv": [
        (
            "CA00000000000000000000000000000001",
            "anna",
            "C-1",
            *FIRST,
            "CA00000000000000000000000000000001.wav",
        ),
        (
            "CA00000000000000000000000000000002",
            "+390281234",
            "C-3",
            "2026-03-02T10:00:00+00:00",
            "2026-03-02T10:00:30+00:00",
            None,
        ),
    ],
    "amazon-connect": [
        (
            "aaaaaaaa-0000-4000-8000-000000000001",
            "anna",
            "C-1",
            *FIRST,
            "registrazioni/connect/bora/CallRecordings/2026/03/02/"
            "aaaaaaaa-0000-4000-8000-000000000001_20260302T09:12_UTC.wav",
        ),
        (
            "aaaaaaaa-0000-4000-8000-000000000002",
            "none",
            "C-3",
            "2026-03-02T10:00:00+00:00",
            "2026-03-02T10:00:30+00:00",
            None,
        ),
    ],
    "csv-calls": [
        ("1", "op-7", "C-1", *FIRST, "2026/03/1.wav"),
        ("2", "op-7", "C-3", "2026-03-02T10:00:00+00:00", "2026-03-02T10:04:00+00:00", None),
    ],
}
CALLS["nethvoice"] = CALLS["freepbx"]
REFUSED = {"csv-calls": ["service holds a text that map does not have; add it, or otherwise"]}
UNKNOWN = {"asterisk-cdr": ["customer_id is not in the table customers"]}


def imported(preset: str, mapping: str) -> tuple[Import, list[Any]]:
    """An import of the preset's export, and what became of each record."""
    mapping_file = load(preset, EXPORTS / f"{mapping}.yaml")
    importing = Import(mapping_file, read_tables(mapping_file), [EXPORTS])
    [export] = EXPORTS.glob(f"{preset}.*")
    return importing, [each.outcome for each in importing.run(importing.read([export]))]


def events(outcomes: list[Any]) -> list[Any]:
    return [json.loads(each.line) for each in outcomes if isinstance(each, Made)]


def test_every_preset_is_tried() -> None:
    assert set(CALLS) | {"csv-payments", "csv-cancellations"} == set(preset_names())


@pytest.mark.parametrize("preset", CALLS)
def test_calls_become_events(preset: str) -> None:
    mapping = "records" if preset == "csv-calls" else "calls"
    importing, outcomes = imported(preset, mapping)
    made = events(outcomes)
    assert [
        (
            event["id"],
            event["data"]["operator_id"],
            event["data"]["customer_id"],
            event["data"]["started_at"],
            event["data"]["ended_at"],
            event["data"].get("recording", {}).get("uri"),
        )
        for event in made
    ] == CALLS[preset]
    for event in made:
        data = event["data"]
        assert (data["client_id"], data["agency_id"]) == ("luce", "bora")
        unanswered = "recording" not in data and "survey" not in data
        assert data.get("answered") is (False if unanswered else None)
    recorded = sum(call[-1] is not None for call in CALLS[preset])
    refused = [each.reason for each in outcomes if isinstance(each, Refused)]
    unknown = [each.reason for each in outcomes if isinstance(each, UnknownCustomer)]
    assert (refused, unknown) == (REFUSED.get(preset, []), UNKNOWN.get(preset, []))
    counts = importing.counts
    assert (counts.events, counts.missing_recordings) == (len(made), recorded)


def test_payments_in_cp1252_with_decimal_commas() -> None:
    _, outcomes = imported("csv-payments", "records")
    assert [
        (event["id"], event["data"]["amount"], event["data"]["received_at"])
        for event in events(outcomes)
    ] == [
        ("1", "1234.56", "2026-03-01T23:00:00+00:00"),
        ("2", "49.90", "2026-03-03T13:30:00+00:00"),
    ]
    assert [each.reason for each in outcomes if isinstance(each, Refused)] == [
        "amount is no amount whose decimals follow a ','",
        "received_at is a time that clocks in Europe/Rome skip: is time_zone right?",
    ]


def test_cancellations_without_ids_have_the_same_ones_each_time() -> None:
    once, again = (events(imported("csv-cancellations", "records")[1]) for _ in range(2))
    assert once == again
    assert len({event["id"] for event in once}) == 2
    assert [(event["data"]["contract_id"], event["data"]["ended_by"]) for event in once] == [
        ("K-1", "customer"),
        ("K-2", "supplier"),
    ]
