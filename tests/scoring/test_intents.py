"""What customers announce: with its turn and words, and whatever else the sentence denies."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from infra.scoring.catalogue import ScorerName
from processors.scoring.call import score_call
from processors.scoring.intent import churn_intent, promise_to_pay
from schemas.conversation import CallScore, Intent, Speaker, Turn
from tests.scoring.readers import shared_reader

SCORERS: tuple[ScorerName, ...] = ("lexicon", "encoder")


def scored(scorer: ScorerName, language: str, *customer: str) -> CallScore:
    turns = [Turn(speaker=Speaker.OPERATOR, text="Buongiorno." if language == "it" else "Hello.")]
    turns += [Turn(speaker=Speaker.CUSTOMER, text=text) for text in customer]
    return score_call(turns, language, shared_reader(scorer))


@pytest.mark.parametrize("scorer", SCORERS)
def test_an_intent_has_its_turn_and_the_words_of_it(scorer: ScorerName) -> None:
    score = scored(scorer, "it", "Buongiorno a lei.", "Va bene, domani pago. Grazie.")
    assert (score.churn_intent, score.promise_to_pay) == (False, True)
    [found] = score.intents
    assert (found.intent, found.turn) == (Intent.PROMISE, 2)
    assert found.quote in "Va bene, domani pago. Grazie."
    assert "domani pago" in found.quote


@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize(
    ("language", "joined", "clause"),
    [
        ("it", "non ho mai ricevuto la bolletta, disdico tutto", "disdico tutto"),
        ("it", "Non ho mai ricevuto la bolletta, disdico tutto.", "disdico tutto."),
        ("en", "I never got the bill, I'm cancelling everything.", "I'm cancelling everything"),
    ],
)
def test_a_clause_is_not_denied_by_another(
    scorer: ScorerName, language: str, joined: str, clause: str
) -> None:
    score = scored(scorer, language, joined)
    assert score.churn_intent
    [found] = score.intents
    assert clause in found.quote


@pytest.mark.parametrize(
    "text",
    [
        "No no, disdire no, ci ho ripensato, resto.",
        "Sì, come no, domani pago.",
        "Se mi togliete la mora, pago domani.",
        "Che faccio, disdico?",
        "Mio fratello ha disdetto, io resto.",
    ],
)
def test_a_clause_alone_is_no_intent_where_the_sentence_takes_it_back(text: str) -> None:
    assert (churn_intent(text, "it"), promise_to_pay(text, "it")) == (None, None)


@pytest.mark.parametrize("scorer", SCORERS)
def test_the_booleans_say_whether_there_are_intents(scorer: ScorerName) -> None:
    for text in ("Pago domani e poi disdico tutto.", "Buongiorno.", "Me ne vado da voi.", "Pago."):
        score = scored(scorer, "it", text)
        found = {each.intent for each in score.intents}
        assert score.churn_intent == (Intent.CHURN in found)
        assert score.promise_to_pay == (Intent.PROMISE in found)


def test_scores_of_earlier_versions_are_read_without_intents() -> None:
    score = scored("lexicon", "it", "Pago domani.")
    earlier = score.model_dump(mode="json", exclude={"intents"})
    assert TypeAdapter(CallScore).validate_python(earlier).intents == []
