"""Legs of Twilio's calls: the parent's event, with what the legs that it dialled say.

Forms after Twilio's Calls resource (`parent_call_sid`).
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from infra.importing.mapping_files import MappingFile, load
from processors.mapping.mapper import PassedOver
from tests.importing.call_rows import EXPORTS, events, imported


@pytest.fixture(scope="module")
def preset() -> MappingFile:
    return load("twilio", EXPORTS / "calls.yaml")


def twilio(sid: str, parent: str | None, direction: str, status: str, **cells: str) -> Any:
    return {
        "sid": sid,
        "parent_call_sid": parent,
        "direction": direction,
        "from": "+390551234567",
        "to": "+390281234",
        "status": status,
        "start_time": "Mon, 02 Mar 2026 09:12:00 +0000",
        "end_time": "Mon, 02 Mar 2026 09:15:30 +0000",
        "duration": "210",
    } | cells


@pytest.mark.parametrize("answers", [True, False])
def test_of_twilios_legs_the_one_that_was_dialled_says_who_answered(
    preset: MappingFile, answers: bool
) -> None:
    rows = [
        twilio("CA1", None, "inbound", "completed"),
        twilio("CA2", "CA1", "outbound-dial", "no-answer", to="client:anna", duration="0"),
        twilio(
            *("CA3", "CA1", "outbound-dial", "completed" if answers else "busy"),
            to="sip:eva@pbx.example",
        ),
    ]
    for order in permutations(rows):
        [event] = events(imported(preset, order)[1])
        data = event["data"]
        assert data["customer_id"] == "C-1"
        assert data.get("answered") is (None if answers else False)
        if answers:
            assert (data["operator_id"], data["recording"]["uri"]) == (
                "eva@pbx.example",
                "CA1.wav",
            )


ANNA = {"to": "client:anna", "from": "+390281234"}
"""<Dial callerId="the company's number">: the leg does not name the customer."""


def test_whoever_was_rung_says_who_answered_whatever_the_number_shown(
    preset: MappingFile,
) -> None:
    parent = twilio("CA1", None, "inbound", "completed")
    taken = twilio("CA2", "CA1", "outbound-dial", "completed", duration="200", **ANNA)
    missed = twilio("CA2", "CA1", "outbound-dial", "no-answer", duration="0", **ANNA)
    for rows in permutations([parent, taken]):
        [event] = events(imported(preset, rows)[1])
        assert (event["id"], event["data"]["operator_id"]) == ("CA1", "anna")
        assert (event["data"]["recording"]["uri"], event["data"].get("answered")) == (
            *("CA1.wav", None),
        )
    for rows in permutations([parent, missed]):
        [event] = events(imported(preset, rows)[1])
        assert (event["id"], event["data"]["answered"]) == ("CA1", False)
        assert "recording" not in event["data"]


def test_a_supervisor_who_does_not_answer_makes_no_attempt_of_a_talk(preset: MappingFile) -> None:
    parent = twilio("CA1", None, "inbound", "completed")
    late = {"start_time": "Mon, 02 Mar 2026 09:15:00 +0000", "duration": "0"}
    supervisor = twilio("CA2", "CA1", "outbound-dial", "no-answer", to="sip:sup@pbx", **late)
    for rows in permutations([parent, supervisor]):
        [event] = events(imported(preset, rows)[1])
        assert (event["id"], event["data"].get("answered")) == ("CA1", None)


def test_an_agents_leg_of_twilio_makes_no_event_without_its_parent(preset: MappingFile) -> None:
    """The parent is an event of its own, of a webhook or of a former import."""
    alone = twilio("CA2", "CA1", "outbound-dial", "completed", to="client:anna")
    [passed_over] = imported(preset, [alone])[1]
    assert passed_over.outcome == PassedOver()
    [event] = events(imported(preset, [alone | {"to": "+393479998888"}])[1])
    assert (event["id"], event["data"]["customer_id"]) == ("CA2", "C-3")


def test_a_call_of_twilio_of_which_a_leg_goes_on_waits(preset: MappingFile) -> None:
    missed = twilio("CA2", "CA1", "outbound-dial", "no-answer", **ANNA)
    going_on = twilio("CA3", "CA1", "outbound-dial", "in-progress", to="client:eva")
    parent = twilio("CA1", None, "inbound", "in-progress")
    for end in (None, ""):
        rows = [parent | {"end_time": end}, missed, going_on | {"end_time": end}]
        importing, done = imported(preset, rows)
        assert (events(done), importing.counts.passed_over) == ([], 3)
