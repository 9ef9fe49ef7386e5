"""The scorer `lexicon-3`: phrases of the lexicons in their context, nothing learned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from processors.pooling.operator_turns import NEUTRAL_IN_CALL
from processors.ratings.spoken import predicted_rating
from processors.scoring.aggression import aggression_of
from processors.scoring.cues import plain_threat, read_turn
from processors.scoring.drivers import drivers_in
from processors.scoring.empathy import empathy_of
from processors.scoring.intent import churn_intent, promise_to_pay
from processors.scoring.scorer import UNREAD, CallFeatures, TurnReading, Utterance
from processors.scoring.sentiment import sentiment_of
from processors.text.tokens import has_words
from schemas.conversation import Speaker, TurnScore


class LexiconReader:
    """Reads turns by the lexicons alone: the transparent baseline of the learned scorer."""

    version = "lexicon-3"

    def read(self, turns: Sequence[Utterance], language: str) -> list[TurnReading]:
        """A reading for each turn."""
        return [_read(utterance.speaker, utterance.text, language) for utterance in turns]

    def expected_rating(self, call: CallFeatures) -> int | None:
        """Set by hand, not fitted: `processors.ratings.spoken.predicted_rating`."""
        return predicted_rating(call.sentiment, call.aggression, call.empathy, leaves=call.leaves)


@lru_cache(maxsize=16_384)
def _read(speaker: Speaker, text: str, language: str) -> TurnReading:
    if speaker is Speaker.UNKNOWN or not has_words(text):
        return UNREAD
    drivers = tuple(drivers_in(text, speaker, language))
    if speaker is Speaker.OPERATOR:
        cues = read_turn(text, language, speaker)
        aggression, against = aggression_of(text, language)
        empathy, towards = empathy_of(cues, aggression)
        score = TurnScore(
            aggression=aggression, empathy=empathy, sentiment=None, reasons=[*against, *towards]
        )
        neutral = 1.0 - max(aggression, empathy)
        return TurnReading(
            score,
            harshness=aggression,
            warmth=empathy + NEUTRAL_IN_CALL * neutral,
            drivers=drivers,
            threat=plain_threat(cues),
        )
    sentiment = sentiment_of(text, language)
    return TurnReading(
        TurnScore(
            aggression=None,
            empathy=None,
            sentiment=sentiment.polarity,
            reasons=list(sentiment.reasons),
        ),
        sided=bool(sentiment.reasons),
        leaves=churn_intent(text, language),
        promises=promise_to_pay(text, language),
        drivers=drivers,
    )
