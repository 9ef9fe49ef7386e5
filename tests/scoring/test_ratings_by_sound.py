"""Ratings, and questions for them, that a transcriber misheard: read by their sound, or left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from processors.ratings.by_sound import question_restored
from processors.ratings.spoken import asks_for_rating, spoken_rating
from processors.text.tokens import cut
from schemas.conversation import Turn

MATERIAL = Path(__file__).parents[2] / "infra" / "lab" / "training" / "material"
NO_RATINGS = [
    *("Sì.", "Prego.", "Certo.", "Grazie.", "Non lo so.", "Boh.", "È vero.", "Dove?", "Bene."),
    *("Però.", "No, guardi.", "Come?", "Lei è gentile.", "Arrivederci.", "Le quattro rate"),
]
MISHEARD_QUESTIONS = [
    *("davvero a dieci, la chiamata.", "Un lotto per la telefonata.", "Che botto ci dà?"),
    *("La ringrazio, un noto alla chiamata.", "Mi dà un pulpigio."),
]


def overheard(question: str, text: str, confidence: float | None = 0.55) -> int | None:
    """The rating of an answer as a transcriber wrote it down."""
    turns = [
        Turn(speaker="operator", text=question, confidence=confidence),
        Turn(speaker="customer", text=text, confidence=confidence),
    ]
    return spoken_rating(turns, "it")


@pytest.mark.parametrize(
    ("text", "rating"),
    [
        ("pre.", 3),
        ("Te.", 3),
        ("Un botto", 8),
        ("Se i.", 6),
        ("Di eci.", 10),
        ("Mah, tero.", 0),
        ("Puntre, grazie.", 3),
        ("Direi note, dai.", 9),
        ("Tinque.", 5),
        ("Kuattro.", 4),
    ],
)
def test_a_misheard_number_is_read_by_its_sound_where_a_rating_was_asked_for(
    text: str, rating: int
) -> None:
    assert overheard("Da zero a dieci, che voto dà?", text) == rating
    assert overheard("Va bene, allora a domani.", text) is None


@pytest.mark.parametrize(
    "text",
    NO_RATINGS,
)
def test_what_a_customer_says_instead_is_no_rating(text: str) -> None:
    for confidence in (0.3, 0.5, 0.7, 0.9):
        assert overheard("Da zero a dieci, che voto dà?", text, confidence) is None


def test_a_written_answer_is_not_read_by_its_sound() -> None:
    assert overheard("Da zero a dieci, che voto dà?", "pre.", None) is None


def test_what_the_transcriber_is_sure_of_must_sound_more_like_a_number() -> None:
    question = "Da zero a dieci, che voto dà?"
    assert overheard(question, "Note.", 0.2) == 9
    assert overheard(question, "Note.", 0.95) is None


@pytest.mark.parametrize(
    "question",
    MISHEARD_QUESTIONS,
)
def test_a_misheard_question_is_answered_by_a_bare_number_only(question: str) -> None:
    assert overheard(question, "Sette.") == 7
    assert overheard(question, "Pre.") == 3
    assert overheard(question, "Sette sono quelli che mi hanno telefonato finora.") is None


@pytest.mark.parametrize(
    "question", ["Quante rate preferisce?", "A che ora la richiamo?", "In che modo vuole pagare?"]
)
def test_other_questions_are_not_answered_by_sound(question: str) -> None:
    assert overheard(question, "Pre.") is None


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("È in ritardo da undici mesi.", "No, nove."),
        ("Le restano da sei a dieci giorni.", "Facciamo dieci."),
        ("Può scegliere da due a dieci mesi.", "Sei."),
        ("Lo sportello apre da otto a dieci.", "Facciamo nove."),
        ("L'ho cercata da un'ora a dieci minuti fa.", "Tre."),
        ("Ecco il conteggio. Quanti giorni le servono?", "Dieci."),
        ("La chiamo per la moto.", "Due moto."),
        ("Il lotto della fornitura, me lo legge?", "Sette."),
        ("La ringrazio, mi dia un numero fisso.", "Zero due."),
        ("Riceverà un messaggio, il voto lo dà lì.", "Tre."),
        ("Ho registrato la pratica, il giudizio lo dà il giudice.", "Due."),
    ],
)
@pytest.mark.parametrize("confidence", [0.6, 0.8, 0.95])
def test_what_was_transcribed_rightly_is_no_misheard_question(
    said: str, answer: str, confidence: float
) -> None:
    assert overheard(said, answer, confidence) is None


ASKED_FOR_BY_SOUND = {
    split: [
        row["text"]
        for path in sorted((MATERIAL / split).glob("*_operator*.jsonl"))
        if "_en" not in path.stem
        for row in map(json.loads, path.read_text("utf-8").splitlines())
    ]
    for split in ("train", "test")
}


@pytest.mark.parametrize("split", ASKED_FOR_BY_SOUND)
def test_no_turn_of_an_operator_becomes_a_question_by_its_sound(split: str) -> None:
    texts = ASKED_FOR_BY_SOUND[split]
    restored = [question_restored(cut(text, "it")) for text in texts]
    found = [
        text
        for text, meant in zip(texts, restored, strict=True)
        if asks_for_rating(meant, "it") and not asks_for_rating(text, "it")
    ]
    assert len(texts) > 500
    assert [text for text in found if "uno ar dieci" not in text] == []
    assert len(found) <= 1


def test_a_plain_number_replaces_one_by_its_sound() -> None:
    def rating(*customer: str) -> int | None:
        turns = [Turn(speaker="operator", text="Da zero a dieci, che voto dà?", confidence=0.6)]
        for text in customer:
            turns += [
                Turn(speaker="customer", text=text, confidence=0.6),
                Turn(speaker="operator", text="Come, scusi?", confidence=0.6),
            ]
        return spoken_rating(turns, "it")

    assert rating("Pre.") == 3
    assert rating("Pre.", "Sette.") == 7
    assert rating("Vero.", "Sette.") == 7
    assert rating("Vero.") is None
    assert rating("Un vero.") == 0


def test_long_turns_are_not_read_by_their_sound() -> None:
    question = "Da zero a dieci, che voto dà?"
    assert overheard(question, "eh " * 33_000) is None
    assert overheard("davvero a dieci " * 5_000, "tre") is None
