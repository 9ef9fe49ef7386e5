"""What is said: Italian dialogues built from phrases, by the latent tone of a conversation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple

from infra.simulation.plan import Engagement, PlannedCall
from schemas.events import Channel

LEVELS = ("aggressive", "pressing", "neutral", "empathic")

_WORDS_A_SECOND = 2.6
_INTERRUPTING = {"aggressive": 0.4, "pressing": 0.15, "neutral": 0.03, "empathic": 0.02}
_TWO_PHRASES = 0.3
_KEEPS_TONE = 0.5
_ABOUT_TOPIC = 0.5
_WITHOUT_COMMENT = 0.35
_SAYS_LEAVING = 0.4
_SAYS_PAYING = 0.55
_ALTERNATIVES = re.compile(r"\[([^\]]*)\]")

Phrase = tuple[tuple[str, ...], ...]
"""A phrase as parts in order, each with its alternatives."""

Pool = tuple[Phrase, ...]


class Line(NamedTuple):
    """A turn before it has times: speaker, tone of an operator's turn, words."""

    speaker: str
    level: str
    text: str


class Phrases(NamedTuple):
    """All phrases, parsed: pools by path (as `operator.body.neutral`), and lists of names."""

    pools: Mapping[str, Pool]
    names: Mapping[str, list[str]]


def parse_phrase(text: str) -> Phrase:
    """Split `Say [this|that] now` into its parts and their alternatives."""
    pieces = _ALTERNATIVES.split(text)
    return tuple(
        tuple(piece.split("|")) if index % 2 else (piece,)
        for index, piece in enumerate(pieces)
        if piece
    )


@cache
def phrases() -> Phrases:
    """The phrases of the package's data files."""
    pools = {
        path: pool
        for speaker in ("operator", "customer")
        for path, pool in _pools(speaker, _read(f"{speaker}_phrases.toml"))
    }
    return Phrases(pools, _read("names.toml"))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / name).read_text(encoding="utf-8"))


def _pools(path: str, node: object) -> Iterator[tuple[str, Pool]]:
    if isinstance(node, dict):
        for name, child in node.items():
            yield from _pools(f"{path}.{name}", child)
    elif isinstance(node, list):
        yield path, tuple(parse_phrase(text) for text in node)


def level_weights(pressure: float, warmth: float) -> tuple[float, float, float, float]:
    """Weights of the four levels of an operator's turn, in the order of `LEVELS`."""
    return (
        4.5 * pressure**5,
        1.3 * pressure * (1.0 - 0.4 * pressure),
        0.4,
        2.4 * warmth**2 * (1.0 - 0.85 * pressure),
    )


class Dialogue:
    """Writes one conversation; equal arguments write equal words."""

    def __init__(self, call: PlannedCall, seed: str) -> None:
        self._rng = Random(seed)  # noqa: S311
        self._call = call
        self._written = call.channel is not Channel.PHONE
        self._slots = _slots(call.engagement, self._rng)
        self._used: set[Phrase] = set()
        self._tone = ""
        self._weights = level_weights(call.pressure, call.warmth)

    def turns(self) -> list[dict[str, Any]]:
        """The turns as the contract writes them, 6 to 14, with times where they are spoken."""
        lines = self._lines()
        if self._written:
            return [{"speaker": line.speaker, "text": line.text} for line in lines]
        return _timed(lines, self._rng)

    def comment(self, rating: int) -> str | None:
        """The answer to the survey's open question, often none."""
        if self._rng.random() < _WITHOUT_COMMENT:
            return None
        return self._say(f"customer.comment.{_reason(self._call, rating, self._rng)}")

    def _lines(self) -> list[Line]:
        lines = self._opening()
        for step in range(self._rng.choice((1, 2, 3, 3, 4, 4))):
            lines += self._exchange(first=step == 0)
        level = self._level()
        if self._call.spoken is not None:
            lines += [
                Line("operator", "neutral", self._say("operator.rating.ask")),
                Line("customer", level, self._spoken_rating(self._call.spoken)),
            ]
        return [
            *lines,
            Line("operator", level, self._say(f"operator.closing.{level}")),
            Line("customer", level, self._say(f"customer.closing.{self._closing(level)}")),
        ]

    def _opening(self) -> list[Line]:
        medium = "written" if self._written else "phone"
        level = self._level()
        greeting = self._say(f"operator.opening.{medium}")
        purpose = self._say(f"operator.opening_tail.{level}")
        return [
            Line("operator", level, f"{greeting} {purpose}"),
            Line("customer", level, self._say(f"customer.answer.{medium}")),
        ]

    def _exchange(self, *, first: bool) -> list[Line]:
        """The operator says something and the customer answers; first about the matter itself."""
        rng, topic = self._rng, self._call.engagement.touchpoint.value
        level = self._level()
        about_topic = first and rng.random() < _ABOUT_TOPIC
        said = self._say(f"operator.{f'topic.{topic}' if about_topic else 'body'}.{level}")
        if rng.random() < _TWO_PHRASES:
            said = f"{said} {self._say(f'operator.body.{level}')}"
        answer = f"customer.topic.{topic}" if first else f"customer.reply.{level}"
        return [Line("operator", level, said), Line("customer", level, self._say(answer))]

    def _level(self) -> str:
        """Tone of the next operator's turn; half of the time the tone stays as it was."""
        if not self._tone or self._rng.random() >= _KEEPS_TONE:
            self._tone = self._rng.choices(LEVELS, self._weights)[0]
        return self._tone

    def _closing(self, level: str) -> str:
        engagement, rng = self._call.engagement, self._rng
        if engagement.cancels and rng.random() < _SAYS_LEAVING:
            return "leaving"
        if engagement.pays and rng.random() < _SAYS_PAYING:
            return "paying"
        return level

    def _spoken_rating(self, rating: int) -> str:
        self._slots["voto"] = phrases().names["numbers"][rating]
        kind = "high" if rating >= 8 else "middle" if rating >= 5 else "low"
        return self._say(f"customer.rating.{kind}")

    def _say(self, path: str) -> str:
        """One phrase of a pool, not said before in this conversation where there is a choice."""
        rng, pool = self._rng, phrases().pools[path]
        phrase = pool[int(rng.random() * len(pool))]
        for _ in range(4):
            if phrase not in self._used:
                break
            phrase = pool[int(rng.random() * len(pool))]
        self._used.add(phrase)
        text = "".join(
            part[0] if len(part) == 1 else part[int(rng.random() * len(part))] for part in phrase
        ).format_map(self._slots)
        return text[0].upper() + text[1:]


