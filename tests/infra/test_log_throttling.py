"""A library that says the same at every attempt says it once, then rarely, with the number."""

from __future__ import annotations

import logging

from infra.log_throttling import MOST_SECONDS, ThrottlingHandler, throttle


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def speaking() -> tuple[logging.Logger, Clock, list[str]]:
    lines, clock = Lines(), Clock()
    logger = logging.Logger("library")
    logger.addHandler(ThrottlingHandler(lines, clock))
    return logger, clock, lines.said


def test_an_hour_of_a_broker_away_is_some_lines_and_says_for_how_long() -> None:
    logger, clock, said = speaking()
    for attempt in range(36_000):
        clock.now = attempt / 10
        logger.error("Unable connect to node with id %s: %s", 1, "refused")
    assert said[0] == "Unable connect to node with id 1: refused"
    assert 50 < len(said) < 80
    assert said[1].endswith("(for 1 s now; 9 more such lines not shown)")
    assert f"{MOST_SECONDS * 10 - 1:.0f} more such lines" in said[-1]


def test_another_kind_of_line_is_passed_on_at_once_and_so_is_the_first_after_a_silence() -> None:
    logger, clock, said = speaking()
    for _ in range(10):
        logger.error("away %d", 1)
    logger.error("refused")
    logger.warning("away %d", 1)
    assert said == ["away 1", "refused", "away 1"]
    clock.now = MOST_SECONDS + 1
    logger.error("away %d", 2)
    assert said[-1] == "away 2"


def test_what_is_not_held_back_is_as_it_was() -> None:
    logger, clock, said = speaking()
    for second in (0, 2, 5):
        clock.now = second
        logger.error("away")
    assert said == ["away"] * 3


def test_a_library_s_loggers_are_throttled() -> None:
    lines = Lines()
    logging.getLogger().addHandler(lines)
    try:
        throttle("library.of.tests")
        for _ in range(5):
            logging.getLogger("library.of.tests.client").error("away")
        logging.getLogger("library.of.tests.client").info("well")
    finally:
        logging.getLogger().removeHandler(lines)
    assert lines.said == ["away"]
