"""Breaches that show in the course of a call only: what was said before decides."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.lab.reports.conduct import measure
from processors.conduct.course import (
    COURSE_RULES,
    FEW_WORDS,
    MEASURES,
    CourseWeights,
    Manner,
    SpokenTurn,
    breaches_of,
    features_of,
)
from processors.scoring.call import score_call
from schemas.conversation import ConductFlag, Rule, Turn
from tests.scoring.readers import shared_encoder_reader

MATERIAL = Path(__file__).parents[2] / "infra" / "lab" / "training" / "material"
LENGTH = 3


def calls_of(path: str) -> list[dict[str, Any]]:
    lines = (MATERIAL / path).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def flags_of(turns: Sequence[Turn]) -> list[ConductFlag]:
    return score_call(turns, "it", shared_encoder_reader()).conduct


def said(*texts: str) -> list[Turn]:
    """Turns of an operator (o) and a customer (c)."""
    speakers = {"o": "operator", "c": "customer"}
    return [Turn(speaker=speakers[text[0]], text=text[3:]) for text in texts]


DEMAND = "o: E quindi, per organizzarci, quanto riusciamo a mettere entro venerdì? Cento?"
PRESSING = "o: La capisco, ma cinquanta euro non sono la luna. Venerdì, me lo segno."
CANNOT = "c: Ho perso il lavoro ad agosto, non ho niente, non posso pagare."
STILL = "c: Ma mi ha sentito? Non ho soldi neanche per la spesa."


def test_a_demand_is_insistence_by_what_the_customer_had_said() -> None:
    opening = "o: Buongiorno signora, chiamo per la bolletta del gas di marzo, duecento euro."
    before = said(opening, CANNOT, DEMAND, STILL, PRESSING)
    flags = [flag for flag in flags_of(before) if flag.rule is Rule.INSISTENCE]
    assert {flag.turn for flag in flags} & {2, 4}
    assert all(flag.turn is not None and flag.quote in before[flag.turn].text for flag in flags)
    agreed = said(opening, "c: Sì, l'ho vista, la pago volentieri.", DEMAND, "c: Va bene, venerdì.")
    assert not [flag for flag in flags_of(agreed) if flag.rule is Rule.INSISTENCE]


@pytest.mark.parametrize(
    "text",
    [
        "Entro domani le arriva la mail, signora.",
        "Come si paga la rata, in posta o in banca?",
        "La richiamo lunedì o martedì, come preferisce.",
        "Quanto riuscirebbe a versare al mese?",
        "Prendo nota della contestazione, scriva a reclami.",
    ],
)
def test_one_turn_after_a_refusal_is_no_insistence(text: str) -> None:
    turns = said("o: Buongiorno, chiamo per la bolletta di marzo.", CANNOT, f"o: {text}")
    assert not [flag for flag in flags_of(turns) if flag.rule is Rule.INSISTENCE]


def test_a_plan_after_a_refusal_is_no_insistence() -> None:
    turns = said(
        "o: Buongiorno, chiamo per la bolletta di marzo.",
        CANNOT,
        "o: Mi dispiace. Metto la pratica in sospeso e vediamo una rateizzazione quando riprende.",
        "c: Grazie, davvero.",
    )
    assert not [flag for flag in flags_of(turns) if flag.rule is Rule.INSISTENCE]


def test_every_flag_has_a_sentence_of_the_operator() -> None:
    for row in calls_of("train/zr_calls.jsonl")[::3]:
        turns = [Turn(speaker=turn["speaker"], text=turn["text"]) for turn in row["turns"]]
        for flag in flags_of(turns):
            assert flag.turn is not None
            assert turns[flag.turn].speaker == "operator"
            assert flag.quote.strip()
            assert flag.quote in turns[flag.turn].text


def test_words_of_listening_change_no_breach() -> None:
    for row in calls_of("train/zs_calls.jsonl")[::6]:
        turns = [Turn(speaker=turn["speaker"], text=turn["text"]) for turn in row["turns"]]
        before = breaches(flags_of(turns))
        for place in (1, len(turns) // 2, len(turns) - 1):
            for word in ("Sì.", "Ho capito.", "Mi dica."):
                listening = Turn(speaker="operator", text=word)
                after = flags_of([*turns[:place], listening, *turns[place:]])
                assert breaches(after) == before, (row["id"], place, word)


def breaches(flags: Sequence[ConductFlag]) -> list[tuple[Rule, str]]:
    return [(flag.rule, flag.quote) for flag in flags if flag.rule in COURSE_RULES]


def test_only_italian_is_read() -> None:
    reader = shared_encoder_reader()
    assert reader.breaches_of_call([], "it") == {}
    assert score_call(said("o: Pay."), "en", reader).conduct == []


BARS = {Rule.FALSE_THREAT: 0.85, Rule.THIRD_PARTY_DISCLOSURE: 0.77, Rule.INSISTENCE: 0.75}
HELD_OUT = tuple(f"conduct/test/{author}_calls.jsonl" for author in ("xh", "zk", "zq", "zt", "zw"))


def test_breaches_in_calls_that_nobody_learned_from() -> None:
    report = measure([row for path in HELD_OUT for row in calls_of(path)], shared_encoder_reader())
    for rule, bar in BARS.items():
        f1 = report.f1(rule)
        assert f1 is not None
        assert f1 >= bar, rule


chances = st.floats(0.0, 1.0)
vectors = st.lists(st.floats(-1.0, 1.0), min_size=LENGTH, max_size=LENGTH).map(np.array)
manners = st.builds(
    Manner, chances, chances, chances, chances, chances, chances, st.booleans(), chances
)
families = st.frozensets(
    st.sampled_from(["customer.unable", "customer.repeats", "demand", "offer", "debt"])
)
operators = st.builds(
    SpokenTurn, st.integers(2, 30), vectors, families, st.just(0.0), manner=manners
)
customers = st.builds(
    SpokenTurn, st.integers(1, 30), vectors, families, st.floats(-1.0, 1.0), manner=st.none()
)
spoken = st.lists(st.one_of(st.none(), operators, customers), max_size=12)


@given(spoken, operators, customers, st.integers(0, 12))
def test_what_is_said_later_and_short_words_change_nothing(
    turns: list[SpokenTurn | None], of_operator: SpokenTurn, of_customer: SpokenTurn, at: int
) -> None:
    place = min(at, len(turns))
    short = of_customer._replace(words=FEW_WORDS, families=frozenset(("debt",)))
    listening = of_operator._replace(words=1)
    before = features_of(turns)
    for inserted in (short, listening, None):
        after = features_of([*turns[:place], inserted, *turns[place:]])
        moved = {n + (n >= place): features for n, features in before.items()}
        assert moved.keys() == after.keys()
        assert all(np.array_equal(moved[n], after[n]) for n in moved)
    cut = features_of(turns[:place])
    assert all(np.array_equal(cut[n], before[n]) for n in cut)


@given(spoken)
def test_context_equals_what_a_search_backwards_finds(turns: list[SpokenTurn | None]) -> None:
    """An independent reading of the definitions, turn by turn."""
    for place, features in features_of(turns).items():
        earlier = [turn for turn in turns[:place] if turn is not None]
        excuses = [
            turn for turn in earlier if turn.manner is None and "customer.unable" in turn.families
        ]
        counted = [
            turn
            for turn in earlier
            if turn.manner is None
            and (turn.words > FEW_WORDS or "customer.unable" in turn.families)
        ]
        demands = [turn.manner for turn in earlier if turn.manner and turn.words > FEW_WORDS]
        measures = dict(zip(MEASURES, features, strict=False))
        assert measures["excused"] == bool(excuses)
        assert measures["demanded"] == pytest.approx(
            np.log1p(sum(manner.harshness for manner in demands))
        )
        so_far = (
            np.mean([turn.meaning for turn in counted], axis=0) if counted else np.zeros(LENGTH)
        )
        assert features[-LENGTH:] == pytest.approx(so_far)


def test_a_sum_is_its_weights_times_its_features() -> None:
    manner = Manner(0.5, 0.5, 0.5, 0.5, 0.5, 0.5, presses=True, threat=0.5)
    turn = SpokenTurn(9, np.ones(LENGTH), frozenset(("demand",)), manner=manner)
    weights = np.zeros((2, len(MEASURES) + 3 * LENGTH))
    weights[0, MEASURES.index("demands")] = 2.0
    weights[1, len(MEASURES)] = -1.0
    learned = CourseWeights(weights, np.array([0.5, 0.25]), np.zeros(2))
    assert learned.sums_of(features_of([None, turn])[1]) == pytest.approx([2.5, -0.75])


def test_one_demand_is_no_insistence_and_weak_ones_do_not_make_two() -> None:
    alone, two, weak = {3: 2.0}, {3: 2.0, 5: -0.5}, {3: -0.5, 5: -0.5}
    assert breaches_of(alone, 2, 0.0, 0.0) == {}
    assert breaches_of(two, 2, 0.0, 0.0) == {3: True}
    assert breaches_of(weak, 2, 0.0, 0.0) == {}
    assert breaches_of(alone, 1, 0.0, 0.0) == {3: True}
    assert breaches_of(weak, 1, -1.0, 0.0) == {3: False, 5: False}
    assert breaches_of({}, 1, -1.0, 0.0) == {}
