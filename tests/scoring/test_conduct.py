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

from infra.lab.reports.conduct import measure
from processors.contact_hours import conduct_code
from processors.scoring.call import score_call
from processors.scoring.conduct import asked_about_consequences, conduct_of
from processors.scoring.cues import plain_threat, read_turn
from processors.scoring.lexicon_scorer import LexiconReader
from processors.scoring.scorer import Breach, Utterance
from processors.text.lexicon import load
from schemas.conversation import Rule, Speaker, Turn
from tests.scoring.readers import shared_reader

MATERIAL = Path(__file__).parent / "material" / "conduct_calls.jsonl"
RULES = (Rule.THIRD_PARTY_DISCLOSURE, Rule.INSISTENCE, Rule.FALSE_THREAT)

SAID = """sono la vicina non posso pagare deve pagare oggi i carabinieri vengono , . ?""".split()  # noqa: SIM905


def op(text: str) -> Turn:
    return Turn(speaker="operator", text=text)


def cu(text: str) -> Turn:
    return Turn(speaker="customer", text=text)


def rules(*turns: Turn, threats: dict[int, str] | None = None) -> list[tuple[Rule, int | None]]:
    given_ = plain_threats(turns, "it") if threats is None else threats
    return [(flag.rule, flag.turn) for flag in conduct_of(turns, "it", given_, {})]


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
        flags = conduct_of([Turn(**turn) for turn in row["turns"]], row["language"], {}, {})
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
    assert conduct_of(turns, "it", given_, {})[1].quote == "Vedrà che succede."


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
    assert rules(demand, reason, demand, threats={}) == [], "a question, and no more"
    dismissal, again = op("Non mi interessa, deve pagare."), cu("Le ho detto che non posso.")
    assert rules(dismissal, reason, threats={}) == []
    assert rules(reason, dismissal, threats={}) == [(Rule.INSISTENCE, 1)]
    assert rules(reason, demand, again, demand, threats={}) == [(Rule.INSISTENCE, 3)]
    listening = cu("Mi dica.")
    assert rules(reason, demand, again, listening, demand, threats={}) == [(Rule.INSISTENCE, 4)]
    assert rules(reason, op("Possiamo vedere un piano a rate."), threats={}) == []
    assert rules(reason, cu("Va bene, pago venerdì."), demand, threats={}) == []


def test_naming_the_debt_to_somebody_else_is_disclosure_until_the_customer_is_there() -> None:
    other, debt = cu("No, sono la vicina."), op("Dica che ha un debito di cento euro.")
    assert rules(other, debt, threats={}) == [(Rule.THIRD_PARTY_DISCLOSURE, 1)]
    customer = cu("Sono io l'intestataria.")
    assert rules(other, customer, op("Risulta un debito."), threats={}) == []


def test_other_languages_have_no_flags() -> None:
    assert conduct_of([op("Wir schicken die Polizei.")], "de", {0: "Polizei"}, {}) == []


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
    for flag in conduct_of(turns, language, plain_threats(turns, language), {}):
        assert flag.turn is not None
        assert flag.quote
        assert flag.quote in turns[flag.turn].text


EVERYDAY = [
    "Come si paga la rata, in posta o in banca?",
    "Quando pensa di passare allo sportello?",
    "La faccia con calma, la richiesta.",
    "Per la faccia che ha fatto mia suocera!",
    "La bolletta va pagata entro venerdì, come c'è scritto.",
    "Entro domani le arriva la mail, signora.",
]


@pytest.mark.parametrize("text", EVERYDAY)
def test_everyday_words_after_an_excuse_are_no_insistence(text: str) -> None:
    reason = cu("Ho perso il lavoro, non posso pagare.")
    assert rules(reason, op(text), threats={}) == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("it", "La chiamo oggi alle cinque, domani alle otto, e vado avanti finché non paga."),
        ("it", "Domani la richiamo qui. E dopodomani. Finché le colleghe non fanno una colletta."),
        ("it", "Chiamo lui, chiamo lei, chiamo la nonna."),
        ("it", "Se non risponde chiamo suo padre al lavoro."),
        ("it", "Può bloccare questo numero, ne abbiamo altri quaranta."),
        ("en", "I will call you tomorrow, and on Friday, and every day until you pay."),
        ("en", "We'll keep calling."),
    ],
)
def test_calls_announced_to_wear_down_are_insistence(language: str, text: str) -> None:
    [flag] = conduct_of([op(text)], language, {}, {})
    assert flag.rule is Rule.INSISTENCE
    assert flag.quote in text


