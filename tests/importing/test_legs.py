"""Rows that are legs of one call: one event a call, whatever their order and wherever cut.

Forms after Asterisk's CDR specification (a row for each channel that a queue or Dial rings),
Amazon Connect's contact records (`InitialContactId`).
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.importing import grouping
from infra.importing.formats.texts import UnreadableExport
from infra.importing.grouping import grouped
from infra.importing.importer import Import, Imported
from infra.importing.letters import letter_of, record_in
from infra.importing.mapping_files import MappingError, MappingFile, load
from processors.mapping.mapper import PassedOver, UnknownCustomer
from processors.mapping.records import Record
from tests.importing.call_rows import EXPORTS, FILE, events, imported, leg

KNOWN = {"0551234567": "C-1", "3479998888": "C-3"}


@pytest.fixture(scope="module")
def presets() -> dict[str, MappingFile]:
    names = ("freepbx", "asterisk-cdr", "3cx", "amazon-connect", "asterisk-cel")
    return {name: load(name, EXPORTS / "calls.yaml") for name in names}


def agent(number: str) -> str:
    return f"Local/{number}@from-queue-0000{number};1"


QUEUE = [
    leg(1, sequence="1", dstchannel=agent("201")),
    leg(20, sequence="2", dstchannel=agent("202")),
    leg(40, 95, sequence="3", dstchannel=agent("203"), recordingfile="q-600.wav"),
    # The row of the agent's own half of the Local channel.
    leg(
        40,
        95,
        dst="203",
        dcontext="ext-local",
        channel="Local/203@from-queue-0000203;2",
        dstchannel="PJSIP/203-0000000c",
        lastapp="Dial",
        uniqueid="1772445640.15",
        sequence="9",
    ),
]


QUEUE_ROWS = list(enumerate(QUEUE[:3], start=1))


def test_of_a_queue_with_agents_rung_in_vain_one_call_comes(presets: Any) -> None:
    for rows in permutations(QUEUE):
        importing, done = imported(presets["freepbx"], rows)
        [event] = events(done)
        assert event["id"] == "1772445600.10/3"
        assert event["data"]["operator_id"] == "203"
        assert event["data"]["recording"]["uri"] == "2026/03/02/q-600.wav"
        assert "answered" not in event["data"]
        counts = importing.counts
        assert (counts.rows, counts.events, counts.legs, counts.passed_over) == (4, 1, 2, 1)


def test_where_nobody_answers_one_attempt_comes(presets: Any) -> None:
    for rows in permutations(QUEUE[:2]):
        [event] = events(imported(presets["freepbx"], rows)[1])
        assert (event["id"], event["data"]["answered"]) == ("1772445600.10/1", False)


def test_a_queue_that_answered_by_itself_was_not_answered(presets: Any) -> None:
    given_up = leg(0, 60, dstchannel="")
    [event] = events(imported(presets["freepbx"], [given_up])[1])
    assert event["data"]["answered"] is False
    assert "recording" not in event["data"]


def test_a_second_trunk_and_an_export_without_linkedid(presets: Any) -> None:
    called = {"src": "201", "dst": "3479998888", "dcontext": "from-internal", "lastapp": "Dial"}
    rows = [
        leg(0, disposition="CONGESTION", dstchannel="PJSIP/one-01", **called),
        leg(2, 60, dstchannel="PJSIP/two-02", **called),
    ]
    for row in rows:
        del row["linkedid"]
    for order in permutations(rows):
        [event] = events(imported(presets["asterisk-cdr"], order)[1])
        assert (event["data"]["operator_id"], event["data"]["customer_id"]) == ("201", "C-3")
        assert "answered" not in event["data"]


def test_a_transferred_call_is_one_of_the_operator_who_talked_longest(presets: Any) -> None:
    direct = {"dst": "s", "dcontext": "from-trunk", "lastapp": "Dial"}
    reception = leg(0, 10, dstchannel="PJSIP/201-0000000a", recordingfile="1.wav", **direct)
    transferred = leg(
        15,
        300,
        dst="202",
        dcontext="from-internal-xfer",
        dstchannel="PJSIP/202-0000000b",
        recordingfile="2.wav",
    )
    for rows in permutations([reception, transferred]):
        [event] = events(imported(presets["freepbx"], rows)[1])
        assert event["data"]["operator_id"] == "202"
        assert event["data"]["recording"]["uri"] == "2026/03/02/2.wav"


def test_an_agents_mobile_that_no_table_knows_is_no_customer(presets: Any) -> None:
    mobile = leg(
        41,
        90,
        dst="3331112222",
        dcontext="from-internal",
        lastapp="Dial",
        channel="Local/3331112222@from-internal-01;2",
        uniqueid="1772445641.16",
    )
    for rows in permutations([QUEUE[0], QUEUE[2], mobile]):
        importing, done = imported(presets["freepbx"], rows)
        assert [event["data"]["operator_id"] for event in events(done)] == ["203"]
        assert importing.counts.unmatched_customers == 0


def test_two_customers_of_one_linkedid_are_two_calls(presets: Any) -> None:
    """A dialler's agents may share one linkedid all day."""
    first, second = leg(0, 30), leg(60, 40, src="3479998888", uniqueid="1772445660.30")
    for rows in permutations([first, second]):
        customers = [event["data"]["customer_id"] for event in events(imported_by(presets, rows))]
        assert sorted(customers) == ["C-1", "C-3"]


