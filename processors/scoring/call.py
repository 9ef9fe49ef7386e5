"""Conversations in, all their scores out, whichever reader reads their turns."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from processors.attempts.answering import human_text, unanswered, with_machine_turns
from processors.contact_hours import conduct_code
from processors.pooling.customer_turns import CustomerTurn, Mood, mood_of_call
from processors.pooling.operator_turns import Manner, OperatorTurn, manner_of_call
from processors.ratings.spoken import spoken_rating
from processors.scoring.conduct import conduct_of, hours_flag
from processors.scoring.scorer import (
    Breach,
    CallFeatures,
    CallReader,
    TurnReader,
    TurnReading,
    Utterance,
    found_in_turns,
    intents_in_turns,
)
from processors.text.clauses import sentence_with
from processors.text.tokens import LANGUAGES, count_words, has_words
from processors.transcript.doubts import doubted_speakers, of_the_call, without
from schemas.conversation import (
    CallScore,
    ConductFlag,
    DriverFound,
    Intent,
    Rule,
    Speaker,
    Turn,
    TurnScore,
)

LEAST_CONFIDENCE = 0.45
"""Mean confidence of the transcriber below which nothing is scored."""

FEW_WORDS = 3
"""Words of a turn up to which it leaves what was said before unanswered."""

_UNSCORED = TurnScore(aggression=None, empathy=None, sentiment=None, reasons=[])


class Conversation(NamedTuple):
    """What is scored of one conversation."""

    turns: Sequence[Turn]
    """Who said what, in order."""
    language: str
    """Two letters; `it` and `en` are scored."""
    survey_rating: int | None = None
    """The rating of a survey, 0-10; with it none is predicted."""
    started_at: datetime | None = None
    """When it began (aware); with it the permitted hours are checked."""
    ended_at: datetime | None = None
    """Used where `started_at` is not known."""
    answered: bool | None = None
    """False where it is known that nobody answered; null to infer it from the words."""
    doubts: Sequence[str] = ()
    """What the transcriber doubts (`processors/transcript/doubts.py`)."""


def score_call(
    turns: Sequence[Turn],
    language: str,
    reader: TurnReader,
    *,
    survey_rating: int | None = None,
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
    answered: bool | None = None,
    doubts: Sequence[str] = (),
) -> CallScore:
    """All scores of one conversation, whose parts are explained in `Conversation`."""
    call = Conversation(turns, language, survey_rating, started_at, ended_at, answered, doubts)
    return score_calls([call], reader)[0]


def score_calls(calls: Sequence[Conversation], reader: TurnReader) -> list[CallScore]:
    """All scores of each conversation, in order: the same as if it were scored alone.

    The turns of all are given to `reader` together, which may take less time. The reader's version
    is stored with the scores.

    A score that cannot be given is null and `why` names the reasons, separated by blanks:
    `no_turns`, `no_words`, `language_not_supported:xx`, `low_transcription_confidence`,
    `no_operator_turns`, `no_customer_turns`, `speaker_unknown`, `nobody_answered`, and the
    doubts. Turns without words are ignored, and so are a machine's (a voicemail's, an
    announcement's); they remain in their places with null scores.
    """
    readable = {}
    scores = {}
    for place, call in enumerate(calls):
        checked = _checked(call, reader.version)
        if isinstance(checked, CallScore):
            scores[place] = checked
        else:
            readable[place] = checked
    for language in LANGUAGES:
        places = [place for place in readable if calls[place].language == language]
        if not places:
            continue
        utterances = [each for place in places for each in readable[place].utterances]
        readings = iter(reader.read(utterances, language.value))
        for place in places:
            own = list(islice(readings, len(readable[place].utterances)))
            scores[place] = _scored(calls[place], readable[place], own, reader)
    return [scores[place] for place in range(len(calls))]


class _Readable(NamedTuple):
    """A conversation that can be scored."""

    turns: Sequence[Turn]
    """Those of people, without the doubted ones' words."""
    utterances: Sequence[Utterance]
    by_time: list[ConductFlag]


def _checked(call: Conversation, version: str) -> _Readable | CallScore:
    """What is read of a conversation, or its scores where nothing is."""
    flag = hours_flag(call.started_at or call.ended_at, conduct_code())
    by_time = [] if flag is None else [flag]
    if call.answered is False:
        return _without_scores(call.turns, by_time, version, "nobody_answered")
    refused = " ".join(of_the_call(call.doubts)) or _refusal(call.turns, call.language)
    doubted = doubted_speakers(call.doubts)
    turns = without(call.turns, doubted)
    if refused is None and not any(has_words(turn.text) for turn in turns):
        refused = " ".join(doubted.values())
    if refused is not None:
        return _without_scores(turns, by_time, version, refused)
    turns = _of_people(turns)
    return _Readable(turns, utterances_of(turns), by_time)


