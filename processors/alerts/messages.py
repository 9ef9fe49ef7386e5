"""What a manager reads about an alert, as plain text in Italian or English."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from processors.alerts.notices import Notice
from processors.alerts.silences import GIVES_UP
from schemas.derived import AgencyAlert, AlertKind, AlertStatus, Quote

LANGUAGES = ("it", "en")
MOST_QUOTES = 2
REFERENCE = 8
"""Characters of an alert's id that are enough to name it in commands."""

_LONGEST_QUOTE = 240
_FINE_POINTS = 5
"""Changes below so many points are written with one decimal more."""
_DIGITS = {AlertKind.AGGRESSION_RISE: 2, AlertKind.NPS_FALL: 0, AlertKind.SILENCE: 0}
"""Decimals of baseline and level: aggression is between 0 and 1."""
_LOOKALIKES = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "'"})
"""Characters by which chats mark links and mentions, and what is written in their place."""


@dataclass(frozen=True)
class Message:
    """A message as it is sent."""

    title: str
    body: str


@dataclass(frozen=True)
class Readers:
    """For whom a message is written, and what they call the agency."""

    client: str
    agency: str
    language: str
    zone: ZoneInfo
    link: str | None = None
    quotes: bool = True


def alert_message(notice: Notice, readers: Readers) -> Message:
    """The message about an alert that opened, resolved, opened again, or was retracted."""
    writer = _Writer(notice.alert, readers)
    status = notice.alert.status
    if status is AlertStatus.RETRACTED:
        return writer.retracted()
    if status is AlertStatus.RESOLVED:
        return writer.resolved(brief=notice.brief)
    return writer.opened(again=notice.reopens)


def trial_message(readers: Readers) -> Message:
    """The message by which a target is tried; it says that it is no alert."""
    words = _wording(readers.language)
    text = words["trial.text"].format(client=_plain(readers.client))
    return Message(words["trial.title"], text)


class _Writer:
    """Writes the messages about one alert."""

    def __init__(self, alert: AgencyAlert, readers: Readers) -> None:
        self._alert = alert
        self._readers = readers
        self._words = _wording(readers.language)
        self._places = {
            "agency": _plain(readers.agency),
            "client": _plain(readers.client),
            "link": readers.link or "",
            "since": self._time(alert.since),
            "until": "" if alert.resolved_at is None else self._time(alert.resolved_at),
            "n": str(alert.n),
            "reference": alert.alert_id[:REFERENCE],
            **_measure(alert, readers.language),
        }

    def opened(self, *, again: bool) -> Message:
        title = self._say("opened.title")
        lines = [self._say("opened.text")]
        if again:
            title = self._words["again.title"].format(title=title)
            lines.insert(0, self._words["again.text"])
        lines += ["", self._say("opened.since"), self._say("measure"), self._say("n")]
        hint = f"{self._alert.kind}.opened.hint"
        if hint in self._words:
            lines += ["", self._words[hint]]
        return self._message(title, [*lines, *self._quotes()])

    def resolved(self, *, brief: bool) -> Message:
        ended = self._alert.kind is AlertKind.SILENCE and self._alert.n >= GIVES_UP
        stage = "stopped" if ended else "resolved"
        lines = [self._say(f"{stage}.text")]
        if brief:
            lines += [self._words["brief.text"]]
        lines += ["", self._say("resolved.times"), self._say("measure"), self._say("n")]
        quotes = self._quotes() if brief else ()
        return self._message(self._say(f"{stage}.title"), [*lines, *quotes])

    def retracted(self) -> Message:
        return self._message(self._say("retracted.title"), [self._say("retracted.text")])

    def _message(self, title: str, lines: list[str]) -> Message:
        after = ["", self._shared("client")]
        if self._readers.link is not None:
            after.append(self._shared("link"))
        after.append(self._shared("reference"))
        return Message(title, "\n".join([*lines, *after]))

    def _say(self, key: str) -> str:
        singular = f"{self._alert.kind}.{key}.one"
        counted = "baseline" if self._alert.kind is AlertKind.SILENCE else "points"
        one = self._places[counted] == "1" and singular in self._words
        return self._words[singular if one else f"{self._alert.kind}.{key}"].format(**self._places)

    def _shared(self, key: str) -> str:
        return self._words[key].format(**self._places)

    def _quotes(self) -> Iterator[str]:
        quotes = self._alert.quotes[:MOST_QUOTES] if self._readers.quotes else []
        if quotes:
            yield ""
            yield self._words["quotes"]
        for quote in quotes:
            yield self._words["quote"].format(text=_shown(quote))

    def _time(self, moment: datetime) -> str:
        """A time in the readers' zone, named."""
        there = moment.astimezone(self._readers.zone)
        zone = self._readers.zone.key
        return self._words["time"].format(
            weekday=self._words[f"weekday.{there.weekday()}"],
            day=there.day,
            month=self._words[f"month.{there.month}"],
            year=there.year,
            clock=f"{there:%H:%M}",
            zone=self._words.get(f"zone.{zone}", zone),
        )


def _measure(alert: AgencyAlert, language: str) -> dict[str, str]:
    """Baseline, level and the points between them as written, which agree with each other."""
    digits = _DIGITS[alert.kind]
    if alert.kind is not AlertKind.SILENCE:
        digits += abs(alert.rise_points) < _FINE_POINTS
    baseline, level = (_rounded(each, digits) for each in (alert.baseline, alert.level))
    return {
        "baseline": _written(baseline, language),
        "level": _written(level, language),
        "points": _written(abs(level - baseline), language),
    }


def _rounded(value: float, digits: int) -> Decimal:
    return Decimal(value).quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _written(number: Decimal, language: str) -> str:
    """A number as the language writes it.

    >>> [_written(Decimal(each), "it") for each in ("4.0", "-1.5", "0.30")]
    ['4', '-1,5', '0,30']
    """
    text = f"{number:f}".removesuffix(".0")
    return ("0" if text == "-0" else text).replace(".", "," if language == "it" else ".")


def _shown(quote: Quote) -> str:
    text = _plain(quote.text)
    if len(text) <= _LONGEST_QUOTE:
        return text
    return text[:_LONGEST_QUOTE].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"


def _plain(text: str) -> str:
    """Text on one line that no chat takes for a link, a mention or markup."""
    visible = "".join(
        " " if each.isspace() else each
        for each in text
        if each.isspace() or unicodedata.category(each)[0] != "C"
    )
    return " ".join(visible.split()).translate(_LOOKALIKES)


@cache
def _wording(language: str) -> Mapping[str, str]:
    """The sentences of a language; ValueError where there are none."""
    if language not in LANGUAGES:
        raise ValueError(f"no messages in {language!r}")
    path = files("processors.alerts").joinpath("wording", f"{language}.json")
    words: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return words