def imported_by(presets: Any, rows: Sequence[dict[str, str]]) -> list[Imported]:
    done: list[Imported] = imported(presets["freepbx"], rows)[1]
    return done


def test_a_call_of_an_unknown_customer_is_one_letter_with_all_its_legs(presets: Any) -> None:
    rows = [each | {"src": "3331112222"} for each in QUEUE[:3]]
    importing, done = imported(presets["freepbx"], rows)
    [unknown] = [each for each in done if isinstance(each.outcome, UnknownCustomer)]
    assert (importing.counts.unmatched_customers, importing.counts.legs) == (1, 2)
    letter = letter_of(unknown, "freepbx")
    assert letter is not None
    held = record_in(letter.origin, b64decode(letter.original), "freepbx")
    assert held is not None
    again = Import(presets["freepbx"], {"customers": {"+393331112222": "C-7"}}, [])
    done, finished = again.run_again([held])
    [event] = events(done)
    assert (event["id"], event["data"]["operator_id"]) == ("1772445600.10/3", "203")
    assert finished == [True]


def test_letters_of_one_call_are_replayed_together(presets: Any) -> None:
    """A former version wrote a letter for each leg: a queue of three agents is one call."""
    letters = [(FILE, Record(n, (row | {"src": "3331112222"},), False)) for n, row in QUEUE_ROWS]
    again = Import(presets["freepbx"], {"customers": {"+393331112222": "C-7"}}, [])
    for order in permutations(letters):
        done, finished = again.run_again(order)
        [event] = events(done)
        assert (event["id"], event["data"]["operator_id"]) == ("1772445600.10/3", "203")
        assert finished == [True] * 3


def test_a_letter_stays_open_while_its_own_customer_is_unknown(presets: Any) -> None:
    known = Record(1, (leg(0, 60, src="3331112222"),), False)
    other = Record(2, (leg(30, 20, src="3334445555", sequence="9"),), False)
    both = Record(3, (*known.rows, leg(120, 20, src="3334445555", sequence="8")), False)
    again = Import(presets["freepbx"], {"customers": {"+393331112222": "C-7"}}, [])
    done, finished = again.run_again([(FILE, known), (FILE, other), (FILE, both)])
    assert len(events(done)) == 1
    assert finished == [True, False, False]


LEGS = st.lists(
    st.tuples(
        st.integers(0, 3),  # the linkedid
        st.integers(0, 3),  # the hour
        st.sampled_from(sorted(KNOWN)),
        st.one_of(st.none(), st.integers(1, 500)),
    ),
    max_size=10,
)


