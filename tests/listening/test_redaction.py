"""Taking personal data out of turns, and leaving everything else."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.redaction import redact

SCRIPTS = Path(__file__).parents[2] / "infra" / "demo" / "calls" / "scripts.json"

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
]


@pytest.mark.parametrize(("text", "expected"), HOLDS)
def test_personal_data_gives_way_to_its_kind(text, expected):
    assert redact(text, "it") == expected


@pytest.mark.parametrize("text", HOLDS_NONE)
def test_amounts_dates_and_everyday_words_stay(text):
    assert redact(text, "it") == text


@pytest.mark.parametrize(("text", "_"), HOLDS)
def test_redacting_twice_changes_nothing(text, _):
    once = redact(text, "it")
    assert redact(once, "it") == once


def test_english():
    text = "This is John Smith, about Mrs Brown at 12 Baker Street, call 020 7946 0958."
    expected = "This is [NOME], about Mrs [NOME] at [INDIRIZZO], call [TELEFONO]."
    assert redact(text, "en") == expected


def test_other_languages_lose_numbers_and_addresses_but_keep_words():
    assert redact("Je suis Paul, IBAN DE89370400440532013000", "fr") == "Je suis Paul, IBAN [IBAN]"


def test_the_demo_scripts_lose_only_their_names():
    turns = [t["text"] for c in json.loads(SCRIPTS.read_text())["calls"] for t in c["turns"]]
    changed = {text: redact(text, "it") for text in turns if redact(text, "it") != text}
    names = ["Marco", "Bianchi", "Ferri", "Giulia", "Moretti", "Galli", "Andrea", "Riva"]
    assert all(any(name in text for name in names) for text in changed)
    assert not any(name in redact(text, "it") for text in turns for name in names)
    assert {p for text in changed.values() for p in ("[NOME]",) if p in text} == {"[NOME]"}


@given(st.text(max_size=300), st.sampled_from(["it", "en", "fr"]))
def test_any_text_is_taken(text, language):
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
    ],
)
def test_hostile_text_costs_no_more_than_its_length(evil):
    began = perf_counter()
    redact(evil, "it")
    assert perf_counter() - began < 1.0