def _scored(
    call: Conversation, read: _Readable, readings: Sequence[TurnReading], reader: TurnReader
) -> CallScore:
    turns, language = read.turns, call.language
    scored = [reading.score for reading in readings]
    aggression, empathy = _manner(read.utterances, readings) or (None, None)
    sentiment, change = _mood(read.utterances, readings) or (None, None)
    drivers = _drivers(read.utterances, readings, language, reader)
    intents = intents_in_turns(readings)
    leaves = any(found.intent is Intent.CHURN for found in intents)
    promises = any(found.intent is Intent.PROMISE for found in intents)
    threats = {
        place: reading.threat
        for place, reading in enumerate(readings)
        if reading.threat is not None
    }
    learned = {place: list(reading.breaches) for place, reading in enumerate(readings)}
    if isinstance(reader, CallReader):
        for place, breaches in reader.breaches_of_call(read.utterances, language).items():
            learned[place].extend(breaches)
    spoken = spoken_rating(turns, language)
    predicted = None
    if call.survey_rating is None and spoken is None:
        features = CallFeatures(
            aggression,
            empathy,
            sentiment,
            change,
            leaves,
            promises,
            frozenset(found.driver for found in drivers),
        )
        predicted = reader.expected_rating(features)
    return CallScore(
        aggression=aggression,
        empathy=empathy,
        sentiment=sentiment,
        sentiment_change=change,
        spoken_rating=spoken,
        predicted_rating=predicted,
        churn_intent=leaves,
        promise_to_pay=promises,
        intents=intents,
        drivers=drivers,
        conduct=[*_conduct(turns, language, threats, learned), *read.by_time],
        turns=scored,
        scorer_version=reader.version,
        why=" ".join(_reasons(turns, call.doubts)) or None,
    )


def _manner(utterances: Sequence[Utterance], readings: Sequence[TurnReading]) -> Manner | None:
    return manner_of_call(
        [
            OperatorTurn(
                count_words(said.text),
                reading.score.aggression,
                reading.score.empathy or 0.0,
                reading.harshness,
                reading.warmth,
            )
            for said, reading in zip(utterances, readings, strict=True)
            if reading.score.aggression is not None
        ]
    )


def _mood(utterances: Sequence[Utterance], readings: Sequence[TurnReading]) -> Mood | None:
    return mood_of_call(
        [
            CustomerTurn(count_words(said.text), reading.score.sentiment, reading.sided)
            for said, reading in zip(utterances, readings, strict=True)
            if reading.score.sentiment is not None
        ]
    )


def _drivers(
    utterances: Sequence[Utterance],
    readings: Sequence[TurnReading],
    language: str,
    reader: TurnReader,
) -> list[DriverFound]:
    """What the reader decides for the whole call, or all that it finds in single turns."""
    if isinstance(reader, CallReader):
        return reader.drivers_of_call(utterances, readings, language)
    return found_in_turns(readings)


def utterances_of(turns: Sequence[Turn]) -> list[Utterance]:
    """The turns as a reader gets them, each with what the other one said just before.

    A few words between ('Certo.', 'Mi dica.') answer nothing: the turn after them is still the
    answer.
    """
    utterances = []
    last: dict[Speaker, str] = {}
    for turn in turns:
        other = Speaker.CUSTOMER if turn.speaker is Speaker.OPERATOR else Speaker.OPERATOR
        before = "" if turn.speaker is Speaker.UNKNOWN else last.get(other, "")
        utterances.append(Utterance(turn.speaker, turn.text, before))
        if count_words(turn.text) > FEW_WORDS:
            last.pop(other, None)
        if has_words(turn.text):
            last[turn.speaker] = turn.text
    return utterances


def _conduct(
    turns: Sequence[Turn],
    language: str,
    threats: Mapping[int, str],
    learned: Mapping[int, Sequence[Breach]],
) -> list[ConductFlag]:
    """The breaches found in the words; a threat is flagged even where it breaches another rule.

    Only a false threat replaces the flag of a threat.
    """
    flags = conduct_of(turns, language, threats, learned)
    flagged = {flag.turn for flag in flags if flag.rule in (Rule.THREAT, Rule.FALSE_THREAT)}
    flags += [
        ConductFlag(rule=Rule.THREAT, turn=place, quote=sentence_with(turns[place].text, quote))
        for place, quote in threats.items()
        if place not in flagged
    ]
    return sorted(flags, key=lambda flag: -1 if flag.turn is None else flag.turn)


def _refusal(turns: Sequence[Turn], language: str) -> str | None:
    if not turns:
        return "no_turns"
    if not any(has_words(turn.text) for turn in turns):
        return "no_words"
    if unanswered(turns, language) is not None:
        return "nobody_answered"
    if language not in LANGUAGES:
        return f"language_not_supported:{language}"
    given = [turn.confidence for turn in turns if turn.confidence is not None]
    if given and sum(given) / len(given) < LEAST_CONFIDENCE:
        return "low_transcription_confidence"
    return None


def _of_people(turns: Sequence[Turn]) -> list[Turn]:
    """The turns without a machine's words."""
    return [
        turn.model_copy(update={"text": "", "speaker": Speaker.UNKNOWN})
        if turn.speaker is Speaker.MACHINE
        else turn.model_copy(update={"text": human_text(turn)})
        for turn in with_machine_turns(turns)
    ]


def _reasons(turns: Sequence[Turn], doubts: Sequence[str]) -> list[str]:
    """Why some score may be missing, or be of a part of the words only."""
    return [*_missing_speakers(turns, doubted_speakers(doubts)), *doubts]


def _missing_speakers(turns: Sequence[Turn], doubted: Collection[Speaker]) -> list[str]:
    speakers = {turn.speaker for turn in turns if has_words(turn.text)}
    missing = [
        speaker
        for speaker in (Speaker.OPERATOR, Speaker.CUSTOMER)
        if speaker not in speakers and speaker not in doubted
    ]
    if missing and Speaker.UNKNOWN in speakers:
        return ["speaker_unknown"]
    return [f"no_{speaker.value}_turns" for speaker in missing]


def _without_scores(
    turns: Sequence[Turn], conduct: list[ConductFlag], version: str, why: str
) -> CallScore:
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
        scorer_version=version,
        why=why,
    )
