"""Breaches of conduct that need the call's other turns, against labelled calls and rule by rule."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.contact_hours import conduct_code
from processors.scoring.conduct import asked_about_consequences, conduct_of
from processors.scoring.cues import plain_threat, read_turn
from processors.text.lexicon import load
from schemas.conversation import Rule, Turn

MATERIAL = Path(__file__).parent / "material" / "conduct_calls.jsonl"
RULES = (Rule.THIRD_PARTY_DISCLOSURE, Rule.INSISTENCE, Rule.FALSE_THREAT)

SAID = """sono la vicina non posso pagare deve pagare oggi i carabinieri vengono , . ?""".split()  # noqa: SIM905


def op(text: str) -> Turn:
    return Turn(speaker="operator", text=text)


def cu(text: str) -> Turn:
    return Turn(speaker="customer", text=text)


def rules(*turns: Turn, threats: dict[int, str] | None = None) -> list[tuple[Rule, int | None]]:
    given_ = plain_threats(turns, "it") if threats is None else threats
    return [(flag.rule, flag.turn) for flag in conduct_of(turns, "it", given_)]


def plain_threats(turns: Sequence[Turn], language: str) -> dict[int, str]:
    """The threats that the lexicon finds."""
    found = {
        place: plain_threat(read_turn(turn.text, language, turn.speaker))
        for place, turn in enumerate(turns)
        if turn.speaker == "operator" and language in ("it", "en")
    }
    return {place: quote for place, quote in found.items() if quote is not None}


@pytest.mark.parametrize("split", ["dev", "test"])
@pytest.mark.parametrize("rule", RULES)
def test_finds_breaches_and_no_others(split: str, rule: Rule, record_property: Any) -> None:
    found_right = found = wanted = 0
    for row in map(json.loads, MATERIAL.read_text(encoding="utf-8").splitlines()):
        if row["split"] != split:
            continue
        flags = conduct_of([Turn(**turn) for turn in row["turns"]], row["language"], {})
        is_found = any(flag.rule is rule for flag in flags)
        is_wanted = rule.value in row["rules"]
        found, wanted = found + is_found, wanted + is_wanted
        found_right += is_found and is_wanted
    record_property("precision", found_right / found)
    record_property("recall", found_right / wanted)
    assert found_right / wanted >= 0.9
    assert found_right / found >= 0.9


def test_threats_are_given_from_outside_and_a_false_one_replaces_a_plain_one() -> None:
    turns = [op("Domani vengono i carabinieri."), op("Vedrà che succede."), op("Buongiorno.")]
    given_ = {0: "vengono i carabinieri", 1: "Vedrà che succede"}
    assert rules(*turns, threats=given_) == [(Rule.FALSE_THREAT, 0), (Rule.THREAT, 1)]
    assert rules(*turns, threats={}) == [(Rule.FALSE_THREAT, 0)]
    assert conduct_of(turns, "it", given_)[1].quote == "Vedrà che succede"


def test_without_threats_given_the_lexicon_decides() -> None:
    assert rules(op("Domani le stacchiamo la luce.")) == [(Rule.THREAT, 0)]


@pytest.mark.parametrize(
    ("before", "asked"),
    [
        ([cu("Cosa succede se non pago?")], True),
        ([cu("è vero che mi pignorano lo stipendio")], True),
        ([cu("Cosa succede se non pago?"), op("Dunque."), op("Allora.")], True),
        ([cu("Cosa succede se non pago?"), op("Le spiego subito tutto quanto con calma.")], False),
        ([cu("Quando passate a leggere il contatore?")], False),
        ([], False),
    ],
)
def test_whether_the_customer_asked_what_would_happen(before: list[Turn], asked: bool) -> None:
    turns = [*before, op("Il creditore può rivolgersi al giudice.")]
    assert asked_about_consequences(turns, len(turns) - 1) is asked
    assert not asked_about_consequences([cu("Cosa rischio?")], 0)
    assert not asked_about_consequences(turns, len(turns) - 1, "de")


def test_explaining_because_asked_is_no_false_threat_but_arrest_is_one() -> None:
    asked = cu("Cosa succede se non pago?")
    lawful = op("Dopo una sentenza il giudice può ordinare il pignoramento.")
    assert rules(asked, lawful, threats={}) == []
    assert rules(asked, op("La arrestano."), threats={}) == [(Rule.FALSE_THREAT, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "Nessuno la arresta per una bolletta.",
        "Il pignoramento della casa è stato annullato.",
        "Il collega le avrà detto che arrivano i carabinieri.",
        "Lei ha scritto «vi mando i carabinieri».",
        "Ha già sporto denuncia ai carabinieri per il furto?",
    ],
)
def test_denied_called_off_or_quoted_threats_are_none(text: str) -> None:
    assert rules(op(text), threats={}) == []


def test_only_demands_after_the_reason_not_to_pay_are_insistence() -> None:
    demand, reason = op("Quando paga?"), cu("Ho perso il lavoro, non posso pagare.")
    assert rules(demand, reason, threats={}) == []
    assert rules(demand, reason, demand, threats={}) == [(Rule.INSISTENCE, 2)]
    assert rules(reason, op("Possiamo vedere un piano a rate."), threats={}) == []
    assert rules(reason, cu("Va bene, pago venerdì."), demand, threats={}) == []


def test_naming_the_debt_to_somebody_else_is_disclosure_until_the_customer_is_there() -> None:
    other, debt = cu("No, sono la vicina."), op("Dica che ha un debito di cento euro.")
    assert rules(other, debt, threats={}) == [(Rule.THIRD_PARTY_DISCLOSURE, 1)]
    customer = cu("Sono io l'intestataria.")
    assert rules(other, customer, op("Risulta un debito."), threats={}) == []


def test_other_languages_have_no_flags() -> None:
    assert conduct_of([op("Wir schicken die Polizei.")], "de", {0: "Polizei"}) == []


def test_republic_day_is_a_holiday_since_2001() -> None:
    code = conduct_code()
    assert [code.is_holiday(date(year, 6, 2)) for year in (2000, 2001, 2026)] == [False, True, True]
    assert not code.permits(datetime(2026, 4, 6, 9, 0, tzinfo=UTC))


@pytest.mark.parametrize("language", ["it", "en"])
def test_the_lexicon_loads(language: str) -> None:
    assert load(language, "common", "conduct").classes["negators"]


@given(
    st.lists(
        st.builds(
            Turn,
            speaker=st.sampled_from(["operator", "customer", "unknown"]),
            text=st.one_of(
                st.text(max_size=50),
                st.lists(
                    st.sampled_from(SAID),
                    max_size=10,
                ).map(" ".join),
            ),
        ),
        max_size=6,
    ),
    st.sampled_from(["it", "en", "de"]),
)
def test_flags_quote_the_words_of_their_turn(turns: list[Turn], language: str) -> None:
    for flag in conduct_of(turns, language, plain_threats(turns, language)):
        assert flag.turn is not None
        assert flag.quote
        assert flag.quote in turns[flag.turn].text