@settings(deadline=None)
@given(LEGS, st.randoms(use_true_random=False), st.integers(0, 10))
def test_every_call_counts_once_in_any_order(
    presets: Any, drawn: list[tuple[int, int, str, int | None]], random: Any, again: int
) -> None:
    """Against a count by hand: answered where a leg is, and then the longest of these.

    What shares a linkedid hours apart, as a dialler's calls do, are several calls.
    """
    rows = [
        leg(
            3600 * hour + at,
            talked,
            src=number,
            linkedid=f"17.{call}",
            uniqueid=f"17.{call}{number}",
        )
        for at, (call, hour, number, talked) in enumerate(drawn)
    ]
    expected = {
        (call, KNOWN[number], hour): max(
            (t or 0 for c, h, n, t in drawn if (c, h, n) == (call, hour, number)), default=0
        )
        for call, hour, number, _ in drawn
    }
    random.shuffle(rows)
    importing, done = imported(presets["freepbx"], rows + rows[:again])
    made = events(done)
    found = {}
    for event in made:
        data = event["data"]
        lasted = datetime.fromisoformat(data["ended_at"]) - datetime.fromisoformat(
            data["started_at"]
        )
        talked = 0 if data.get("answered") is False else int(lasted.total_seconds()) - 5
        call = int(event["id"].partition(".")[2][0])
        hour = datetime.fromisoformat(data["started_at"]).hour - 10
        found[call, data["customer_id"], hour] = talked
    assert found == expected
    assert len(made) == len(expected)
    counts = importing.counts
    assert counts.rows == counts.events + counts.legs == len(rows + rows[:again])
    assert len({event["id"] for event in made}) == len(made)
    # The same rows in another order are the same events.
    random.shuffle(rows)
    assert sorted(map(str, events(imported_by(presets, rows)))) == sorted(map(str, made))


@settings(deadline=None)
@given(st.integers(0, 4))
def test_a_longer_file_later_adds_only_what_is_new(presets: Any, cut: int) -> None:
    """An agent's row is written as it stops ringing, those of the caller when the call ends."""
    rung = leg(
        1,
        dst="201",
        dcontext="ext-local",
        channel="Local/201@from-queue-01;2",
        lastapp="Dial",
        uniqueid="1772445601.11",
    )
    whole = [rung, QUEUE[3], *QUEUE[:3]]
    # The rows of one channel are written at once.
    first = events(imported_by(presets, whole[: min(cut, 2)]))
    second = events(imported_by(presets, whole))
    assert first == []
    assert [event["id"] for event in second] == ["1772445600.10/3"]


def day_of_a_dialler() -> list[dict[str, str]]:
    """Six calls of one linkedid: three to C-1, two to unknown customers, one that is refused."""
    called = {"dcontext": "from-internal", "src": "201", "lastapp": "Dial"}
    known = [leg(3600 * hour, 60, dst="0551234567", **called) for hour in (0, 4, 9)]
    unknown = [leg(3600 * hour, 60, dst=f"333111{hour}222", **called) for hour in (1, 2)]
    return [*known, *unknown, leg(3600 * 3, 60, dst="3479998888", disposition="ODD", **called)]


def test_calls_that_share_a_linkedid_hours_apart_are_not_lost(presets: Any) -> None:
    rows = day_of_a_dialler()
    for order in (rows, rows[::-1], rows[3:] + rows[:3]):
        importing, done = imported(presets["freepbx"], order)
        assert len(events(done)) == 3
        counts = importing.counts.as_json()
        assert list(counts)[:5] == [
            *("rows", "events", "refused", "unmatched_customers", "missing_recordings")
        ]
        assert (counts["rows"], counts["legs"], counts["passed_over"]) == (6, 0, 0)
        assert (counts["refused"], counts["unmatched_customers"]) == (1, 2)


def test_a_call_between_two_attempts_to_a_customer_is_not_lost(presets: Any) -> None:
    called = {"dcontext": "from-internal", "src": "201", "lastapp": "Dial"}
    tries = [leg(second, dst="0551234567", **called) for second in (0, 240)]
    other = leg(100, 60, dst="3331112222", **called)
    for rows in permutations([*tries, other]):
        importing, done = imported(presets["freepbx"], rows)
        assert (len(events(done)), importing.counts.unmatched_customers) == (1, 1)


def test_a_refused_leg_minutes_from_an_attempt_may_be_its_answer(presets: Any) -> None:
    odd = leg(120, 95, sequence="3", disposition="ODD")
    importing, done = imported(presets["freepbx"], [QUEUE[0], odd])
    assert (importing.counts.refused, events(done)) == (1, [])


def test_a_callback_of_the_next_day_is_another_call(presets: Any) -> None:
    called, back = contact("a", "anna", 120, None), contact("b", "eva", 100, "a")
    back |= {"InitiationTimestamp": "2026-03-03T15:00:00Z"}
    back |= {"DisconnectTimestamp": "2026-03-03T15:02:00Z"}
    done = imported(presets["amazon-connect"], [called, back])[1]
    assert [event["id"] for event in events(done)] == ["a", "b"]


