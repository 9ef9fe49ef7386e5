"""Removing personal data from turns, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.lab.reports.redaction import main, measure
from processors.redaction.redact import Kind, find_personal_data, redact, redact_call

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "infra" / "simulation" / "calls" / "scripts.json"
MATERIAL = ROOT / "tests" / "scoring" / "material" / "redaction.jsonl"
LEAST_RECALL = 0.95
MOST_OVER_REDACTION = 0.02

HOLDS = [
    ("Buongiorno, sono Marco di Agenzia Aurora.", "Buongiorno, sono [NOME] di Agenzia Aurora."),
    ("Parlo con la signora Bianchi?", "Parlo con la signora [NOME]?"),
    ("parlo con la signora bianchi", "parlo con la signora [NOME]"),
    ("Sono il signor Rossi, mi dica.", "Sono il signor [NOME], mi dica."),
    ("Mi chiamo Anna Maria De Luca.", "Mi chiamo [NOME]."),
    ("Signor Galli, buongiorno", "Signor [NOME], buongiorno"),
    ("Il mio avvocato Neri la chiamerà", "Il mio avvocato [NOME] la chiamerà"),
    ("Il contratto è intestato a Mario Verdi.", "Il contratto è intestato a [NOME]."),
    ("Signora D'Angelo, mi ascolti", "Signora [NOME], mi ascolti"),
    ("signor rossi Mario", "signor [NOME]"),
    ("Il codice fiscale è RSSMRA85T10A562S.", "Il codice fiscale è [CODICE_FISCALE]."),
    ("cf rss mra 85t10 a562s", "cf [CODICE_FISCALE]"),
    ("La partita IVA è 00743110157.", "La partita IVA è [PARTITA_IVA]."),
    ("IBAN IT60X0542811101000000123456, grazie", "IBAN [IBAN], grazie"),
    ("IBAN IT60 X054 2811 1010 0000 0123 456", "IBAN [IBAN]"),
    ("Ho un conto DE89 3704 0044 0532 0130 00", "Ho un conto [IBAN]"),
    ("La carta è 4111 1111 1111 1111.", "La carta è [CARTA]."),
    ("Mi chiami al 333 1234567.", "Mi chiami al [TELEFONO]."),
    ("Mi chiami al 333-12-34-567.", "Mi chiami al [TELEFONO]."),
    ("Fisso: +39 06 6982 1234, ore pasti", "Fisso: [TELEFONO], ore pasti"),
    ("Il POD è IT001E12345678.", "Il POD è [POD]."),
    ("PDR 00881234567890", "PDR [PDR]"),
    ("scriva a mario.rossi@example.it oggi", "scriva a [EMAIL] oggi"),
    ("mario punto rossi chiocciola example punto com", "[EMAIL]"),
    ("Abito in via Garibaldi 12.", "Abito in [INDIRIZZO]."),
    ("Abito in via Garibaldi, numero 12/b.", "Abito in [INDIRIZZO]."),
    ("Sto in piazza della Repubblica, numero 5", "Sto in [INDIRIZZO]"),
    ("in viale dei Mille ventidue, secondo piano", "in [INDIRIZZO], secondo piano"),
    ("Il mio codice cliente è 123456789.", "Il mio codice cliente è [CODICE]."),
    ("tre tre otto, quattro cinque sei sette", "[NUMERO]"),
    ("348 22 11 009", "[TELEFONO]"),
    ("IT 60 X 054 28 11 101 000000 123 456", "[IBAN]"),
    (
        "erre esse esse emme erre a otto zero a zero uno acca cinque zero uno u",
        "[CODICE_FISCALE]",
    ),
    ("R come Roma, O come Otranto, S come Savona", "[NOME]"),
    ("tre tre tre, doppio zero, quattro uno, sette sette sei", "[TELEFONO]"),
    ("il pod è i ti zero zero uno e, uno due tre quattro cinque sei sette otto", "il pod è [POD]"),
    ("Il cognome è Sgarbi, esse gi a erre bi i.", "Il cognome è [NOME], [NOME]."),
    ("m.rossi chiocciola gmail.com", "[EMAIL]"),
    ("abito in via manzoni quarantuno a monza", "abito in [INDIRIZZO] a monza"),
    ("Mi chiamo Rosa Fiore.", "Mi chiamo [NOME]."),
    ("Sono Marina, la figlia del signor Leone.", "Sono [NOME], la figlia del signor [NOME]."),
    ("buongiorno sono pasquale la chiamo", "buongiorno sono [NOME] la chiamo"),
    ("Nato il 12 marzo 1980, chiamo Bruno.", "Nato il [DATA_DI_NASCITA], chiamo [NOME]."),
    ("SONO IL SIGNOR ROSSI E ABITO A ROMA", "SONO IL SIGNOR [NOME] E ABITO A ROMA"),
]

HOLDS_NONE = [
    "Sono 84,50 euro scaduti il 12/03/2024, da 0 a 10 direi 7.",
    "L'importo è 1.234.567,89 euro.",
    "Entro le 18.30 del 12 03 2024.",
    "Rata 2 di 6, 100, 200 o 300 euro.",
    "Dal 2019 al 2024, ogni mese 50 euro.",
    "Vada via subito, 300 euro non bastano.",
    "Ci sentiamo via WhatsApp o via mail.",
    "Strada facendo, 3 rate.",
    "Nel corso del 2024 ho pagato.",
    "Sono in cassa integrazione da gennaio.",
    "Sono stato generoso.",
    "Sono io, signora.",
    "Sono cliente da vent'anni.",
    "Signora, mi ascolti bene.",
    "Signora guardi che non è vero.",
    "Parlo con l'ufficio acquisti della scuola?",
    "Da zero a dieci, quanto è soddisfatto?",
    "Lei è sei volte in ritardo, uno due mesi.",
    "Il signore che ha chiamato ieri era gentile.",
    "Ho scritto tre volte, due a marzo e una a maggio.",
    "La rosa, il leone, la grazia: belle parole, ma la bolletta resta.",
    "Sono franco con lei, sono felice così.",
    "sono rosa dalla rabbia",
    "La bolletta di marzo, da 120 euro, e la fattura del 12 novembre 2024.",
    "Chiami il numero verde 800 901 515.",
    "In via del tutto eccezionale le tolgo la mora.",
    "Uno, due, tre, quattro e cinque: cinque lettere!",
    "Le Officine Rossi snc e la Ferrari Auto srl hanno pagato.",
    "Lei sarà anche gentile.",
    "Vivo a Torino, vado a Marina di Massa.",
]


@pytest.mark.parametrize(("text", "expected"), HOLDS)
def test_personal_data_is_replaced_by_its_kind(text: str, expected: str) -> None:
    assert redact(text, "it") == expected


@pytest.mark.parametrize("text", HOLDS_NONE)
def test_amounts_dates_and_everyday_words_stay(text: str) -> None:
    assert redact(text, "it") == text


@pytest.mark.parametrize(("text", "_"), HOLDS)
def test_redacting_twice_changes_nothing(text: str, _: str) -> None:
    once = redact(text, "it")
    assert redact(once, "it") == once


def test_known_names_are_redacted_wherever_they_are_said() -> None:
    names = ["Rosa Bianchi", "Zubiena"]
    text = "la rosa bianca piace a Rosa, dice la zubiena, cioè Zubbiena"
    expected = "la rosa bianca piace a [NOME], dice la [NOME], cioè [NOME]"
    assert redact(text, "it", names) == expected
    assert redact("dice zubiena", "it") == "dice zubiena"
    assert redact("Je parle avec Zubiena", "fr", names) == "Je parle avec [NOME]"


def test_what_one_turn_shows_redacts_the_others() -> None:
    said = ["Parlo con la signora Zubiena?", "Sì.", "Bene, Zubiena, mi ascolti."]
    assert redact_call(said, "it")[2] == "Bene, [NOME], mi ascolti."


def test_a_number_asked_for_is_redacted_in_parts_of_answers() -> None:
    said = ["Mi dà il cellulare?", "348", "sì", "22 11", "zero zero nove", "La rata è di 45 euro."]
    said += ["Da zero a dieci, che voto dà?", "dieci"]
    taken = ["[TELEFONO]", "sì", "[TELEFONO]", "[TELEFONO]"]
    assert redact_call(said, "it") == [said[0], *taken, *said[5:]]


BIRTHS = ROOT / "tests" / "scoring" / "material" / "birth_dialogues.jsonl"


def dialogues(split: str) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in BIRTHS.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["split"] == split]


@pytest.mark.parametrize("row", dialogues("dev"), ids=lambda row: " / ".join(row["turns"])[:60])
def test_dates_of_birth_leave_answers_and_other_dates_stay(row: dict[str, Any]) -> None:
    once = redact_call(row["turns"], row["language"])
    assert once == row["redacted"]
    assert redact_call(once, row["language"]) == once


def test_dates_of_birth_leave_dialogues_that_were_set_aside() -> None:
    rows = dialogues("test")
    right = [redact_call(row["turns"], row["language"]) == row["redacted"] for row in rows]
    assert len(rows) >= 40
    assert sum(right) >= LEAST_RECALL * len(rows)


def test_a_rating_given_soon_after_a_date_of_birth_stays() -> None:
    for question in ("Grazie. Da zero a dieci, che voto ci dà?", "da zero a dieci che voto da"):
        said = ["Data di nascita?", "Tre aprile ottantacinque.", question, "Sette."]
        assert redact_call(said, "it") == [said[0], "[DATA_DI_NASCITA].", *said[2:]]


@pytest.mark.parametrize(
    ("asked", "answers", "expected"),
    [
        ("Mi dà il codice cliente?", ["uno due tre", "quattro cinque"], ["[CODICE]", "[CODICE]"]),
        (
            "Mi dice il codice fiscale?",
            ["erre esse esse emme erre a", "otto cinque d zero tre"],
            ["[CODICE_FISCALE]", "[CODICE_FISCALE]"],
        ),
        ("Il codice fiscale?", ["Roma Savona Savona Milano"], ["[CODICE_FISCALE]"]),
        ("Un recapito telefonico?", ["tre tre otto quattro cinque"], ["[TELEFONO]"]),
        ("Il numero del documento?", ["A Y quattro cinque sei sette"], ["[CODICE]"]),
        ("Come si chiama?", ["Zwerger.", "Signor Zwerger?"], ["[NOME].", "Signor [NOME]?"]),
        ("Il cognome?", ["zwerger"], ["[NOME]"]),
        ("A chi è intestata?", ["A Bianchi."], ["A [NOME]."]),
        ("Con chi parlo?", ["Con suo marito."], ["Con suo marito."]),
        ("Come si chiama?", ["Perché me lo chiede?"], ["Perché me lo chiede?"]),
        ("Mi conferma l'indirizzo?", ["Garibaldi dodici."], ["[INDIRIZZO]."]),
        (
            "In che via?",
            ["Mazzini", "E il civico?", "sette"],
            ["[INDIRIZZO]", "E il civico?", "[INDIRIZZO]"],
        ),
        ("Mi dà l'indirizzo mail?", ["Non ce l'ho."], ["Non ce l'ho."]),
        ("Dove abita?", ["Lontano, lasci stare."], ["Lontano, lasci stare."]),
        ("Il CAP?", ["uno zero uno due uno"], ["[INDIRIZZO]"]),
        ("Quanto può pagare?", ["Cinquanta al mese."], ["Cinquanta al mese."]),
        ("Da zero a dieci?", ["Sette."], ["Sette."]),
    ],
)  # fmt: skip
def test_what_a_turn_asks_for_leaves_the_answers(
    asked: str, answers: list[str], expected: list[str]
) -> None:
    assert redact_call([asked, *answers], "it") == [asked, *expected]


def test_findings_say_what_they_are_and_where() -> None:
    text = "Sono Marta, IBAN IT60X0542811101000000123456."
    found = find_personal_data(text, "it")
    assert [(f.kind, text[f.start : f.end]) for f in found] == [
        (Kind.NAME, "Marta"),
        (Kind.IBAN, "IT60X0542811101000000123456"),
    ]


@pytest.mark.parametrize("split", ["dev", "test"])
def test_material_is_redacted_and_clean_words_remain(split: str, record_property: Any) -> None:
    rows = [json.loads(line) for line in MATERIAL.read_text(encoding="utf-8").splitlines()]
    report = measure(row for row in rows if row["split"] == split)
    record_property("recall", report.recall)
    record_property("over_redaction", report.over_redaction)
    assert report.sentences >= 150
    assert report.recall is not None
    assert report.over_redaction is not None
    assert report.over_redaction_of_clean_sentences is not None
    assert report.recall >= LEAST_RECALL, "\n".join(report.misses)
    assert report.over_redaction <= MOST_OVER_REDACTION, "\n".join(report.losses)
    assert report.over_redaction_of_clean_sentences <= MOST_OVER_REDACTION


def test_the_report_counts_misses_and_losses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        {"text": "Sono Marta e Qwrtz.", "pii": ["Marta", "Qwrtz"], "types": ["name", "name"]},
        {"text": "Chiami il 348 2211009 adesso.", "pii": []},
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    report = measure(rows)
    assert (report.recall, report.found["name"], report.items["name"]) == (0.5, 1, 2)
    assert (report.lost_words, report.clean_words, report.untouched_lost) == (2, 7, 2)
    assert main([str(file)]) == 0
    shown = capsys.readouterr().out
    assert "missed name: 'Qwrtz'" in shown
    assert "lost '348 2211009'" in shown


def test_a_report_of_nothing_is_null() -> None:
    assert measure([]).recall is None
    assert measure([]).over_redaction is None


def test_a_label_that_is_not_in_its_text_is_refused() -> None:
    with pytest.raises(ValueError, match="does not occur in"):
        measure([{"text": "Buongiorno.", "pii": ["Marta"]}])


def test_a_turn_is_redacted_in_well_under_a_millisecond() -> None:
    rows = [json.loads(line) for line in MATERIAL.read_text(encoding="utf-8").splitlines()]
    seconds = []
    for _ in range(4):
        began = process_time()
        for row in rows:
            redact(row["text"], row["language"])
        seconds.append(process_time() - began)
    assert min(seconds) / len(rows) < 0.001


def test_english() -> None:
    text = "This is John Smith, about Mrs Brown at 12 Baker Street, call 020 7946 0958."
    expected = "This is [NOME], about Mrs [NOME] at [INDIRIZZO], call [TELEFONO]."
    assert redact(text, "en") == expected


def test_other_languages_lose_numbers_and_addresses_but_keep_words() -> None:
    assert redact("Je suis Paul, IBAN DE89370400440532013000", "fr") == "Je suis Paul, IBAN [IBAN]"


def test_the_demo_scripts_lose_only_their_names() -> None:
    turns = [t["text"] for c in json.loads(SCRIPTS.read_text())["calls"] for t in c["turns"]]
    changed = {text: redact(text, "it") for text in turns if redact(text, "it") != text}
    names = ["Marco", "Bianchi", "Ferri", "Giulia", "Moretti", "Galli", "Andrea", "Riva"]
    assert all(any(name in text for name in names) for text in changed)
    assert not any(name in redact(text, "it") for text in turns for name in names)
    assert {p for text in changed.values() for p in ("[NOME]",) if p in text} == {"[NOME]"}


@given(st.text(max_size=300), st.sampled_from(["it", "en", "fr"]))
def test_any_text_is_taken(text: str, language: str) -> None:
    assert isinstance(redact(text, language), str)


@pytest.mark.parametrize(
    "evil",
    [
        "1 " * 4000,
        "a" * 8000,
        "via " * 2000,
        "via a " * 2000,
        "sono la " * 1000,
        "a.b" * 2000 + "@",
        "IT" * 4000,
        "A" * 6 + "1-" * 3000,
        "uno " * 2000,
        "x chiocciola " * 800,
        "signora D' " * 800,
        "mario rossi " * 1500,
        "a come Roma " * 1000,
        "it 1 " * 3000,
        "x . " * 3000 + "@",
        "12 high " * 1500,
    ],
)
def test_hostile_text_costs_no_more_than_its_length(evil: str) -> None:
    began = process_time()
    redact(evil, "it")
    redact(evil, "en")
    redact_call(["Data di nascita, nome e via?", evil, evil], "it")
    assert process_time() - began < 2.0
