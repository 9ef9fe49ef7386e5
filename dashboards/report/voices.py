"""A report's single conversations and alerts, each with what followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from math import inf

from dashboards.report.markup import Html, tag
from dashboards.report.months import MonthData
from dashboards.report.wording import DASH, Words
from infra.clickhouse.queries.months import AlertFollowed
from infra.clickhouse.queries.stories import Followed, Story
from infra.escaping import escaped

SHOWN_TURNS = 12
"""Most turns of a conversation that are shown, around those whose words moved a score."""
SHOWN_CHARACTERS = 360
"""Most characters of a turn that are shown."""
_SHOWN_QUOTES = 2
_ALERTS_FIGURES: Mapping[str, Callable[[Words, float, bool], str]] = {
    "aggression_rise": lambda words, mean, fine: words.score(mean, 3 if fine else 2),
    "nps_fall": lambda words, nps, fine: words.points(nps, 1 if fine else 0),
    "silence": lambda words, calls, _: words.count(round(calls)),
}
"""How each kind of alert writes its baseline and its level; `fine`: with a digit more."""
_FINE_POINTS = 5
"""Below so many points of change, both need a digit more to differ."""


def story(of: Story, data: MonthData, words: Words) -> Html:
    """One conversation: who and when, its turns, its rating, what followed."""
    first, turns = excerpt(of)
    shown = []
    if first:
        shown.append(_left_out(first, words))
    shown += [_turn(first + place, *turn, of, words) for place, turn in enumerate(turns)]
    if after := len(of.turns) - first - len(turns):
        shown.append(_left_out(after, words))
    return tag(
        "article",
        tag("h3", words(f"story.{of.kind}")),
        tag("p", _facts(of, words), class_="quiet"),
        tag("div", shown, class_="turns"),
        tag("p", tag("b", words("followed")), " ", followed(of.followed, of.ended_at, data, words)),
        class_="story",
    )


def excerpt(of: Story) -> tuple[int, tuple[tuple[str, str], ...]]:
    """The turns that are shown, and the place of the first: they begin before what weighs most."""
    if len(of.turns) <= SHOWN_TURNS:
        return 0, of.turns
    weightiest = of.highlights[0][0] if of.highlights else 0
    first = max(0, min(weightiest - SHOWN_TURNS // 2, len(of.turns) - SHOWN_TURNS))
    return first, of.turns[first : first + SHOWN_TURNS]


def _left_out(n: int, words: Words) -> Html:
    return tag("p", words.many("turns_left_out", n), class_="quiet")


def _facts(of: Story, words: Words) -> str:
    facts = [
        words.agency(of.agency_id),
        words.time(of.ended_at),
        *(words.known(f"value.{each}", each) for each in (of.channel, of.touchpoint)),
        words("scores", aggression=words.score(of.aggression), empathy=words.score(of.empathy)),
    ]
    if of.rating is not None:
        facts.append(words(f"rating.{of.rating_source}", rating=of.rating))
    return " · ".join(facts)


def _turn(place: int, speaker: str, text: str, of: Story, words: Words) -> Html:
    said = escaped(text)
    quotes = [escaped(quote) for turn, quote in of.highlights if turn == place]
    quote = max((each for each in quotes if each and each in said), key=len, default="")
    before, _, after = said.partition(quote) if quote else (said, "", "")
    who = words(f"speaker.{speaker}") if speaker in ("operator", "customer") else DASH
    return tag(
        "p",
        tag("b", who),
        " ",
        _clipped(before, end=bool(quote)),
        tag("mark", quote) if quote else None,
        _clipped(after),
        class_=f"turn {speaker}" if speaker in ("operator", "customer") else "turn",
    )


def _clipped(text: str, *, end: bool = False) -> str:
    """A text's beginning, or its end, where it is long."""
    if len(text) <= SHOWN_CHARACTERS:
        return text
    return f"…{text[-SHOWN_CHARACTERS:]}" if end else f"{text[:SHOWN_CHARACTERS]}…"


def followed(what: Followed | None, ended_at: datetime, data: MonthData, words: Words) -> str:
    """What the customer did after a conversation that ended then, in a sentence or two."""
    if what is None:
        return words("followed.unknown")
    if not (what.paid or what.cancelled or what.lost_to_supplier):
        key = "followed.not_yet" if data.now < what.matures_at else "followed.nothing"
        return words(key, day=words.day(what.matures_at))
    did: list[tuple[float, str]] = []
    if what.paid:
        amount = words.money(what.amount)
        did.append(_after("paid", words.days_between(ended_at, what.paid_at), words, amount=amount))
    if what.cancelled and not what.lost_to_supplier:
        did.append(_after("cancelled", words.days_between(ended_at, what.cancelled_at), words))
    steps = words("followed.and").join(text for _, text in sorted(did))
    sentences = [words("followed.customer", did=steps)] if did else []
    if what.lost_to_supplier:
        sentences.append(words("followed.supplier"))
    return " ".join(sentences)


def _after(what: str, days: int | None, words: Words, **places: object) -> tuple[float, str]:
    """When and what, to be put in order; what has no day comes last."""
    if days is None:
        return inf, words(f"followed.{what}", **places)
    if days == 0:
        return 0, words(f"followed.{what}.same_day", **places)
    return days, words.many(f"followed.{what}.after", days, **places)


def alert(of: AlertFollowed, data: MonthData, words: Words) -> Html:
    """One alert: what changed, by how much, the words behind it, and what followed."""
    written, fine = _ALERTS_FIGURES[of.kind], abs(of.rise_points) < _FINE_POINTS
    figures = {
        "baseline": written(words, of.baseline, fine),
        "level": written(words, of.level, fine),
    }
    title = words.shared(
        f"alert.{of.kind}", agency=words.agency(of.agency_id), n=words.count(of.n), **figures
    )
    since = words.day(of.since)
    detail = words.many(f"alert_detail.{of.kind}", of.n, since=since, **figures)
    quotes = [tag("q", escaped(quote)) for quote in of.quotes[:_SHOWN_QUOTES]]
    ended = (
        words("alert.still" if data.provisional else "alert.open")
        if of.resolved_at is None or of.resolved_at > data.month.end
        else words("alert.resolved", day=words.day(of.resolved_at))
    )
    counts = words.many(
        "alert.followed",
        of.contacted,
        cancelled=words.count(of.cancelled),
        paid=words.count(of.paid),
    )
    return tag(
        "article",
        tag("h3", title),
        tag("p", detail, class_="quiet"),
        [tag("p", quote) for quote in quotes],
        tag("p", ended, " ", counts if of.contacted else None),
        class_="alert",
    )
