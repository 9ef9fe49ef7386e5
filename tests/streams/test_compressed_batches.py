"""Batches in every codec are read; one that cannot be read holds back its partition alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.topics import CALL_ENDED, MOST_EVENT_BYTES, PAYMENT_RECEIVED
from tests.infra.stored import sql
from tests.kafka.workers import PARTITIONS, PSEUDONYM_KEY, partition_of
from tests.streams.codecs import (
    CODECS,
    CUSTOMER,
    damage,
    event,
    identity_in,
    send,
    send_damaged,
    torn,
)
from tests.streams.embedded import EmbeddedInstallation, embedded

MINE = partition_of(CUSTOMER)


@pytest.fixture
def installed(tmp_path: Path) -> Iterator[EmbeddedInstallation]:
    with embedded(tmp_path) as installation:
        yield installation


def identities(*names: str) -> list[list[str]]:
    """The payments of these ids as rows of identities, in order."""
    found = (identity_in(PSEUDONYM_KEY, PAYMENT_RECEIVED, name) for name in names)
    return [[identity] for identity in sorted(found)]


def test_events_in_every_codec_and_mode_go_the_whole_way(installed: EmbeddedInstallation) -> None:
    for codec in CODECS:
        for topic in (CALL_ENDED, PAYMENT_RECEIVED):
            send(installed.bootstrap, topic, codec, [event(topic, f"{codec}-{n}") for n in (1, 2)])
    for topic in (CALL_ENDED, PAYMENT_RECEIVED):
        once, again = event(topic, "headers"), event(topic, "gzip-1")
        send(installed.bootstrap, topic, None, [once, again], in_binary_mode=True)
    installed.start("transcriber")
    installed.start("analytics")
    wanted = {"scoredcall_new": 2 * len(CODECS) + 1, "payment_new": 2 * len(CODECS) + 1}
    installed.until(lambda: installed.counts().items() >= wanted.items(), "reading them", 150)
    installed.wait_until_caught_up()
    installed.stop()
    (journaled,) = sql(
        installed.data_dir, "SELECT topic, count() FROM events FINAL GROUP BY topic ORDER BY topic"
    )
    assert journaled == [["call-transcribed", 11], ["payment-received", 11]]


@pytest.mark.parametrize("change", [damage, torn])
async def test_a_batch_that_cannot_be_read_waits_until_it_is_to_be_skipped(
    installed: EmbeddedInstallation, change: Any
) -> None:
    other = (MINE + 1) % PARTITIONS
    neighbour = next(c for c in (b"c%d" % n for n in range(99)) if partition_of(c) == other)
    send(installed.bootstrap, PAYMENT_RECEIVED, None, [event(PAYMENT_RECEIVED, "before")])
    damaged = [event(PAYMENT_RECEIVED, f"damaged-{n}") for n in range(3)]
    first = await send_damaged(installed.bootstrap, PAYMENT_RECEIVED, MINE, damaged, change)
    send(installed.bootstrap, PAYMENT_RECEIVED, "lz4", [event(PAYMENT_RECEIVED, "after")])
    await send_damaged(
        installed.bootstrap,
        PAYMENT_RECEIVED,
        other,
        [event(PAYMENT_RECEIVED, "elsewhere").replace(CUSTOMER, neighbour)],
        lambda _: None,
    )
    installed.start("analytics")
    where = f"payment-received/{MINE}: the batch at offset {first} cannot be read"
    installed.until(
        lambda: (
            where in installed.log("analytics") and installed.counts().get("payment_new", 0) >= 2
        ),
        "saying so, and reading the others",
        150,
    )
    how = f"ASCOLTO_SKIP_UNREADABLE=payment-received/{MINE}/{first}"
    assert how in installed.log("analytics")
    held_back = {(PAYMENT_RECEIVED.name, MINE): len([*damaged, "after"])}
    installed.until(lambda: installed.lag() == held_back, "storing the others")
    assert installed.counts()["payment_new"] == 2
    installed.stop()
    (journaled,) = sql(installed.data_dir, "SELECT event_id FROM events FINAL ORDER BY event_id")
    assert journaled == identities("before", "elsewhere")

    installed.skips = how.partition("=")[2]
    installed.start("analytics")
    installed.until(lambda: installed.counts().get("payment_new", 0) >= 1, "going on after it", 150)
    installed.wait_until_caught_up()
    installed.stop()
    journaled, letters = sql(
        installed.data_dir,
        "SELECT event_id FROM events FINAL ORDER BY event_id",
        "SELECT origin, error_class, base64Decode(original) LIKE '%damaged-2%' FROM dead_letters",
    )
    assert journaled == identities("after", "before", "elsewhere")
    assert letters == [[f"payment-received/{MINE}/{first}", "unreadable_batch", 1]]


def test_the_largest_event_goes_the_whole_way_and_a_larger_one_is_stored_whole(
    installed: EmbeddedInstallation,
) -> None:
    """A topic may take more than is accepted, as its team has set it."""
    large = [event(CALL_ENDED, name) for name in ("fits", "too-large")]
    words = b"parola " * 12_000
    turn = b'{"speaker": "customer", "text": "' + words + b'"}'
    begin = b'"transcript": ['
    assert all(begin in raw for raw in large)
    fits, too_large = (
        raw.replace(begin, begin + b", ".join([turn] * count) + b", ")
        for raw, count in zip(large, (11, 12), strict=True)
    )
    assert 0.9 * MOST_EVENT_BYTES < len(fits) < MOST_EVENT_BYTES < len(too_large)
    send(installed.bootstrap, CALL_ENDED, "zstd", [fits, too_large])
    installed.start("transcriber")
    installed.start("analytics")
    installed.until(lambda: installed.counts().get("scoredcall_new", 0) >= 1, "scoring it", 200)
    installed.wait_until_caught_up()
    installed.stop()
    calls, letters = sql(
        installed.data_dir,
        "SELECT event_id, length(turns) > 900000 FROM calls FINAL",
        "SELECT error_class, length(base64Decode(original)) FROM dead_letters FINAL",
    )
    assert calls == [[identity_in(PSEUDONYM_KEY, CALL_ENDED, "fits"), 1]]
    assert letters == [["too_large", len(too_large)]]
