"""Features of a turn that a classifier head reads besides its embedding: cues, tone, turn before.

Each speaker has a fixed list of names, and `turn_features` gives the values in that order, which
the learned weights rely on. A change of the names needs new weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from processors.scoring.aggression import aggression_of
from processors.scoring.cues import Cue, read_turn
from processors.scoring.demands import families_of
from processors.scoring.drivers import drivers_in
from processors.scoring.empathy import empathy_of, raw_empathy
from processors.scoring.intent import churn_intent, promise_to_pay
from processors.scoring.scorer import Utterance
from processors.scoring.sentiment import sentiment_of
from processors.text.tokens import Words, cut
from schemas.conversation import Driver, Speaker

_OPERATOR_FAMILIES = (
    "aggression.belittling",
    "aggression.interrupting",
    "aggression.pressure",
    "aggression.sarcasm",
    "aggression.threat",
    "aggression.tone",
    "aggression.ultimatum",
    "conduct.debt",
    "conduct.false_threat",
    "conduct.insistence",
    "conduct.third_party_disclosure",
    "context.called_off",
    "context.reported",
    "driver",
    "empathy.acknowledging",
    "empathy.apologising",
    "empathy.hardship",
    "empathy.helping",
    "empathy.plan",
    "empathy.reassuring",
    "empathy.thanking",
    "rating.question",
)
_CUSTOMER_FAMILIES = (
    "context.fixed",
    "intent.churn",
    "intent.not_churn",
    "intent.not_promise",
    "intent.promise",
    "sentiment.ironic",
    "sentiment.irony_sure",
    "sentiment.word",
    "third_party.present",
)
_SHAPE = ("length", "questions", "exclaims", "quotes", "negated", "conditional")
_BEFORE = ("answers", "asked_consequences")
OPERATOR_FEATURES = (
    *_OPERATOR_FAMILIES,
    "lexicon_aggression",
    "lexicon_empathy",
    "raw_empathy",
    *_SHAPE,
    *_BEFORE,
)
CUSTOMER_FEATURES = (
    *_CUSTOMER_FAMILIES,
    "polarity",
    "leaves",
    "promises",
    *(f"driver.{driver.value}" for driver in Driver),
    *_SHAPE,
)
_NEGATORS = frozenset(("non", "not", "nessuno", "niente"))
_CONDITIONAL = {"it": {"se", "altrimenti", "senno"}, "en": {"if", "otherwise", "unless"}}


def turn_features(utterance: Utterance, language: str) -> NDArray[np.float64]:
    """The features of a customer's or an operator's turn, in the order of the speaker's names."""
    reader, names = _READERS[utterance.speaker]
    found = reader(utterance, language)
    return np.array([found.get(name, 0.0) for name in names], dtype=np.float64)


@lru_cache(maxsize=8192)
def asks_about_consequences(text: str, language: str) -> bool:
    """Whether a customer asks what will happen, so that the operator's answer is no threat."""
    return "customer.asks" in families_of(text, language)


def _of_operator(utterance: Utterance, language: str) -> Mapping[str, float]:
    cues = read_turn(utterance.text, language, Speaker.OPERATOR)
    aggression, _ = aggression_of(utterance.text, language)
    return {
        **_sums(cues),
        **_shape(cut(utterance.text, language), language),
        "lexicon_aggression": aggression,
        "lexicon_empathy": empathy_of(cues, aggression)[0],
        "raw_empathy": raw_empathy(cues),
        "answers": float("?" in utterance.before),
        "asked_consequences": float(asks_about_consequences(utterance.before, language)),
    }


def _of_customer(utterance: Utterance, language: str) -> Mapping[str, float]:
    cues = read_turn(utterance.text, language, Speaker.CUSTOMER)
    found = drivers_in(utterance.text, Speaker.CUSTOMER, language)
    return {
        **_sums(cues),
        **_shape(cut(utterance.text, language), language),
        **{f"driver.{each.driver.value}": 1.0 for each in found},
        "polarity": sentiment_of(utterance.text, language).polarity,
        "leaves": float(bool(churn_intent(utterance.text, language))),
        "promises": float(bool(promise_to_pay(utterance.text, language))),
    }


def _sums(cues: Iterable[Cue]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for cue in cues:
        sums[cue.family] = sums.get(cue.family, 0.0) + cue.weight
    return sums


def _shape(words: Words, language: str) -> dict[str, float]:
    n = len(words.words)
    some = max(1, n)
    return {
        "length": math.log1p(n),
        "questions": float(bool(words.questions)),
        "exclaims": float("!" in words.raw),
        "quotes": len(words.quoted) / some,
        "negated": float(not _NEGATORS.isdisjoint(words.words)),
        "conditional": float(not _CONDITIONAL[language].isdisjoint(words.words)),
    }


_Reader = Callable[[Utterance, str], Mapping[str, float]]
_READERS: dict[Speaker, tuple[_Reader, tuple[str, ...]]] = {
    Speaker.OPERATOR: (_of_operator, OPERATOR_FEATURES),
    Speaker.CUSTOMER: (_of_customer, CUSTOMER_FEATURES),
}
