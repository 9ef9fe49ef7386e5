"""Marks heard in speech, against labelled answers and calls, and rule by rule."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.rating import asks_for_rating, spoken_rating
from schemas.conversation import Turn

MATERIAL = Path(__file__).parent / "material"
LEAST_ACCURACY = 0.95

SAID = """da zero a dieci sei otto non meno di più che voto ½ 7,5 10 , ? . anzi""".split()  # noqa: SIM905


def material(name: str, split: str) -> list[dict[str, Any]]:
    lines = (MATERIAL / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["split"] == split]
    assert rows
    return rows


def op(text: str) -> Turn:
    return Turn(speaker="operator", text=text)


def cu(text: str) -> Turn:
    return Turn(speaker="customer", text=text)


def answer(text: str, question: str = "Da zero a dieci, che voto dà?") -> int | None:
    return spoken_rating([op(question), cu(text)], "it")


@pytest.mark.parametrize("split", ["dev", "test"])
def test_hears_answers(split: str, record_property: Any) -> None:
    rows = material("ratings", split)
    wrong = [
        row
        for row in rows
        if spoken_rating([op(row["question"]), cu(row["text"])], row["language"]) != row["rating"]
    ]
    record_property("accuracy", 1 - len(wrong) / len(rows))
    assert len(wrong) / len(rows) <= 1 - LEAST_ACCURACY, wrong


@pytest.mark.parametrize("split", ["dev", "test"])
def test_hears_answers_in_the_midst_of_calls(split: str, record_property: Any) -> None:
    rows = material("rating_calls", split)
    wrong = [
        row
        for row in rows
        if spoken_rating([Turn(**turn) for turn in row["turns"]], row["language"]) != row["rating"]
    ]
    record_property("accuracy", 1 - len(wrong) / len(rows))
    assert len(wrong) / len(rows) <= 1 - LEAST_ACCURACY, wrong


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("non più di cinque", 5),
        ("meno di cinque", 4),
        ("più di sette", 8),
        ("nemmeno uno", 0),
        ("meno di zero", 0),
        ("non arrivo a sei", 5),
        ("nove, non dieci", 9),
        ("dieci non lo do a nessuno, otto", 8),
        ("un sette-otto", 7),
        ("7 e mezzo/8", 7),
        ("tra il quattro e il sei, cinque", 5),
        ("prima avrei detto due, adesso sei", 6),
        ("il massimo", 10),
        ("al massimo sei", 6),
        ("cento!", 10),
        ("dieci è il massimo?", None),
        ("ho quattro contatori", None),
        ("richiami alle nove", None),
        ("pago il dieci", None),
        ("uno dei vostri mi ha insultato", None),
        ("otttooo", 8),
        ("quatro", 4),
        ("dici?", None),
        ("sei o sette... sette, dai", 7),
        ("né tre né nove, sei", 6),
        ("ve ne do tre", 3),
        ("non è che sia da nove, un sette", 7),
        ("il nove passo in agenzia", None),
        ("il contratto finisce con sei", None),
        ("tre, otto, zero, due", None),
    ],
)
def test_what_counts_in_an_answer(text: str, mark: int | None) -> None:
    assert answer(text) == mark


def test_english_tens_and_ones_are_one_number() -> None:
    asked = op("From zero to ten, how would you rate us?")
    assert spoken_rating([asked, cu("I'm eighty-six, no surveys")], "en") is None
    assert spoken_rating([asked, cu("thirty four years with you. Nine.")], "en") == 9


def test_the_least_mark_is_the_scale_s() -> None:
    assert answer("il minimo", "Da zero a dieci?") == 0
    assert answer("il minimo", "Da uno a dieci?") == 1


def test_the_operator_s_own_numbers_are_no_answer() -> None:
    turns = [op("Da zero a dieci?"), cu("mah"), op("Per esempio otto?"), cu("non saprei")]
    assert spoken_rating(turns, "it") is None


def test_another_question_ends_the_wait_for_an_answer() -> None:
    turns = [op("Da zero a dieci?"), cu("dopo"), op("A che ora la richiamo?"), cu("alle nove")]
    assert spoken_rating([*turns[:3], cu("nove")], "it") is None
    assert spoken_rating(turns, "it") is None


def test_a_mark_may_be_taken_back_in_the_next_turn_only() -> None:
    given_ = [op("Da zero a dieci?"), cu("otto"), op("Otto, segnato.")]
    assert spoken_rating([*given_, cu("anzi no, nove")], "it") == 9
    assert spoken_rating([*given_, cu("grazie"), op("E poi?"), cu("anzi no, nove")], "it") == 8


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Da zero a dieci, quanto ci consiglierebbe?", True),
        ("Che voto mi dà?", True),
        ("zero per niente, dieci moltissimo", True),
        ("Le rate sono da zero a dieci, come preferisce.", False),
        ("Mi conferma il numero civico?", False),
    ],
)
def test_what_asks_for_a_mark(text: str, asks: bool) -> None:
    assert asks_for_rating(text, "it") is asks
    assert not asks_for_rating(text, "de")


@given(
    st.lists(
        st.builds(
            Turn,
            speaker=st.sampled_from(["operator", "customer", "unknown"]),
            text=st.one_of(
                st.lists(
                    st.sampled_from(SAID),
                    max_size=9,
                ).map(" ".join),
                st.text(max_size=40),
            ),
        ),
        max_size=6,
    ),
    st.sampled_from(["it", "en", "de"]),
)
def test_any_call_gives_a_mark_on_the_scale_or_none(turns: list[Turn], language: str) -> None:
    mark = spoken_rating(turns, language)
    assert mark is None or 0 <= mark <= 10
