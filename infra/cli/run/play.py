"""Plays events through the embedded stack, and prints a summary."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.cli.failures import FAILED, STOPPED, counted, described, say
from infra.cli.run.meter import Meter
from infra.cli.run.stack import SENT_AT_ONCE, Stack
from infra.data_directory.permissions import keep_files_private
from infra.errors import InfraError
from infra.escaping import json_line
from infra.settings import Settings
from schemas.derived import Figures
from schemas.figures import MetricWindow

if TYPE_CHECKING:
    from infra.embedded.playback import Played
    from infra.kafka.emitter import Emitter, Line

_POLL_SECONDS = 0.1
SUMMARY_WINDOW = MetricWindow.QUARTER


@dataclass(frozen=True)
class Source:
    """Lines of events to play, and what to call them."""

    name: str
    lines: Iterable[bytes]
    total: int | None = None


def run_stack(settings: Settings, events: Path | None, *, ends: bool, as_json: bool) -> int:
    """`ascolto run all`; returns the exit code."""
    if events is None:
        return run(settings, None, ends=ends, as_json=as_json)
    if (settings.data_dir / "demo.json").exists():
        say(f"note: {settings.data_dir} holds the demo too; --data-dir separates them")
    with events.open("rb") as file:
        source = Source(events.name, file, _lines_in(events))
        return run(settings, source, ends=ends, as_json=as_json)


def _lines_in(file: Path) -> int | None:
    """How many lines of a file hold something; None where counting would use it up (a pipe)."""
    if not file.is_file():
        return None
    with file.open("rb") as lines:
        return sum(1 for line in lines if line.strip())


def run(
    settings: Settings,
    source: Source | None,
    *,
    ends: bool,
    as_json: bool,
    shows: bool = False,
) -> int:
    """Run the embedded stack and play `source`; returns the exit code.

    Args:
        settings: the data directory, and what the workers use.
        source: the events; None: only those that others send.
        ends: end when all is processed, instead of serving the page until Ctrl-C.
        as_json: print the summary as the last line of stdout.
        shows: open the page in a browser, where there is one.
    """
    keep_files_private()
    started = time.monotonic()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _interrupt)
    stack = Stack(settings, say, plays=source is not None)
    played = None
    try:
        with contextlib.ExitStack() as cleanup:
            cleanup.callback(stack.stop)
            stack.start()
            say(f"Open {stack.url} in a browser. Data is stored in {settings.data_dir}")
            if shows:
                show(stack.url)
            _take_in_journal(stack, waits=source is None)
            stack.open()
            say(f"Ascolto is listening (Kafka: {stack.bootstrap})")
            if source is not None:
                played = _play(stack, source)
            if not ends:
                say("press Ctrl-C to stop")
                stack.watch()
    except KeyboardInterrupt:
        say("stopped; start the same command again to resume")
        return STOPPED if ends else 0
    except InfraError as error:
        say(str(error))
        return FAILED
    except OSError as error:
        say(described(error))
        return FAILED
    summary = summarise(settings, played, time.monotonic() - started)
    _say_summary(summary)
    if as_json:
        print(json_line(summary))
    return 0


def show(url: str) -> None:
    """Open `url` in the person's browser, where there is a screen for it."""
    import webbrowser

    if sys.platform == "darwin" or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ:
        webbrowser.open(url)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _play(stack: Stack, source: Source) -> Played:
    """Send everything and wait until it is processed, with progress."""
    from infra.embedded.playback import Played, play
    from infra.kafka.emitter import Emitter, read_lines

    played = Played()
    with Meter(_PROCESSED, source.total) as meter:
        with Emitter(stack.cluster) as emitter:
            assert stack.known is not None, "the stack has started"
            for played in play(read_lines(source.lines), source.name, emitter, stack.known):
                sent = played.events + played.invalid
                if sent % SENT_AT_ONCE == 0:
                    emitter.confirm()
                    stack.wrote(emitter.written.items())
                    _throttle(stack, meter, sent)
                    if stack.is_full:
                        for _ in stack.renew(midway=True):
                            meter.at(sent - stack.waiting())
                        emitter.written.clear()
            if played.waiting:
                stack.wrote(emitter.written.items())
                _send_last(stack, emitter, played.waiting)
        stack.wrote(emitter.written.items())
        _wait(stack, meter, played.events + played.invalid)
    say(
        f"{_all(played.events)} processed; {counted(played.invalid, 'dead letter')} for other lines"
    )
    return played


