"""The simulated events: valid, in order, equal for equal seeds, and plausible in form."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from infra.cli.run.simulate import simulate_to
from infra.simulation import SimulationSettings, encode, simulate, truth
from infra.simulation.language import LEVELS, level_weights, parse_phrase, phrases
from infra.simulation.recorded import recorded_calls
from processors.contact_hours import is_holiday
from schemas.events import Channel, InboundEvent, Touchpoint

SETTINGS = SimulationSettings(calls=1_500, audio=False)
EVENTS = list(simulate(SETTINGS))
CALLS = [event["data"] for event in EVENTS if "call-ended" in event["type"]]
ADAPTER = TypeAdapter(InboundEvent)
ROME = ZoneInfo("Europe/Rome")


def test_equal_seeds_give_equal_bytes_and_others_do_not():
    again = [encode(event) for event in simulate(SETTINGS)]
    assert again == [encode(event) for event in EVENTS]
    assert again != [encode(e) for e in simulate(SimulationSettings(seed=2, calls=1_500))]


def test_every_event_is_valid_and_named_once():
    for event in EVENTS:
        ADAPTER.validate_json(encode(event))
    assert len({event["id"] for event in EVENTS}) == len(EVENTS)
    assert len(CALLS) == 1_500


def test_events_come_in_order_of_their_time_and_before_the_end():
    times = [datetime.fromisoformat(event["time"]) for event in EVENTS]
    assert times == sorted(times)
    assert times[-1] < SETTINGS.end
    assert min(times) >= SETTINGS.end - timedelta(days=SETTINGS.days)
    own = {"ended_at", "received_at", "cancelled_at"}
    for event in EVENTS:
        assert event["time"] in {event["data"][name] for name in own & event["data"].keys()}


def test_duplicates_repeat_events_word_for_word():
    sent = [
        encode(e) for e in simulate(SimulationSettings(calls=1_500, audio=False, duplicates=0.05))
    ]
    plain = [encode(event) for event in EVENTS]
    assert set(sent) == set(plain)
    assert (len(sent) - len(plain)) / len(plain) == pytest.approx(0.05, abs=0.02)


def test_late_events_are_the_same_in_another_order():
    settings = SimulationSettings(calls=1_500, audio=False, late=0.05)
    sent = list(simulate(settings))
    assert Counter(e["id"] for e in sent) == Counter(e["id"] for e in EVENTS)
    times = [datetime.fromisoformat(event["time"]) for event in sent]
    latest = times[0]
    behind = []
    for time in times:
        behind.append(latest - time)
        latest = max(latest, time)
    out_of_order = sum(lag > timedelta() for lag in behind) / len(behind)
    assert 0.02 < out_of_order < 0.08
    assert max(behind) <= timedelta(days=3)


def test_conversations_have_6_to_14_turns_without_holes():
    for call in CALLS:
        turns = call["transcript"]
        assert 6 <= len(turns) <= 14
        assert [turn["speaker"] for turn in turns] == ["operator", "customer"] * (len(turns) // 2)
        for turn in turns:
            assert turn["text"].strip() == turn["text"] != ""
            assert not set("[]{}|") & set(turn["text"])
        if call["channel"] == "phone":
            starts = [turn["start"] for turn in turns]
            assert starts == sorted(starts)
            assert all(turn["start"] < turn["end"] for turn in turns)
        else:
            assert all("start" not in turn for turn in turns)


def test_texts_vary():
    openings = Counter(call["transcript"][0]["text"] for call in CALLS)
    assert len(openings) > 0.9 * len(CALLS)
    bodies = Counter(call["transcript"][2]["text"] for call in CALLS)
    assert bodies.most_common(1)[0][1] < 0.02 * len(CALLS)


def test_conversations_begin_within_permitted_hours_but_for_few():
    breaches: Counter[str] = Counter()
    for call in CALLS:
        begin = datetime.fromisoformat(call["started_at"]).astimezone(ROME)
        hour = begin.hour + begin.minute / 60
        last = 15.0 if begin.weekday() == 5 else 21.0
        if begin.weekday() == 6 or is_holiday(begin.date()) or not 8.5 <= hour < last:
            breaches[call["agency_id"]] += 1
    assert 0 < sum(breaches.values()) < 0.04 * len(CALLS)
    assert breaches["agenzia-aurora"] < breaches["agenzia-cobalto"]


def test_surveys_and_spoken_ratings_have_their_shares():
    surveyed = sum("survey" in call for call in CALLS) / len(CALLS)
    assert surveyed == pytest.approx(0.235, abs=0.04)
    asked = [
        call
        for call in CALLS
        if any("da zero a dieci" in turn["text"] for turn in call["transcript"])
    ]
    assert len(asked) / len(CALLS) == pytest.approx(0.04, abs=0.02)
    assert not any("survey" in call for call in asked)


def test_some_customers_are_called_by_two_agencies_and_most_more_than_once():
    agencies: dict[str, set[str]] = {}
    for call in CALLS:
        agencies.setdefault(call["customer_id"], set()).add(call["agency_id"])
    assert 0.05 < sum(len(names) > 1 for names in agencies.values()) / len(agencies) < 0.2
    assert 1.8 < len(CALLS) / len(agencies) < 2.6


def test_recorded_calls_come_in_the_last_two_days_of_permitted_hours():
    settings = SimulationSettings(calls=10)
    recorded = recorded_calls(settings)
    recordings = [e["data"] for e in simulate(settings) if "recording" in e["data"]]
    assert [data["recording"]["uri"] for data in recordings] == [call.file for call in recorded]
    assert len(recordings) >= 9
    for data in recordings:
        ended = datetime.fromisoformat(data["ended_at"])
        assert settings.end - timedelta(days=2) <= ended < settings.end
        assert 9 <= ended.astimezone(ROME).hour < 15
    assert {data["agency_id"] for data in recordings} == {
        a.agency_id for a in settings.world.agencies
    }
    days = {datetime.fromisoformat(data["ended_at"]).date() for data in recordings}
    assert len(days) == 2


def test_every_tone_has_words_for_every_touchpoint():
    pools = phrases().pools
    for level in LEVELS:
        assert len(pools[f"operator.body.{level}"]) >= 10
        for touchpoint in Touchpoint:
            assert pools[f"operator.topic.{touchpoint.value}.{level}"]
            assert pools[f"customer.topic.{touchpoint.value}"]


def test_alternatives_are_parsed():
    assert parse_phrase("Dica [pure|a me], {signore}.") == (
        ("Dica ",),
        ("pure", "a me"),
        (", {signore}.",),
    )


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_more_pressure_means_more_aggressive_turns(low: float, high: float, warmth: float):
    low, high = sorted((low, high))

    def share(pressure: float) -> float:
        weights = level_weights(pressure, warmth)
        return weights[0] / sum(weights)

    assert share(low) <= share(high) + 1e-12


@pytest.mark.parametrize(
    "wrong",
    [
        {"end": datetime(2026, 7, 1, 0, 30, tzinfo=UTC)},
        {"end": datetime(2026, 7, 1)},  # noqa: DTZ001
        {"calls": 0},
        {"late": 1.5},
    ],
)
def test_settings_refuse_nonsense(wrong):
    with pytest.raises(ValueError, match=r"must|are"):
        SimulationSettings(**wrong)


def test_other_channels_are_few():
    channels = Counter(call["channel"] for call in CALLS)
    assert channels[Channel.PHONE.value] / len(CALLS) == pytest.approx(0.88, abs=0.04)
    assert channels[Channel.WHATSAPP.value] > 0


def test_the_command_writes_events_and_truth(tmp_path):
    out, file = StringIO(), tmp_path / "truth.json"
    written = simulate_to(out, SETTINGS, file)
    lines = out.getvalue().splitlines()
    assert written == len(lines) == len(EVENTS)
    assert [json.loads(line) for line in lines] == EVENTS
    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(json.dumps(truth(SETTINGS)))