def test_a_queue_of_3cx_is_of_the_extension_that_took_the_call(presets: Any) -> None:
    names = presets["3cx"].mapping.input.columns
    line = (EXPORTS / "3cx.csv").read_text().splitlines()[1].split(",")
    rung = dict(zip(names, line, strict=False)) | {"to-no": "Ext.800", "final-number": "Ext.800"}
    taken = rung | {"callid": "0000018B_03", "time-answered": "2026/03/02 09:20:20"}
    taken |= {"final-number": "Ext.205", "duration": "00:00:11"}
    for rows in permutations([rung, taken]):
        [event] = events(imported(presets["3cx"], rows)[1])
        assert (event["id"], event["data"]["operator_id"]) == ("36/0000018B_03", "205")


def contact(name: str, agent: str, talked: int, first: str | None) -> Any:
    return {
        "Channel": "VOICE",
        "ContactId": name,
        "InitialContactId": first,
        "InitiationTimestamp": "2026-03-02T09:12:00Z",
        "DisconnectTimestamp": "2026-03-02T09:15:30Z",
        "CustomerEndpoint": {"Address": "+390551234567"},
        "Agent": {
            "Username": agent,
            "ConnectedToAgentTimestamp": "2026-03-02T09:12:05Z",
            "AgentInteractionDuration": talked,
        },
        "Recording": {"Location": f"bucket/{name}.wav"},
    }


def test_a_contact_that_is_transferred_is_one_call(presets: Any) -> None:
    rows = [contact("a", "anna", 20, None), contact("b", "eva", 170, "a")]
    for order in permutations(rows):
        [event] = events(imported(presets["amazon-connect"], order)[1])
        assert (event["id"], event["data"]["operator_id"]) == ("b", "eva")


def test_channel_events_of_a_call_that_goes_on_wait_for_a_later_file(presets: Any) -> None:
    text = (EXPORTS / "asterisk-cel.csv").read_text().splitlines()
    names = presets["asterisk-cel"].mapping.input.columns
    rows = [dict(zip(names, line.strip('"').split('","'), strict=False)) for line in text if line]
    first = [row for row in rows if row["linkedid"] == "1772442720.12"]
    [waiting] = imported(presets["asterisk-cel"], first[:3])[1]
    assert isinstance(waiting.outcome, PassedOver)
    assert len(events(imported(presets["asterisk-cel"], first)[1])) == 1


def test_groups_come_in_the_order_of_their_first_rows(presets: Any) -> None:
    keys = ["b", "", "\ud83d", "b", "", "\ud83d"]
    rows = [
        (FILE, Record(n, (leg(uniqueid="", linkedid=key),), False)) for n, key in enumerate(keys)
    ]
    found = grouped(presets["freepbx"].mapping, rows)
    assert [[record.number for _, record in group] for group in found] == [[0, 3], [1], [2, 5], [4]]


def test_a_column_that_all_rows_share_is_no_calls(
    presets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grouping, "MOST_ROWS", 3)
    rows = [leg(second, uniqueid=f"1.{second}", linkedid="7") for second in range(4)]
    with pytest.raises(
        UnreadableExport, match=r"4 rows, .*'linkedid'.*\{of: NAME\}\), .*legs: null"
    ):
        imported(presets["freepbx"], rows)
    for nothing in ("\\N", "NULL", "", "0", "null", "None", "-", "''"):
        unlinked = [row | {"linkedid": nothing} for row in rows]
        assert len(events(imported_by(presets, unlinked))) == 4


@pytest.mark.parametrize(
    ("mine", "why"),
    [
        ("group_by: linkedid", "only one"),
        ("event: payment-received", "legs are of calls"),
        ("filters: [{column: a, none_of: [{column: b, empty: true}]}]", "none_of stands alone"),
        ("filters: [{is: [a]}]", "one of column, any_of"),
        ("filters: [{column: a}]", "say what must hold: is, .*ends_with"),
    ],
)
def test_what_contradicts_itself_is_named(tmp_path: Path, mine: str, why: str) -> None:
    (tmp_path / "mine.yaml").write_text(mine)
    with pytest.raises(MappingError, match=why):
        load("freepbx", tmp_path / "mine.yaml")
