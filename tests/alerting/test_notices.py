"""Which message is due next: each change of an alert once, whatever was sent before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.alerts.notices import (
    MOVED_AT_MOST,
    Notice,
    Quiet,
    Reported,
    Wishes,
    notices,
    standing_places,
)
from schemas.derived import AgencyAlert, AlertKind, AlertStatus
from tests.alerting.published import OPENED, alert

RISE, FALL, SILENCE = AlertKind
OPEN, RESOLVED, RETRACTED = AlertStatus
ALL = Wishes()
EARLY = OPENED - timedelta(days=1)


def reported(about: AgencyAlert, number: int = 1) -> Reported:
    return Reported(number, about, about.alert_id)


def due(
    alerts: Sequence[AgencyAlert], sent: dict[str, Reported], wishes: Wishes = ALL
) -> list[Notice]:
    return notices(alerts, sent, wishes, EARLY)


@given(st.lists(st.sampled_from([OPEN, RESOLVED, RETRACTED, None]), max_size=12))
def test_each_change_is_reported_once_and_the_last_word_is_the_truth(
    course: list[AlertStatus | None],
) -> None:
    """None: the alert is in the store no more, after tables were made again."""
    other = alert(SILENCE, alert_id="other")
    sent = {"other": reported(other)}
    said: list[AlertStatus] = []
    for status in course:
        present = [other] if status is None else [other, alert(status=status)]
        found = due(present, sent)
        assert len(found) <= 1
        for notice in found:
            assert notice.number == len(said) + 1
            sent[notice.alert.alert_id] = reported(notice.alert, notice.number)
            said.append(notice.alert.status)
        assert due(present, sent) == [], "once"
        if said:
            assert said[-1] is (status or RETRACTED)
        else:
            assert status in (RETRACTED, None)
    assert all(one is not other for one, other in pairwise(said))
    assert not said or said[0] is not RETRACTED, "what was never sent is never taken back"


def test_what_opened_before_the_target_was_there_is_never_begun() -> None:
    old = alert(opened_at=EARLY - timedelta(hours=1))
    assert due([old], {}) == []
    assert due([old.model_copy(update={"status": RESOLVED})], {}) == []


def test_what_was_begun_is_followed_to_its_end_however_old() -> None:
    old = alert(opened_at=EARLY - timedelta(days=90))
    resolved = old.model_copy(update={"status": RESOLVED})
    assert [n.alert.status for n in due([resolved], {old.alert_id: reported(old)})] == [RESOLVED]


@pytest.mark.parametrize(
    ("found", "wishes", "wanted"),
    [
        (alert(RISE), Wishes(kinds=[FALL]), False),
        (alert(RISE), Wishes(least_rise=19.6), True),
        (alert(RISE), Wishes(least_rise=19.7), False),
        (alert(FALL), Wishes(least_fall=39.8), True),
        (alert(FALL), Wishes(least_fall=40), False),
        (alert(FALL), Wishes(least_rise=99), True),
        (alert(SILENCE), Wishes(least_rise=99, least_fall=99), True),
    ],
)
def test_wishes_choose_the_first_message_only(
    found: AgencyAlert, wishes: Wishes, wanted: bool
) -> None:
    assert bool(due([found], {}, wishes)) is wanted
    resolved = found.model_copy(update={"status": RESOLVED})
    assert len(due([resolved], {found.alert_id: reported(found)}, wishes)) == 1


def test_a_rise_that_grows_is_sent_when_it_is_large_enough() -> None:
    wishes = Wishes(least_rise=20)
    assert due([alert(rise_points=19.0)], {}, wishes) == []
    assert len(due([alert(rise_points=21.0)], {}, wishes)) == 1


@pytest.mark.parametrize("gone", [False, True], ids=["retracted", "not in the store"])
def test_a_moved_alert_is_the_same_to_its_readers(gone: bool) -> None:
    """Whoever was reported nothing gets it as a new one; whoever was reported, its end only."""
    before = alert(alert_id="before")
    now = alert(alert_id="after", opened_at=OPENED - timedelta(hours=9))
    there = [now] if gone else [now, before.model_copy(update={"status": RETRACTED})]
    assert [(n.alert.alert_id, n.number) for n in due(there, {})] == [("after", 1)]
    (moved,) = due(there, {"before": reported(before, 3)})
    assert moved.silent
    assert (moved.alert.alert_id, moved.number, moved.thread) == ("after", 4, "before")
    assert moved.replaces is not None
    assert (moved.replaces.alert_id, moved.replaces.status) == ("before", RETRACTED)
    noted = {"before": Reported(4, moved.replaces, "before"), "after": Reported(4, now, "before")}
    assert due(there, noted) == []
    over = now.model_copy(update={"status": RESOLVED})
    (end,) = due([over, *there[1:]], noted)
    assert (end.alert.status, end.number, end.thread, end.silent) == (RESOLVED, 5, "before", False)


def test_a_moved_alert_that_is_over_is_one_message_about_its_end() -> None:
    before = alert(alert_id="before")
    over = alert(alert_id="after", status=RESOLVED, opened_at=OPENED - timedelta(hours=9))
    (end,) = due([over], {"before": reported(before)})
    assert (end.alert.status, end.before, end.silent) == (RESOLVED, OPEN, False)


@pytest.mark.parametrize(
    "another",
    [
        alert(FALL, alert_id="after"),
        alert(agency="beta", alert_id="after"),
        alert(alert_id="after", opened_at=OPENED + MOVED_AT_MOST + timedelta(hours=1)),
    ],
    ids=["of another kind", "of another agency", "far away"],
)
def test_another_alert_does_not_stand_for_one_that_was_retracted(another: AgencyAlert) -> None:
    before = alert(alert_id="before")
    found = due(
        [another, before.model_copy(update={"status": RETRACTED})], {"before": reported(before)}
    )
    assert [(n.alert.alert_id, n.alert.status) for n in found] == [
        ("before", RETRACTED),
        ("after", OPEN),
    ]


def test_of_two_new_ones_the_nearest_is_the_one_that_moved() -> None:
    before = alert(alert_id="before")
    near = alert(alert_id="near", opened_at=OPENED + timedelta(hours=2))
    far = alert(alert_id="far", opened_at=OPENED - timedelta(days=3), status=RESOLVED)
    wishes = Wishes(kinds=[SILENCE])
    found = due([far, near], {"before": reported(before)}, wishes)
    assert [(n.alert.alert_id, n.silent) for n in found] == [("near", True)]


def test_the_place_of_a_retracted_alert_is_the_nearest_of_its_kind() -> None:
    old = alert(alert_id="old", status=RETRACTED)
    near = alert(alert_id="near", opened_at=OPENED + timedelta(hours=5))
    others = [
        alert(alert_id="farther", status=RESOLVED, opened_at=OPENED - timedelta(days=2)),
        alert(FALL, alert_id="kind"),
        alert(alert_id="agency", agency="beta"),
        alert(alert_id="client", client="two"),
        alert(alert_id="retracted too", status=RETRACTED),
    ]
    places = standing_places([old, near, *others])
    assert places == {("lumina", "old"): "near", ("lumina", "retracted too"): "near"}
    assert standing_places([old, *others[1:]]) == {}


def test_the_same_message_has_the_same_id_and_others_have_others() -> None:
    first, second = Notice(alert(), 1, None, "t"), Notice(alert(), 2, OPEN, "t")
    assert first.message_id("mail") == Notice(alert(n=9), 1, None, "t").message_id("mail")
    ids = {first.message_id("mail"), first.message_id("chat"), second.message_id("mail")}
    assert len(ids) == 3


@given(st.times(), st.times(), st.times())
def test_quiet_hours_are_those_on_the_way_from_begin_to_end(
    begin: time, end: time, moment: time
) -> None:
    def minutes(of: time) -> float:
        return (of.hour * 3600 + of.minute * 60 + of.second) * 1e6 + of.microsecond

    day = 24 * 3600 * 1e6
    length = (minutes(end) - minutes(begin)) % day
    assert Quiet(begin, end).covers(moment) is ((minutes(moment) - minutes(begin)) % day < length)