@pytest.mark.parametrize(
    "text",
    [
        "La richiamo lunedì o martedì, come preferisce.",
        "La richiamo domani per confermarle l'appuntamento.",
        "Mi dispiace che la chiamino tutti i giorni, tolgo il numero.",
        "Non la chiamiamo più, stia tranquilla.",
        "Ci sono io, e non la mollo finché non abbiamo risolto.",
        "Posso chiamarla domani mattina o domani sera?",
    ],
)
def test_a_call_that_is_agreed_or_regretted_is_no_insistence(text: str) -> None:
    assert rules(op(text), threats={}) == []


def test_what_a_customer_complains_of_is_no_breach_without_the_operators_sentence() -> None:
    assert rules(cu("Mi chiamate dieci volte al giorno, basta."), threats={}) == []


@pytest.mark.parametrize(
    ("customer", "operator", "false"),
    [
        ("Io vi denuncio!", "Faccia pure la denuncia, è un suo diritto.", False),
        ("Ho presentato querela.", "Ho visto la sua querela: la pratica è sospesa.", False),
        ("Vi denuncio.", "Se vuole denunciarci può farlo.", False),
        ("Mi hanno rubato tutto.", "Mi mandi copia della denuncia, così blocco la pratica.", False),
        ("Che succede se non pago?", "Il giudice può disporre un pignoramento.", False),
        ("Non pago.", "Se lunedì non ci sono, viene l'ufficiale giudiziario.", True),
        ("Non pago.", "Lunedì alle sei ha i carabinieri sul pianerottolo.", True),
        ("Non pago.", "I bambini se li prendono i servizi sociali.", True),
        ("Non pago.", "Se entro domani non vedo il bonifico le arriva la polizia.", True),
    ],
)
def test_whose_denunciation_it_is_and_what_cannot_happen(
    customer: str, operator: str, false: bool
) -> None:
    found = [rule for rule, _ in rules(cu(customer), op(operator), threats={})]
    assert (Rule.FALSE_THREAT in found) is false


ANSWERS = [
    (["c: Studio Sorriso, buongiorno.", "o: Cerco la signora [NOME].", "c: È in sala, la chiamo?"],
     True),
    (["c: Reception.", "o: Mi passa il signor [NOME]?", "c: È fuori per pranzo."], True),
    (["c: Pronto?", "o: C'è la mamma?", "c: La mamma è al lavoro."], True),
    (["o: Parlo con il signor [NOME]?", "c: Sono la moglie, lui è sotto la doccia."], True),
    (["c: Pronto?", "o: Il signor [NOME]?", "c: Sono un collega, è in riunione."], True),
    (["o: La signora [NOME]?", "c: Son la figlia, la mamma la xe fora."], True),
    (["o: Cerco [NOME].", "c: È mi' cognata, passa di qua la mattina."], True),
    (["o: Il signor [NOME]?", "c: Sono un amico, lavoro qui con lui."], True),
    (["o: La signora [NOME]?", "c: Sì, sono io. È mio marito che paga le bollette."], False),
    (["o: La signora [NOME]?", "c: Sì. Mia moglie è a letto con l'influenza."], False),
    (["o: Il signor [NOME]?", "c: Eh, mia figlia è al lavoro, mi aiuta lei di solito."], False),
    (["o: Cerco [NOME].", "c: Un attimo che la chiamo.", "c: Pronto, sì, sono io."], False),
    (["c: Carrozzeria, dica.", "o: Cerco il titolare.", "c: Sono io."], False),
    (["o: Parlo con [NOME]?", "c: Con lui. Il mio collega è qui, mi sposto."], False),
    (["o: Casa [NOME]?", "c: Sì, ma non ci stanno, so' la vicina."], True),
    (["o: Parlo con [NOME]?", "c: No, sono [NOME], il coinquilino."], True),
    (["c: Pronto, sono [NOME].", "o: Cercavo sua moglie."], True),
    (["o: C'è il signor [NOME]?", "c: Gliel passo.", "c: Sì, [NOME]."], False),
    (["o: Il signor [NOME]?", "c: Son io.", "o: Oggi può?", "c: E allora aspetti."], False),
]  # fmt: skip


