"""Parts of a call that cannot be used: counted by place, logged, and never shown."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

import schemas
from schemas.codec import Routed, decode_inbound
from streams.agents.left_out import report_left_out
from streams.runtime.progress import Progress

EXAMPLE = Path(schemas.__file__).parent / "examples" / "call-ended" / "with-transcript.json"


def test_an_operator_sees_how_many_and_which_but_no_value(
    caplog: pytest.LogCaptureFixture,
) -> None:
    event = json.loads(EXAMPLE.read_bytes())
    event["data"]["survey"]["rating"] = 918273
    event["data"]["transcript"][0]["speaker"] = "Mario Zwerger"
    event["data"]["transcript"][1]["speaker"] = "Franz Zwerger"
    event["data"]["transcript"][2]["speaker"] = "IVR"
    routed = decode_inbound(json.dumps(event).encode())
    assert isinstance(routed, Routed)
    progress = Progress()
    with caplog.at_level(logging.WARNING):
        report_left_out(routed.left_out, "call-ended/2/7", progress)
    assert progress.report()["counts"] == {
        "calls_taken_in_part": 1,
        "left_out:transcript.speaker": 2,
        "left_out:transcript.machine_turn": 1,
        "left_out:survey.rating": 1,
    }
    assert "call-ended/2/7" in caplog.text
    assert "survey.rating" in caplog.text
    assert "transcript.speaker (x2)" in caplog.text
    assert "Zwerger" not in caplog.text
    assert "918273" not in caplog.text


def test_a_call_that_is_whole_counts_nothing(caplog: pytest.LogCaptureFixture) -> None:
    routed = decode_inbound(EXAMPLE.read_bytes())
    assert isinstance(routed, Routed)
    progress = Progress()
    report_left_out(routed.left_out, "call-ended/2/7", progress)
    assert progress.report()["counts"] == {}
    assert caplog.text == ""
