"""Personal data of whole calls: bare surnames, and what one turn asks for and another gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.lab.reports.redaction import Report, measure
from processors.redaction.redact import redact, redact_call

MATERIAL = Path(__file__).parents[2] / "infra" / "lab" / "training" / "material"
DEVELOPED_ON = [MATERIAL / "train" / f"{author}_calls.jsonl" for author in ("zd", "ze", "zf", "zg")]
HELD_OUT = [MATERIAL / "test" / f"{author}_calls.jsonl" for author in ("zh", "zi")]
LEAST_RECALL = 0.95
MOST_OVER_REDACTION = 0.01


def measured(files: list[Path]) -> Report:
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return measure(json.loads(line) for line in lines)


@pytest.mark.parametrize("files", [DEVELOPED_ON, HELD_OUT], ids=["developed on", "held out"])
def test_calls_of_several_authors_lose_their_personal_data_and_little_else(
    files: list[Path],
) -> None:
    report = measured(files)
    recall, lost = report.recall, report.over_redaction
    assert recall is not None
    assert lost is not None
    assert recall >= LEAST_RECALL
    assert lost < MOST_OVER_REDACTION


BARE = [
    ("Ferraro, buonasera.", "[NOME], buonasera."),
    ("esposito sono di nuovo io", "[NOME] sono di nuovo io"),
    ("Allora Cantalamessa, quando paghiamo?", "Allora [NOME], quando paghiamo?"),
    ("Ascolti Conti, non mi prenda in giro.", "Ascolti [NOME], non mi prenda in giro."),
    ("Costa, mi ascolta?", "[NOME], mi ascolta?"),
    ("Vannucchi? Oh, finalmente.", "[NOME]? Oh, finalmente."),
    ("De Luca, è lei?", "[NOME], è lei?"),
    ("D'Angelo, non faccia il furbo.", "[NOME], non faccia il furbo."),
    ("Ha telefonato la Sardelli.", "Ha telefonato la [NOME]."),
    ("E il Signore vi benedica, Gennà.", "E il Signore vi benedica, [NOME]."),
    ("Signora Gozzi, Gas Crinale, buongiorno.", "Signora [NOME], Gas Crinale, buongiorno."),
]


@pytest.mark.parametrize(("text", "expected"), BARE)
def test_a_surname_needs_no_introduction(text: str, expected: str) -> None:
    assert redact(text, "it") == expected


@pytest.mark.parametrize(
    "text",
    [
        "Signora, duecentodieci euro entro venerdì.",
        "Dottore, milleduecento sono tanti.",
        "Signora, centotrentotto, mi conferma?",
        "Ha i conti in rosso, signora. Quanto costa?",
        "Eccolo. Prosegua, prosegua. Oddio, scusi.",
        "Sono di Arezzo, lavoro a Cassano e d'estate vado in Valtellina.",
        "Chiamo da Quirina Telefonia, per conto di Padanergia.",
        "Le tolgono un pezzo dalla bolletta, basta l'ISEE. Chieda all'INPS.",
        "Mai. M-a-i. Lo vuole più chiaro?",
        "Le vanno via circa centosessanta euro. Ne restano centoventi.",
        "Duecento subito, centocinquanta a fine mese, e poi cento, cento.",
    ],
)
def test_amounts_places_companies_and_everyday_words_are_no_names(text: str) -> None:
    assert redact(text, "it") == text


ANSWERS = [
    ("it", "Mi dice la data di nascita?", "Er cinque marzo der cinquantotto.",
     "Er [DATA_DI_NASCITA]."),
    ("it", "Codice contratto.", "Buongiorno. V M due due otto sei. Non è arrivata.",
     "Buongiorno. [CODICE]. Non è arrivata."),
    ("it", "Le ultime quattro cifre dell'IBAN?", "Sì. Con calma. Otto otto uno zero.",
     "Sì. Con calma. [IBAN]."),
    ("it", "Numero della bolletta?", "Duemilaventisei, barra, quattrocentododici.", "[CODICE]."),
    ("it", "Mi dica la matricola del contatore.", "Uno zero quattro quattro otto due.",
     "[CODICE]."),
    ("it", "Mi fa la lettura?", "Zero tre quattro uno otto due sette.",
     "Zero tre quattro uno otto due sette."),
    ("it", "Come si scrive?", "Pi, erre, a, ti, e.", "[NOME]."),
    ("it", "Indirizzo?", "Pratesi, P come Pisa, R, A, T, E, S, I.", "[NOME], [NOME]."),
    ("it", "Indirizzo di fornitura?", "Quattro Novembre otto.", "[INDIRIZZO]."),
    ("it", "Abita sempre in via dei Glicini?", "Sì, al diciassette.", "Sì, al [INDIRIZZO]."),
    ("it", "Intestatario?", "Privitera Alfio.", "[NOME]."),
    ("it", "Quando scade la bolletta?", "Il tre aprile.", "Il tre aprile."),
    ("en", "Your address?", "Fourteen Maple.", "[INDIRIZZO]."),
    ("en", "Could you spell your surname?", "P, E, M, B, E, R.", "[NOME]."),
    ("en", "Customer number?", "Double four, seven one oh.", "[CODICE]."),
    ("en", "When is it due?", "The third of April.", "The third of April."),
]  # fmt: skip


@pytest.mark.parametrize(("language", "question", "answer", "expected"), ANSWERS)
def test_what_one_turn_asks_for_is_taken_from_the_next(
    language: str, question: str, answer: str, expected: str
) -> None:
    assert redact_call([question, answer], language)[1] == expected


def test_a_date_of_birth_may_come_after_another_question() -> None:
    turns = ["Data di nascita e codice fiscale?", "Il codice a memoria?", "Allora basta la data."]
    assert redact_call([*turns, "Quattordici maggio ottantanove."], "it")[-1] == (
        "[DATA_DI_NASCITA]."
    )


def test_a_fiscal_code_with_numbers_in_it_is_no_date_of_birth() -> None:
    turns = [
        "Nome, data di nascita e codice fiscale?",
        "Primo ottobre duemiladue. È B N N C H R zero due R quarantuno H cinque zero uno D.",
    ]
    assert redact_call(turns, "it")[1] == "[DATA_DI_NASCITA]. È [CODICE_FISCALE]."


def test_parts_that_are_said_again_to_confirm_them_are_taken_too() -> None:
    said = [
        "Può richiamare lo zero cinque trentadue, quarantuno, zero nove?",
        "Aspetti. Zero cinque trentadue?",
        "Quarantuno, zero nove. Alle quattro, per trentadue euro.",
    ]
    assert redact_call(said, "it") == [
        "Può richiamare lo [TELEFONO]?",
        "Aspetti. [TELEFONO]?",
        "[TELEFONO]. Alle quattro, per trentadue euro.",
    ]


def test_a_number_that_was_broken_off_goes_with_the_one_that_follows() -> None:
    said = (
        "Il cellulare? Tre due otto... no, tre due nove, quattro uno uno, sette sette, otto zero."
    )
    assert redact(said, "it") == "Il cellulare? [TELEFONO]... no, [TELEFONO]."


def test_an_occurrence_that_is_labelled_once_is_no_clean_word() -> None:
    report = measure(
        [{"turns": [{"text": "Sono Marco Neri. Marco Neri, sì.", "personal": ["Marco Neri"]}]}]
    )
    assert (report.recall, report.lost_words, report.clean_words) == (1.0, 0, 2)