def _slots(engagement: Engagement, rng: Random) -> dict[str, str]:
    """What fills the phrases' slots: the same customer and operator in each conversation."""
    names = phrases().names
    customer, operator = engagement.customer, engagement.operator
    who = int(customer.customer_id.rpartition("-")[2])
    surname = names["surnames"][who % len(names["surnames"])]
    woman = who // 7 % 2 == 0
    her = operator % 2 == 0
    operators = names["women"] if her else names["men"]
    gas = who % 3 == 0
    return {
        "signore": f"la signora {surname}" if woman else f"il signor {surname}",
        "vocativo": f"signora {surname}" if woman else f"signor {surname}",
        "a_o": "a" if woman else "o",
        "trice_tore": "trice" if woman else "tore",
        "operatore": operators[(operator // 2 + len(engagement.agency.name)) % len(operators)],
        "o_a_op": "a" if her else "o",
        "agenzia": engagement.agency.name,
        "importo": f"{max(1, round(customer.debt))} euro",
        "di_fornitura": "di gas" if gas else "di luce",
        "la_fornitura": "il gas" if gas else "la luce",
        "mese": names["months"][who % len(names["months"])],
        "data": f"{1 + who % 28}",
        "giorno": names["weekdays"][int(rng.random() * len(names["weekdays"]))],
        "rate": names["rates"][int(rng.random() * len(names["rates"]))],
    }


def _reason(call: PlannedCall, rating: int, rng: Random) -> str:
    """Which reason a survey's comment gives, by the rating and by how the customer was treated."""
    if rating >= 9:
        return rng.choice(("kindness", "kindness", "plan", "plain"))
    if rating >= 7:
        return rng.choice(("plain", "plan", "kindness", "waiting", "price"))
    if rng.random() < 0.2 + 0.75 * call.pressure:
        return rng.choice(("rudeness", "threat", "insistence"))
    return {
        "lost_invoice": "invoice",
        "dispute": rng.choice(("billing", "fault", "waiting")),
    }.get(call.engagement.touchpoint.value) or rng.choice(("price", "waiting", "billing"))


def _timed(lines: Sequence[Line], rng: Random) -> list[dict[str, Any]]:
    """Turns with start and end in seconds; a pressing operator may begin before the other ends."""
    turns: list[dict[str, Any]] = []
    at = 0.5
    for line in lines:
        start = at
        if line.speaker == "operator" and turns and rng.random() < _INTERRUPTING[line.level]:
            start = max(turns[-1]["start"] + 0.3, at - 0.7 - 1.2 * rng.random())
        seconds = (line.text.count(" ") + 1) / _WORDS_A_SECOND
        end = start + seconds
        turns.append(
            {
                "speaker": line.speaker,
                "text": line.text,
                "start": round(start, 2),
                "end": round(end, 2),
            }
        )
        at = end + 0.3 + 0.6 * rng.random()
    return turns
