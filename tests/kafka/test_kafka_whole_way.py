"""The whole way on a real Kafka: events in, figures out, two transcribers sharing the work."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from processors.identity.event_identity import identity_of
from schemas.codec import InvalidMessage, decode, decode_inbound
from schemas.derived import CallScored, CallTranscribed
from schemas.events import CallEndedEvent
from tests.figures.reference import Happening
from tests.kafka.recomputed import assert_figures, assert_store, reports_of, simulated
from tests.kafka.workers import PARTITIONS, PSEUDONYM_KEY, Installation, partition_of, records
from tests.streams.played import happenings

pytestmark = pytest.mark.kafka
SEED = 21
CALLS = 300


class Worked:
    """An installation that has processed a file of events."""

    def __init__(self, installed: Installation, folder: Path) -> None:
        good, sent = simulated(SEED, CALLS)
        self.sent = sent
        self.events: list[Happening] = happenings(good)
        self.installed = installed
        half = len(sent) // 2
        for name in ("analytics", "scorer", "transcriber"):
            installed.start(name)
        self._emit(folder / "first.jsonl", sent[:half])
        installed.until(lambda: installed.done("ascolto-transcriber") > 0, "joining")
        installed.start("transcriber-two")
        installed.until(lambda: installed.members("ascolto-transcriber") == 2, "joining it")
        self._emit(folder / "second.jsonl", sent[half:])
        installed.wait_until_caught_up()
        self.transcribed = {
            name: installed.written(name, "call-transcribed")
            for name in ("transcriber", "transcriber-two")
        }
        installed.stop()

    def _emit(self, file: Path, lines: list[bytes]) -> None:
        file.write_bytes(b"\n".join(lines) + b"\n")
        self.installed.emit(file)


@pytest.fixture(scope="module")
def worked(installed: Installation, tmp_path_factory: pytest.TempPathFactory) -> Worked:
    return Worked(installed, tmp_path_factory.mktemp("events"))


def test_every_figure_equals_an_independent_recomputation(worked: Worked) -> None:
    assert_figures(worked.events, worked.installed.data_dir)


def test_every_event_is_in_the_store_once_whichever_transcriber_took_it(worked: Worked) -> None:
    assert_store(worked.events, worked.installed.data_dir, SEED)
    assert all(worked.transcribed.values()), worked.transcribed


def test_the_analytics_worker_reports_its_lag_its_throughput_and_its_end(worked: Worked) -> None:
    """The first report comes before the consumer has started, the last when it has stopped."""
    first, *between, last = reports_of(worked.installed.data_dir)
    assert (first[:3], last[:2]) == (["analytics", False, {}], ["analytics", True])
    assert all(stopped is False for _, stopped, _, _ in between)
    measured = [lag for *_, lag, _ in between if lag]
    assert all({"call-scored", "engagement-changed"} <= set(lag) for lag in measured)
    assert all(count >= 0 for lag in measured for count in lag.values())


def test_a_customers_events_meet_in_one_partition(worked: Worked) -> None:
    """Emitters choose it by the key as Java clients do; the workers keep it."""
    bootstrap = worked.installed.bootstrap
    place: dict[str, int] = {}
    seen = 0
    for topic in ("call-ended", "payment-received", "contract-cancelled"):
        for record in records(bootstrap, topic):
            routed = decode_inbound(record.value)
            assert not isinstance(routed, InvalidMessage)
            assert record.key == routed.event.data.customer_id.encode()
            assert record.partition == partition_of(record.key)
            if isinstance(routed.event, CallEndedEvent):
                place[identity_of(PSEUDONYM_KEY.encode(), routed.event)] = record.partition
            seen += 1
    assert seen == len(worked.sent)
    assert set(place.values()) == set(range(PARTITIONS)), "every partition has customers"
    for topic, model in (("call-transcribed", CallTranscribed), ("call-scored", CallScored)):
        found: dict[str, set[int]] = defaultdict(set)
        for record in records(bootstrap, topic):
            event = decode(record.value, model)
            assert isinstance(event, CallTranscribed | CallScored)
            found[event.call.event_id].add(record.partition)
        assert found == {event_id: {partition} for event_id, partition in place.items()}


def test_an_agencys_changes_and_states_meet_in_one_partition(worked: Worked) -> None:
    bootstrap = worked.installed.bootstrap
    changelog = "ascolto-analytics-agency-days-changelog"
    for topic in ("engagement-changed", "agency-hours", "agency-metrics", changelog):
        keyed = {
            (b"|".join(record.key.split(b"|")[:2]), record.partition)
            for record in records(bootstrap, topic)
        }
        assert keyed, topic
        assert all(partition == partition_of(key) for key, partition in keyed), topic
