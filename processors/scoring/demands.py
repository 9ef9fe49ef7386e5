"""Phrases that matter for conduct: demands, debts that are named, reasons for not paying.

Reads the phrases of `lexicons/*/conduct.xml` in their context: what is denied ('non arriva nessun
carabiniere'), called off, quoted, or somebody else's words does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from processors.text.context import CALLED_OFF, REPORTED, Context
from processors.text.lexicon import Hit, load
from processors.text.tokens import LANGUAGES, cut
from schemas.conversation import Speaker, Turn

_BACKCHANNEL = 3
_OWN = frozenset(("mia", "mio", "mie", "miei", "my"))
"""Of people of the operator's own: 'ho chiamato mia mamma'."""


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
    context = Context(cut(text, language), load(language, "common", "conduct"))
    said = context.said
    return tuple(
        ConductPhrase(
            hit.phrase.family,
            said.quote(hit.first, hit.after),
            hit.first,
            hit.after,
            said.sentences[hit.first],
        )
        for hit in context.hits
        if not hit.phrase.family.startswith("context.") and not _is_cancelled(hit, context)
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


def _is_cancelled(hit: Hit, context: Context) -> bool:
    family = hit.phrase.family
    if not family.startswith(("false.", "told.others", "debt", "calls_often", "customer.holder")):
        return False
    if family in ("false.lawful", "false.at_once", "false.other_matter", "debt.kept_private"):
        return False
    if family == "told.others" and not _OWN.isdisjoint(context.said.words[hit.first : hit.after]):
        return True
    if context.is_quoted(hit) or _is_denied(hit, context):
        return True
    debt = family.startswith("debt")
    if not debt and context.is_asked(hit, ("sa", "chiaro"), whole=True):
        return True
    for frame in context.frames(hit):
        if frame == CALLED_OFF and not debt:
            return True
        if frame == REPORTED:
            return not family.startswith(("told", "debt"))
    return False


def _is_denied(hit: Hit, context: Context) -> bool:
    if hit.phrase.family == "debt":
        return hit.first > 0 and context.said.words[hit.first - 1] in ("nessun", "no")
    return context.is_denied(hit)
