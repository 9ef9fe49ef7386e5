"""One conversation in, all its scores out: the scorer `lexicon-1`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from processors.aggression import aggression_of, aggression_of_call
from processors.conduct import conduct_code, conduct_of, hours_flag
from processors.cues import LANGUAGES, read_turn
from processors.drivers import drivers_of
from processors.empathy import empathy_of, empathy_of_call
from processors.intent import churn_intent, promise_to_pay
from processors.rating import predicted_rating, spoken_rating
from processors.sentiment import Sentiment, sentiment_of, sentiment_of_call
from schemas.conversation import CallScore, ConductFlag, Speaker, Turn, TurnScore

SCORER_VERSION = "lexicon-1"

LEAST_CONFIDENCE = 0.45
"""Mean confidence of the transcriber below which nothing is scored."""

_UNSCORED = TurnScore(aggression=None, empathy=None, sentiment=None, reasons=[])


def score_call(
    turns: Sequence[Turn],
    language: str,
    *,
    survey_rating: int | None = None,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> CallScore:
    """Everything this scorer says of one conversation.

    Args:
        turns: who said what, in order.
        language: two letters; `it` and `en` are scored.
        survey_rating: the rating of a survey, 0-10; with it none is predicted.
        started_at: when it began (aware); with it the permitted hours are checked.
        ended_at: stands in for `started_at` where that is not known.

    A score that cannot be given is null and `why` names the reasons, parted by blanks:
    `no_turns`, `language_not_supported:xx`, `low_transcription_confidence`,
    `no_operator_turns`, `no_customer_turns`, `speaker_unknown`.
    """
    flag = hours_flag(started_at or ended_at, conduct_code())
    by_time = [] if flag is None else [flag]
    refused = _refusal(turns, language)
    if refused is not None:
        return _without_scores(turns, by_time, refused)

    scored = [_score_turn(turn.speaker, turn.text, language) for turn in turns]
    aggression = aggression_of_call([s.aggression for s in scored if s.aggression is not None])
    empathy = empathy_of_call([s.empathy for s in scored if s.empathy is not None])
    customer = [turn.text for turn in turns if turn.speaker is Speaker.CUSTOMER]
    sentiment, change = sentiment_of_call([_sentiment(text, language) for text in customer])
    spoken = spoken_rating(turns, language)
    leaves = any(churn_intent(text, language) for text in customer)
    predicted = None
    if survey_rating is None and spoken is None:
        predicted = predicted_rating(sentiment, aggression, empathy, leaves=leaves)
    return CallScore(
        aggression=aggression,
        empathy=empathy,
        sentiment=sentiment,
        sentiment_change=change,
        spoken_rating=spoken,
        predicted_rating=predicted,
        churn_intent=leaves,
        promise_to_pay=any(promise_to_pay(text, language) for text in customer),
        drivers=drivers_of(turns, language),
        conduct=[*conduct_of(turns, language), *by_time],
        turns=scored,
        scorer_version=SCORER_VERSION,
        why=_missing_speakers(turns),
    )


@lru_cache(maxsize=8192)
def _sentiment(text: str, language: str) -> Sentiment:
    return sentiment_of(text, language)


@lru_cache(maxsize=16_384)
def _score_turn(speaker: Speaker, text: str, language: str) -> TurnScore:
    if speaker is Speaker.OPERATOR:
        aggression, against = aggression_of(text, language)
        empathy, towards = empathy_of(read_turn(text, language, speaker), aggression)
        return TurnScore(
            aggression=aggression, empathy=empathy, sentiment=None, reasons=[*against, *towards]
        )
    if speaker is Speaker.CUSTOMER:
        sentiment = _sentiment(text, language)
        return TurnScore(
            aggression=None,
            empathy=None,
            sentiment=sentiment.polarity,
            reasons=list(sentiment.reasons),
        )
    return _UNSCORED


def _refusal(turns: Sequence[Turn], language: str) -> str | None:
    if not turns:
        return "no_turns"
    if language not in LANGUAGES:
        return f"language_not_supported:{language}"
    given = [turn.confidence for turn in turns if turn.confidence is not None]
    if given and sum(given) / len(given) < LEAST_CONFIDENCE:
        return "low_transcription_confidence"
    return None


def _missing_speakers(turns: Sequence[Turn]) -> str | None:
    speakers = {turn.speaker for turn in turns}
    missing = [s for s in (Speaker.OPERATOR, Speaker.CUSTOMER) if s not in speakers]
    if not missing:
        return None
    if Speaker.UNKNOWN in speakers:
        return "speaker_unknown"
    return " ".join(f"no_{speaker.value}_turns" for speaker in missing)


def _without_scores(turns: Sequence[Turn], conduct: list[ConductFlag], why: str) -> CallScore:
    return CallScore(
        aggression=None,
        empathy=None,
        sentiment=None,
        sentiment_change=None,
        spoken_rating=None,
        predicted_rating=None,
        churn_intent=False,
        promise_to_pay=False,
        drivers=[],
        conduct=conduct,
        turns=[_UNSCORED for _ in turns],
        scorer_version=SCORER_VERSION,
        why=why,
    )