def _take_in_journal(stack: Stack, *, waits: bool) -> None:
    """Have the workers take in what was journaled since the checkpoint, with progress."""
    assert stack.refill is not None, "the stack has started"
    facts = stack.refill.facts
    with Meter(_RESTORED, facts) if facts else contextlib.nullcontext() as meter:
        for done, _ in stack.take_in_journal():
            if meter is not None:
                meter.at(done)
        if waits:
            _wait(stack, meter, facts)
    if facts:
        say(f"{counted(facts, 'event')} of the journal taken in again")


def _wait(stack: Stack, meter: Meter | None, sent: int) -> None:
    for _ in stack.wait_until_caught_up():
        waiting = stack.waiting()
        if meter is not None:
            meter.at(sent - waiting, None if waiting else _LAST_FIGURES)
    if meter is not None:
        meter.at(sent, _ALL_PROCESSED)


_RESTORED = "events of the journal taken in again"
_PROCESSED = "events processed (the page shows these)"
_LAST_FIGURES = "all events taken, writing the last figures"
_ALL_PROCESSED = "all events processed"


def _all(events: int) -> str:
    return "the event is" if events == 1 else f"all {events} events are"


def _throttle(stack: Stack, meter: Meter, sent: int) -> None:
    """Pause sending while the workers are far behind.

    Sent all at once, a file's payments would be processed long before its calls, and the page
    would show incomplete days.
    """
    for _ in stack.until_close():
        meter.at(sent - stack.waiting())


def _send_last(stack: Stack, emitter: Emitter, lines: Iterable[Line]) -> None:
    """Send what has to wait until all before it is processed."""
    done, total = stack.progress()
    while done < total:
        time.sleep(_POLL_SECONDS)
        done, total = stack.progress()
    for line in lines:
        emitter.send(line)
    emitter.confirm()


def summarise(settings: Settings, played: Played | None, seconds: float) -> dict[str, Any]:
    """What the store holds, agency by agency, as of each client's latest event."""
    from infra.clickhouse.client import open_embedded
    from infra.clickhouse.queries.figures import all_alerts, latest_event_times, read_figures

    client = open_embedded(settings.data_dir)
    try:
        latest = latest_event_times(client, settings.now())
        counts = client.query(
            "SELECT (SELECT count() FROM calls FINAL), "
            "(SELECT countIf(from_audio) FROM calls FINAL), "
            "(SELECT count() FROM dead_letters FINAL), "
            "(SELECT count() FROM attempts FINAL)"
        ).result_rows[0]
        return {
            "events": played.events if played else 0,
            "calls": int(counts[0]),
            "attempts": int(counts[3]),
            "transcribed_from_audio": int(counts[1]),
            "dead_letters": int(counts[2]),
            "seconds": round(seconds, 1),
            "window": SUMMARY_WINDOW.value,
            "as_of": max(latest.values()).isoformat() if latest else None,
            "agencies": [
                _agency(each)
                for client_id, as_of in latest.items()
                for each in read_figures(client, SUMMARY_WINDOW, as_of, None, client_id)
            ],
            "alerts": list(all_alerts(client)),
        }
    finally:
        client.close()


def _agency(figures: Figures) -> dict[str, Any]:
    return {
        "client_id": figures.client_id,
        "agency_id": figures.agency_id,
        "as_of": figures.as_of.isoformat(),
        "calls": figures.calls,
        "nps": figures.nps.value,
        "nps_low": figures.nps.low,
        "nps_high": figures.nps.high,
        "aggression": figures.aggression.value,
        "empathy": figures.empathy.value,
        "churn_rate": figures.churn_rate.value,
        "recovery_rate": figures.recovery_rate.value,
        "churn_correlation": figures.churn_correlation.value,
        "payment_correlation": figures.payment_correlation.value,
    }


def _say_summary(summary: dict[str, Any]) -> None:
    say(
        f"{counted(summary['calls'], 'conversation')}, {summary['transcribed_from_audio']} of them "
        f"transcribed from audio, {counted(summary['dead_letters'], 'dead letter')}, "
        f"{summary['seconds']} s"
    )
