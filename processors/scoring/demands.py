"""Phrases that matter for conduct: demands, debts that are named, reasons for not paying.

Reads the phrases of `lexicons/*/conduct.xml` in their context: what is denied ('non arriva nessun
carabiniere'), called off, quoted, or somebody else's words does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from processors.text.lexicon import Hit, Lexicon, load
from processors.text.tokens import Words, cut
from schemas.conversation import Speaker, Turn

LANGUAGES: Final = ("it", "en")
_BACK = 5
_ON = 5
_BACKCHANNEL = 3


class ConductPhrase(NamedTuple):
    """A phrase of a turn that matters for conduct."""

    family: str
    quote: str
    first: int
    after: int
    sentence: int


@lru_cache(maxsize=8192)
def conduct_phrases(text: str, language: str) -> tuple[ConductPhrase, ...]:
    """The phrases of a turn that matter for conduct, without those denied or called off.

    Families of what a customer says or an operator offers count even so; `language`
    is one of `LANGUAGES`.
    """
    said = cut(text, language)
    lexicon = load(language, "common", "conduct")
    hits = lexicon.find(said)
    contexts = [hit for hit in hits if hit.phrase.family.startswith("context.")]
    return tuple(
        ConductPhrase(
            hit.phrase.family,
            said.quote(hit.first, hit.after),
            hit.first,
            hit.after,
            said.sentences[hit.first],
        )
        for hit in hits
        if not hit.phrase.family.startswith("context.")
        and not _is_taken_away(hit, said, lexicon, contexts)
    )


def families_of(text: str, language: str) -> set[str]:
    """The families of a turn's phrases."""
    return {phrase.family for phrase in conduct_phrases(text, language)}


def asked_about_consequences(turns: Sequence[Turn], index: int, language: str = "it") -> bool:
    """Whether the operator's turn at `index` answers a customer who asked what would happen.

    True for 'cosa succede se non pago?', 'è vero che mi pignorano?'. The question is the
    customer's last words before it; short words of the operator between them do not matter.
    """
    if language not in LANGUAGES or turns[index].speaker is not Speaker.OPERATOR:
        return False
    for turn in reversed(turns[:index]):
        if turn.speaker is Speaker.CUSTOMER:
            return "customer.asks" in families_of(turn.text, language)
        if len(cut(turn.text, language).words) > _BACKCHANNEL:
            return False
    return False


def _is_taken_away(hit: Hit, said: Words, lexicon: Lexicon, contexts: list[Hit]) -> bool:
    family = hit.phrase.family
    if not family.startswith(("false.", "told.others", "debt", "calls_often", "customer.holder")):
        return False
    if family in ("false.lawful", "false.at_once", "false.other_matter", "debt.kept_private"):
        return False
    if hit.first in said.quoted or _is_denied(hit, said, lexicon):
        return True
    if _is_asked(hit, said, lexicon) and not family.startswith("debt"):
        return True
    for context in contexts:
        if said.sentences[context.first] != said.sentences[hit.first]:
            continue
        if context.phrase.family == "context.called_off" and not family.startswith("debt"):
            return True
        if context.phrase.family == "context.reported" and context.first <= hit.first:
            return not family.startswith(("told", "debt"))
    return False


def _is_denied(hit: Hit, said: Words, lexicon: Lexicon) -> bool:
    """Whether a negation near it denies it; 'se non paga ...' does not."""
    if hit.phrase.family == "debt":
        return hit.first > 0 and said.words[hit.first - 1] in ("nessun", "no")
    first, after = _clause_around(hit, said)
    for place in range(first, after):
        if said.words[place] not in lexicon.classes["denying"]:
            continue
        before = said.words[max(0, place - 2) : place]
        conditional = not lexicon.classes["conditions"].isdisjoint(before)
        follower = said.words[place + 1] if place + 1 < len(said.words) else ""
        if not conditional and follower not in lexicon.classes["denied_elsewhere"]:
            return True
    return False


def _clause_around(hit: Hit, said: Words) -> tuple[int, int]:
    """Places [first, after) of the phrase with the few words around it, up to a pause."""
    first, after = hit.first, hit.after
    while first > max(0, hit.first - _BACK) and not _pause(said, first - 1):
        first -= 1
    while after < min(len(said.words), hit.after + _ON) and not _pause(said, after - 1):
        after += 1
    return first, after


def _pause(said: Words, place: int) -> bool:
    """Whether a comma or a sentence's end separates the word at `place` from the next."""
    if said.sentences[place] != said.sentences[place + 1]:
        return True
    return "," in said.raw[said.ends[place] : said.starts[place + 1]]


def _is_asked(hit: Hit, said: Words, lexicon: Lexicon) -> bool:
    """Whether its sentence is a question, and no 'capito?' that only asks for assent."""
    sentence = said.sentences[hit.first]
    if sentence not in said.questions:
        return False
    last = max(n for n, number in enumerate(said.sentences) if number == sentence)
    tag = said.words[last] in lexicon.classes["tags"] or said.words[last] in ("sa", "chiaro")
    return not tag
