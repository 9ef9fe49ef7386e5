"""What a call's score has, and when it is null."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processors.contact_hours import conduct_code
from processors.ratings.spoken import spoken_rating
from processors.scoring.call import score_call
from processors.scoring.lexicon_scorer import LexiconReader
from processors.scoring.scorer import TurnReader
from processors.text.lexicon import load
from processors.text.tokens import has_words
from schemas.conversation import Driver, Rule, Speaker, Turn
from tests.scoring.readers import shared_reader

THREAT = "Se non paga entro domani le stacchiamo la luce."
WEEKDAY = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
LEXICON = LexiconReader()
LEARNED = shared_reader("encoder")
BOTH = pytest.mark.parametrize("reader", [LEXICON, LEARNED], ids=["lexicon", "encoder"])


def op(text: str, **fields: float) -> Turn:
    return Turn(speaker=Speaker.OPERATOR, text=text, **fields)


def cu(text: str, **fields: float) -> Turn:
    return Turn(speaker=Speaker.CUSTOMER, text=text, **fields)


def aggression(text: str, language: str = "it") -> float:
    found = score_call([op(text)], language, LEXICON).aggression
    assert found is not None
    return found


def sentiment(text: str, language: str = "it") -> float:
    found = score_call([cu(text)], language, LEXICON).sentiment
    assert found is not None
    return found


WORDS = st.sampled_from(
    [
        *("se non", "paga", "le stacchiamo", "la luce", "domani", "mi dispiace", "capisco", "rate"),
        *("grazie", "sono contento", "ladri", "vergogna", "sette", "otto", "sei", "avvocato"),
        *(",", ".", "?", "!", '"', "«", "»", "è", "perché", "mai", "I'm", "don't", "7,5", "ß", "İ"),
    ]
)
TURNS = st.lists(
    st.builds(
        Turn,
        speaker=st.sampled_from(Speaker),
        text=st.one_of(st.lists(WORDS, max_size=14).map(" ".join), st.text(max_size=60)),
    ),
    max_size=7,
)


@BOTH
@settings(deadline=None)
@given(turns=TURNS, language=st.sampled_from(["it", "en", "de"]))
def test_any_conversation_gets_scores_in_range_and_quotes_its_own_words(
    reader: TurnReader, turns: list[Turn], language: str
) -> None:
    score = score_call(turns, language, reader)

    assert score == score_call(list(turns), language, reader)
    assert len(score.turns) == len(turns)
    for turn, scored in zip(turns, score.turns, strict=True):
        scorable = has_words(turn.text) and language != "de" and score.why != "nobody_answered"
        assert (scored.aggression is not None) == (scorable and turn.speaker is Speaker.OPERATOR)
        assert (scored.sentiment is not None) == (scorable and turn.speaker is Speaker.CUSTOMER)
        for reason in scored.reasons:
            assert reason.text
            assert reason.text in turn.text
    found: Any
    for found in [*score.drivers, *score.conduct]:
        assert found.turn is not None
        assert found.quote in turns[found.turn].text
    for value in (score.aggression, score.empathy, score.sentiment, score.sentiment_change):
        assert value is None or value == round(value, 4)


def test_orders_aggressive_over_pressing_over_calm() -> None:
    aggressive = aggression(THREAT)
    pressing = aggression("Deve pagare entro venerdì, non posso aspettare oltre.")
    neutral = aggression("Le confermo che la fattura è di marzo.")
    assert aggressive > pressing > neutral


@pytest.mark.parametrize(
    "text",
    [
        "Il distacco è stato annullato, stia tranquilla.",
        "Non le stacchiamo niente, non si preoccupi.",
        "Nessun distacco è previsto.",
        "Il mio collega le avrà detto che le stacchiamo la luce.",
        "Lei ha scritto «vi mando i carabinieri».",
        "la luce non gliela stacchiamo",
    ],
)
def test_called_off_denied_or_reported_threats_are_none(text: str) -> None:
    assert aggression(text) < 0.25
    assert score_call([op(text)], "it", LEXICON).conduct == []


def test_a_question_about_a_notice_is_no_threat_but_a_tag_question_is_one() -> None:
    assert aggression("Ha ricevuto il preavviso di distacco?") < 0.2
    assert aggression("Domani le stacchiamo la luce, capito?") > 0.7


def test_one_threat_in_a_long_polite_call_still_shows() -> None:
    calm = [op("Le invio il bollettino, grazie."), cu("Va bene.")] * 20
    score = score_call([*calm, op(THREAT)], "it", LEXICON)
    assert score.aggression is not None
    assert score.aggression > 0.2
    assert [flag.rule for flag in score.conduct] == [Rule.THREAT]


def test_kind_words_before_pressure_are_worth_less() -> None:
    kind = score_call([op("La capisco.")], "it", LEXICON).empathy
    but = "La capisco, ma se non paga le stacchiamo la luce."
    hedged = score_call([op(but)], "it", LEXICON).empathy
    assert kind is not None
    assert hedged is not None
    assert hedged < kind / 2


@pytest.mark.parametrize(
    ("better", "worse", "language"),
    [
        ("Sono contento.", "Non sono contento.", "it"),
        ("Sono molto contento.", "Sono contento.", "it"),
        ("Non sono arrabbiata.", "Sono arrabbiata.", "it"),
        ("Era lento ma siete stati gentili.", "Siete stati gentili ma era uno schifo.", "it"),
        ("I am happy.", "I'm not happy.", "en"),
    ],
)
def test_sentiment_follows_negation_degree_and_contrast(
    better: str, worse: str, language: str
) -> None:
    assert sentiment(better, language) > sentiment(worse, language)


@BOTH
def test_sentiment_changes_from_the_first_to_the_last_third(reader: TurnReader) -> None:
    turns = [cu("Siete dei ladri."), cu("Ah."), cu("Grazie mille, gentilissima.")]
    score = score_call(turns, "it", reader)
    assert score.sentiment_change is not None
    assert score.sentiment_change > 0.5
    assert score_call([cu("Siete dei ladri.")], "it", reader).sentiment_change is None


@BOTH
def test_scores_that_cannot_be_given_are_null_and_say_why(reader: TurnReader) -> None:
    foreign = score_call([op("Zahlen Sie!")], "de", reader)
    assert (foreign.aggression, foreign.why) == (None, "language_not_supported:de")
    assert score_call([], "it", reader).why == "no_turns"
    silent = score_call([op(""), cu(" ...")], "it", reader)
    assert (silent.aggression, silent.sentiment, silent.why) == (None, None, "no_words")
    half = score_call([op("Sì."), cu("")], "it", reader)
    assert (half.turns[1].sentiment, half.sentiment, half.why) == (None, None, "no_customer_turns")
    assert score_call([cu("Sì.")], "it", reader).aggression is None
    assert score_call([cu("Sì.")], "it", reader).why == "no_operator_turns"
    assert score_call([op("Sì.")], "it", reader).sentiment is None
    assert score_call([op("Sì.")], "it", reader).why == "no_customer_turns"
    unknown = score_call([Turn(speaker=Speaker.UNKNOWN, text=THREAT)], "it", reader)
    assert (unknown.aggression, unknown.sentiment) == (None, None)
    assert (unknown.conduct, unknown.why) == ([], "speaker_unknown")
    faint = score_call([op(THREAT, confidence=0.3), cu("Sì.", confidence=0.4)], "it", reader)
    assert (faint.aggression, faint.why) == (None, "low_transcription_confidence")
    assert score_call([op(THREAT), cu("Sì.")], "it", reader).why is None


@BOTH
def test_a_call_that_nobody_answered_has_no_scores(reader: TurnReader) -> None:
    machine = cu("Il cliente da lei chiamato non è raggiungibile, la preghiamo di richiamare.")
    message = op("Buongiorno, la chiamo per la bolletta. O paga o le stacco la luce. Mi richiami.")
    for turns in ([machine], [machine, message], [message]):
        score = score_call(turns, "it", reader)
        assert score.why == "nobody_answered"
        values = (score.aggression, score.empathy, score.sentiment, score.predicted_rating)
        assert values == (None, None, None, None)
        assert (score.churn_intent, score.drivers, score.conduct) == (False, [], [])
        assert len(score.turns) == len(turns)
    assert score_call([op("Sì."), cu("Sì.")], "it", reader, answered=False).why == "nobody_answered"


@BOTH
def test_a_machines_words_within_a_call_do_not_count(reader: TurnReader) -> None:
    said = [cu("Un attimo."), op("Aspetto."), cu("Eccomi, grazie, pago domani.")]
    hold = cu("Siamo spiacenti: per reclami e disdette prema due, la sua chiamata è importante.")
    with_hold = score_call([*said[:2], hold, said[2]], "it", reader)
    without = score_call(said, "it", reader)
    assert with_hold.turns.pop(2).sentiment is None
    assert [(each.quote, each.turn) for each in with_hold.intents] == [
        (each.quote, each.turn + 1) for each in without.intents
    ]
    assert with_hold.model_copy(update={"intents": without.intents}) == without


def test_a_rating_is_predicted_only_where_none_was_given() -> None:
    turns = [op("Mi dispiace molto, vediamo insieme."), cu("Grazie mille, gentilissima.")]
    predicted = score_call(turns, "it", LEXICON).predicted_rating
    assert predicted is not None
    assert predicted >= 9
    assert score_call(turns, "it", LEXICON, survey_rating=3).predicted_rating is None
    asked = [*turns, op("Da zero a dieci?"), cu("un otto")]
    spoken = score_call(asked, "it", LEXICON)
    assert (spoken.spoken_rating, spoken.predicted_rating) == (8, None)
    assert score_call(turns[1:], "it", LEXICON).predicted_rating is None
    assert spoken.scorer_version == LEXICON.version


@pytest.mark.parametrize(
    ("answer", "rating"),
    [
        ("mah, direi un sette", 7),
        ("otto e mezzo", 8),
        ("7,5", 7),
        ("8/10", 8),
        ("dieci e lode", 10),
        ("tra il sei e il sette", 6),
        ("zero spaccato", 0),
        ("da zero a dieci? sei", 6),
        ("sette, anzi otto", 8),
        ("sei gentile", None),
        ("ho chiamato tre volte", None),
        ("da zero a dieci?", None),
    ],
)
def test_answers_to_the_rating_question(answer: str, rating: int | None) -> None:
    asked = [op("Che voto ci dà, da zero a dieci?"), cu(answer)]
    assert spoken_rating(asked, "it") == rating


def test_an_answer_may_come_after_a_question_back() -> None:
    turns = [op("Da zero a dieci?"), cu("in che senso?"), op("Come voto."), cu("nove")]
    assert spoken_rating(turns, "it") == 9
    assert spoken_rating([cu("nove")], "it") is None


def test_drivers_and_conduct_name_their_turn_and_words() -> None:
    turns = [op("Buongiorno."), cu("Ho aspettato quaranta minuti in attesa."), op(THREAT)]
    score = score_call(turns, "it", LEXICON)
    assert [(d.driver, d.turn) for d in score.drivers] == [
        (Driver.WAITING_TIME, 1),
        (Driver.THREAT, 2),
    ]
    assert [(f.rule, f.turn, f.quote) for f in score.conduct] == [(Rule.THREAT, 2, THREAT)]


@pytest.mark.parametrize(
    ("moment", "permitted"),
    [
        (datetime(2026, 3, 4, 7, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 4, 7, 29, tzinfo=UTC), False),
        (datetime(2026, 3, 4, 19, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 4, 20, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 1, 6, 30, tzinfo=UTC), True),
        (datetime(2026, 3, 7, 13, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 7, 14, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 8, 10, 0, tzinfo=UTC), False),
        (datetime(2026, 4, 6, 10, 0, tzinfo=UTC), False),
        (datetime(2026, 6, 2, 10, 0, tzinfo=UTC), False),
    ],
)
def test_permitted_hours_are_rome_s(moment: datetime, permitted: bool) -> None:
    score = score_call([op("Buongiorno."), cu("Sì.")], "it", LEXICON, started_at=moment)
    flags = [flag for flag in score.conduct if flag.rule is Rule.HOURS]
    assert (flags == []) == permitted
    assert all(flag.turn is None for flag in flags)


def test_hours_are_checked_even_where_words_are_not() -> None:
    night = WEEKDAY.replace(hour=2)
    score = score_call([op("x")], "de", LEXICON, started_at=night)
    assert [flag.rule for flag in score.conduct] == [Rule.HOURS]


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(2000, 4, 23), (2008, 3, 23), (2011, 4, 24), (2024, 3, 31), (2025, 4, 20), (2038, 4, 25)],
)
def test_easter(year: int, month: int, day: int) -> None:
    easter = date(year, month, day)
    assert conduct_code().is_holiday(easter)
    assert conduct_code().is_holiday(easter + timedelta(days=1))


def test_a_holiday_counts_from_the_year_it_began() -> None:
    code = conduct_code()
    assert not code.is_holiday(date(2025, 10, 4))
    assert code.is_holiday(date(2026, 10, 4))


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize(
    "name",
    ["common", "aggression", "empathy", "operator_topics", "sentiment", "customer_topics"],
)
def test_every_lexicon_file_loads(language: str, name: str) -> None:
    assert load(language, "common", name) is load(language, "common", name)