@pytest.mark.parametrize(("opening", "third"), ANSWERS)
def test_who_answers_decides_whether_naming_the_debt_is_disclosure(
    opening: list[str], third: bool
) -> None:
    said = [op(each[3:]) if each.startswith("o") else cu(each[3:]) for each in opening]
    debt = op("Ci sono tre bollette che non sono state pagate.")
    found = [rule for rule, _ in rules(*said, debt, threats={})]
    assert (Rule.THIRD_PARTY_DISCLOSURE in found) is third
    private = op("È una comunicazione personale, la richiamo.")
    assert rules(*said, private, threats={}) == []


def test_words_of_listening_do_not_end_the_opening_of_a_call() -> None:
    listening = [cu("Sì."), op("Ecco."), cu("Mh."), op("Dunque."), cu("Dica."), op("Allora.")]
    debt = op("Ci sono tre bollette che non sono state pagate.")
    away = cu("Mio marito non è in casa.")
    for between in ([], listening):
        found = [rule for rule, _ in rules(op("Buongiorno."), *between, away, debt, threats={})]
        assert found == [Rule.THIRD_PARTY_DISCLOSURE]
    talk = [cu("Non capisco bene di che cosa parla."), op("Le spiego subito di che si tratta.")]
    assert rules(*talk, *talk, away, debt, threats={}) == []


def test_every_breach_shows_a_sentence_of_the_operator() -> None:
    folder = Path(__file__).parents[2] / "infra" / "lab" / "training" / "material" / "train"
    for author in ("zd", "ze", "zf", "zg"):
        file = folder / f"{author}_calls.jsonl"
        for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
            turns = [Turn(speaker=turn["speaker"], text=turn["text"]) for turn in row["turns"]]
            for flag in score_call(turns, "it", LexiconReader()).conduct:
                assert flag.turn is not None
                assert turns[flag.turn].speaker == "operator"
                assert flag.quote.strip()
                assert flag.quote in turns[flag.turn].text


WHOLE_CALLS = Path(__file__).parents[2] / "infra" / "lab" / "training" / "material"
REPORTED = [
    WHOLE_CALLS / folder / f"{author}_calls.jsonl"
    for folder, author in (("test", "zh"), ("test", "zi"), ("train", "zd"), ("train", "zg"))
]


def test_breaches_in_whole_calls() -> None:
    """F1 by rule over calls, of authors of whom two were never read."""
    rows = [
        json.loads(line)
        for file in REPORTED
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    report = measure(rows, LexiconReader())
    for rule in (Rule.FALSE_THREAT, Rule.THIRD_PARTY_DISCLOSURE, Rule.INSISTENCE):
        f1 = report.f1(rule)
        assert f1 is not None
        assert f1 >= 0.75, rule


def test_what_the_scorer_has_learned_counts_where_the_call_supports_it() -> None:
    turns = [op("Si prepari una borsa."), cu("Perché?"), op("Uno come lei là dentro non dura.")]
    unsure = {0: [Breach(Rule.FALSE_THREAT, "Si prepari una borsa.", sure=False)]}
    sure = {0: [Breach(Rule.FALSE_THREAT, "Si prepari una borsa.", sure=True)]}
    threat = {0: "Si prepari una borsa."}
    assert conduct_of(turns, "it", {}, unsure) == []
    assert [flag.rule for flag in conduct_of(turns, "it", threat, unsure)] == [Rule.FALSE_THREAT]
    assert [flag.rule for flag in conduct_of(turns, "it", {}, sure)] == [Rule.FALSE_THREAT]
    asked = [cu("Che cosa mi succede se non pago?"), *turns]
    assert conduct_of(asked, "it", {}, {1: sure[0]}) == []
    told = {2: [Breach(Rule.THIRD_PARTY_DISCLOSURE, "È in arretrato.", sure=False)]}
    relative = [op("Cerco la signora [NOME]."), cu("Sono la figlia."), op("È in arretrato.")]
    herself = [op("Cerco la signora [NOME]."), cu("Sì, sono io."), op("È in arretrato.")]
    assert [flag.turn for flag in conduct_of(relative, "it", {}, told)] == [2]
    assert conduct_of(herself, "it", {}, told) == []


def test_the_head_finds_false_threats_in_italian_words_alone() -> None:
    text = "Si prepari, domattina i carabinieri la portano via."
    reader = shared_reader("encoder")
    [reading] = reader.read([Utterance(Speaker.OPERATOR, text)], "it")
    [breach] = reading.breaches
    assert breach.rule is Rule.FALSE_THREAT
    assert breach.quote in text
    [english] = reader.read([Utterance(Speaker.OPERATOR, text)], "en")
    assert english.breaches == ()
