"""`ascolto import presets suggest`: from an export that nobody has described to a mapping.

The exports are invented, in the form in which Italian bookkeeping (Zucchetti, TeamSystem), SAP,
banks, CRM (Salesforce, Dynamics) and the consoles of telephone systems write theirs.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.importing.formats.texts import UnreadableExport
from infra.importing.importer import Import, read_tables
from infra.importing.mapping_files import load
from infra.importing.suggesting import suggested
from processors.mapping.mapper import NO_RECORDING, Made, Refused, UnknownCustomer
from processors.mapping.meanings import meaning_of, words_in

EXPORTS = Path(__file__).parent / "exports"
CUSTOMERS = "telefono;codice_cliente\n+39 055 1234567;C-1\n347 9998888;C-3\n"

ZUCCHETTI = """Ragione sociale: Luce Serena S.p.A.;;;;;;\r
Estratto incassi dal 01/03/2026 al 31/03/2026;;;;;;\r
\r
N. Reg.;Data reg.;Cod. Cliente;Ragione Sociale;Causale;Dare;Avere\r
1021;02/03/2026;C-1;Rossi Mario;INCASSO BONIFICO;;1.234,56\r
1022;03/03/2026;C-3;Bar "Da Gino" S.n.c.;INCASSO SDD;;49,90\r
1023;05/03/2026;C-3;Bar "Da Gino" S.n.c.;INSOLUTO SDD;49,90;\r
Totale;;;;;49,90;1.284,46\r
"""
TEAMSYSTEM = """Codice soggetto;Descrizione;Data documento;Data incasso;Importo incassato;Divisa
000123;Società Àlfa;31/12/2025;31/12/2025 00:00:00;EUR 1.234,56;EUR
000124;Rossi;15/01/2026;02/03/2026 00:00:00;EUR 49,90;EUR
;;;Totale generale;EUR 1.284,46;
"""
SAP = """KUNNR\tBELNR\tBUDAT\tWRBTR\tWAERS
0000012345\t1400000123\t20251231\t1.234,56-\tEUR
0000012346\t1400000124\t20260102\t49,90-\tEUR
"""
BANK = """Data contabile;Data valuta;Importo;Causale;Codice cliente
31-dic-2025;31-dic-2025;+1.234,56;BONIFICO;C-1
02-gen-2026;02-gen-2026;49,90;BONIFICO;C-3
"""
PAYMENTS = {
    "zucchetti": (ZUCCHETTI, "cp1252", "2026-03-01T23:00:00+00:00"),
    "teamsystem": (TEAMSYSTEM, "cp1252", "2025-12-30T23:00:00+00:00"),
    "sap": (SAP, "utf-8", "2025-12-30T23:00:00+00:00"),
    "bank": (BANK, "utf-8-sig", "2025-12-30T23:00:00+00:00"),
    "plain": ("cliente,importo,data\nC-1,1234.56,2025-12-31\nC-2,49.9,2026-01-02\n", "utf-8", None),
}

SALESFORCE = """"Case Number","Account ID","Contract Number","Date/Time Closed","Closing Reason"
"00001026","0015g00000AbCdE","00000101","31/12/2025, 14:30","Passaggio ad altro fornitore"
"00001027","0015g00000AbCdF","00000102","02/01/2026, 09:15","Morosità"
"""
DYNAMICS = """(Non modificare) Contratto,(Non modificare) Data modifica,Cliente,ID contratto,\
Motivo stato,Annullato il
8f3a-1,31/12/2025 14:30,C-1,CNT-001,Recesso cliente,31/12/2025
8f3a-2,02/01/2026 09:15,C-3,CNT-002,Mancato pagamento,02/01/2026
"""
ENDED = """COD_CLIENTE|POD|DATA_CESSAZIONE|CAUSALE
C-1|IT001E12345678|20251231|SWITCH OUT
C-3|IT001E12345679|20260102|CESSAZIONE PER MOROSITA'
"""

TWILIO_CONSOLE = """"Call Sid","Start Time","Duration","From","To","Status","Direction"
"CA1","10:12:00 CET 2026-03-02","210","+390289000","+390551234567","Completed","Outgoing API"
"""
TWILIO_LIBRARY = json.dumps(
    [
        {"sid": "CA1", "parentCallSid": None, "direction": "outbound-api", "from": "+390289000"}
        | {"to": "+390551234567", "status": "completed", "duration": "210"}
        | {"startTime": "2026-03-02T09:12:00.000Z", "endTime": "2026-03-02T09:15:30.000Z"}
    ]
)
V18 = """Call Time,Caller ID,Destination,Status,Ringing,Talking,Totals,Cost,Reason
02/03/2026 10:12:00,Anna Neri (201),0551234567,Answered,00:00:08,00:03:22,00:03:30,,
Totals,,,,00:00:39,00:03:22,00:04:01,,
"""
V20 = """Call Time,Call ID,From,To,Direction,Status,Ringing,Talking,Cost,Call Activity Details
2026-03-02T10:11:00+01:00,0A1C,0551234567,Solleciti (800),Inbound Queue,Missed,00:00:12,00:00:00,0,
2026-03-02T10:12:00+01:00,0A1C,0551234567,Eva Blu (201),Inbound,Answered,00:00:05,00:03:30,0,
"""
DUMP = '''"calldate";"clid";"src";"dst";"dcontext";"channel";"dstchannel";"lastapp";"duration";\
"billsec";"disposition";"uniqueid";"did";"recordingfile";"linkedid";"sequence"\r
"2026-03-02 10:12:00";"""Anna\r
Neri"" <201>";"201";"0551234567";"from-internal";"PJSIP/201-2a";"PJSIP/tim-2b";"Dial";"210";"200";\
"ANSWERED";"1772442720.84";"";"out.wav";"1772442720.84";"3411"\r
'''
CALLS = {
    "twilio-csv": (TWILIO_CONSOLE, "utf-8"),
    "twilio": (TWILIO_LIBRARY, "utf-8"),
    "3cx-log V18": (V18, "utf-8"),
    "3cx-log V20": (V20, "utf-8-sig"),
    "freepbx": (DUMP, "utf-8-sig"),
    "genesys": (
        json.dumps(json.loads((EXPORTS / "genesys.json").read_text())["conversations"][0]),
        "utf-8",
    ),
}


def outcomes(folder: Path, export: str, encoding: str = "utf-8") -> tuple[str, list[Any]]:
    """What becomes of an export with the mapping that is suggested for it, as it is."""
    path = folder / "export"
    path.write_bytes(export.encode(encoding))
    (folder / "customers.csv").write_text(CUSTOMERS)
    preset, text = suggested(path, "luce", "bora")
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    mapping_file = load(preset, folder / "mine.yaml")
    importing = Import(mapping_file, read_tables(mapping_file), [])
    done = [each.outcome for each in importing.run(importing.read([path]))]
    return preset, done


def data(done: list[Any]) -> list[dict[str, Any]]:
    return [json.loads(each.line)["data"] for each in done if isinstance(each, Made)]


@pytest.mark.parametrize("system", [name for name in PAYMENTS if name != "sap"])
def test_payments_need_no_line_written_by_hand(tmp_path: Path, system: str) -> None:
    export, encoding, when = PAYMENTS[system]
    preset, done = outcomes(tmp_path, export, encoding)
    assert preset == "csv-payments"
    made = data(done)
    assert [float(each["amount"]) for each in made] == [1234.56, 49.9]
    assert when is None or made[0]["received_at"] == when
    assert not [each for each in done if isinstance(each, Refused | UnknownCustomer)]


def test_negative_amounts_are_decided_by_a_person(tmp_path: Path) -> None:
    """They may have come in, as in SAP, or be returned debits."""
    preset, done = outcomes(tmp_path, SAP)
    assert (preset, data(done), len(done)) == ("csv-payments", [], 2)
    text = (tmp_path / "mine.yaml").read_text()
    assert 'TODO: {column: "WRBTR", as: amount, negate: true}, if negative amounts came in' in text


@pytest.mark.parametrize(
    "export",
    [
        "Codice Cliente;Numero Fattura;Data Emissione;Data Scadenza;Importo\n"
        "C-1;F1001;01/03/2026;31/03/2026;120,50\n",
        "Codice Cliente;Importo dovuto;Importo residuo;Data scadenza;Data ultimo pagamento\n"
        "C-1;120,50;20,50;01/02/2026;01/03/2026\n",
        "Codice Cliente;Data insoluto;Importo;Causale insoluto\nC-1;01/03/2026;-120,50;MS03\n",
        "Codice Cliente;Codice Contratto;Data attivazione;Stato\nC-1;K-1;01/03/2020;Attivo\n",
        "Tipo cliente;POD;Importo pagato;Data pagamento;Progressivo\n"
        "domestico;IT001E111;120,50;01/03/2026;1\n",
        "Codice Cliente;Contratto;Data;Stato\nC-1;K-1;01/03/2020;Attivo\n",
    ],
)
def test_what_is_owed_or_goes_on_is_no_payment_and_no_cancellation(
    tmp_path: Path, export: str
) -> None:
    """No event is made before a person has decided, and no id is taken from a row's place."""
    try:
        _, done = outcomes(tmp_path, export)
    except UnreadableExport:
        return
    assert data(done) == []
    text = (tmp_path / "mine.yaml").read_text()
    assert "TODO" in text
    assert "Progressivo" not in text


REQUESTS = """Id pratica;Cliente;Contratto;Data richiesta;Data efficacia;Tipo;Motivazione
77;C-1;K-1;01/12/2025;31/12/2025;Disdetta;Costi troppo alti
78;C-3;K-3;02/03/2026;02/03/2026;Risoluzione;Morosita
"""


@pytest.mark.parametrize("export", [SALESFORCE, DYNAMICS, ENDED, REQUESTS])
def test_cancellations_say_who_ended_the_contract(tmp_path: Path, export: str) -> None:
    # A reason that stands in one row only may name a person.
    preset, done = outcomes(tmp_path, export + export.partition("\n")[2])
    assert preset == "csv-cancellations"
    made = data(done)
    assert [each["ended_by"] for each in made] == ["customer", "supplier"] * 2
    assert made[0]["cancelled_at"].startswith("2025-12-3")
    assert "TODO: what each means, customer or supplier" in (tmp_path / "mine.yaml").read_text()


@pytest.mark.parametrize("system", CALLS)
def test_calls_find_their_preset(tmp_path: Path, system: str) -> None:
    export, encoding = CALLS[system]
    preset, done = outcomes(tmp_path, export, encoding)
    assert preset == system.split()[0]
    [call] = data(done)
    assert call["customer_id"] == "C-1"
    assert call["started_at"].startswith("2026-03-02T09:12:00")
    assert call["ended_at"].startswith("2026-03-02T09:15:30")


def test_calls_of_an_unknown_system_say_what_is_left(tmp_path: Path) -> None:
    export = "Data;Ora;Interno;Numero chiamato;Durata;Esito\n"
    export += "02/03/2026;10:12;201;055 1234567;00:03:30;Risposto\n"
    export += "02/03/2026;10:20;;347 9998888;00:00:00;Non risposto\n"
    preset, (answered, missed) = outcomes(tmp_path, export)
    assert preset == "csv-calls"
    assert answered == Refused(NO_RECORDING)
    [call] = data([missed])
    assert (call["customer_id"], call["answered"], call["operator_id"]) == ("C-3", False, "none")
    assert call["started_at"] == "2026-03-02T09:20:00+00:00"
    assert "recording: null   # TODO" in (tmp_path / "mine.yaml").read_text()


def test_of_two_numbers_the_extension_is_the_operators(tmp_path: Path) -> None:
    export = "Data;Da;A;Durata;Esito;Nome file\n"
    export += "02/03/2026 10:12:00;201;0551234567;00:03:30;ANSWERED;1.wav\n"
    export += "02/03/2026 10:20:00;3479998888;204;00:00:00;NO ANSWER;\n"
    _, done = outcomes(tmp_path, export)
    assert [(each["operator_id"], each["customer_id"]) for each in data(done)] == [
        ("201", "C-1"),
        ("204", "C-3"),
    ]


def test_a_call_that_lasted_nothing_was_not_answered(tmp_path: Path) -> None:
    export = "Data chiamata;Ora chiamata;Chiamante;Chiamato;Durata (sec);Costo\n"
    export += "02/03/2026;10:12:00;0289000;0551234567;0;0,12\n"
    [call] = data(outcomes(tmp_path, export, "cp1252")[1])
    assert (call["answered"], call["ended_at"]) == (False, "2026-03-02T09:12:00+00:00")


def test_a_payment_that_failed_is_none(tmp_path: Path) -> None:
    export = "id,Created date (UTC),Amount,Currency,Customer ID,Status\n"
    export += "ch_1,2026-03-02 10:12:00,49.90,eur,C-1,Paid\n"
    export += "ch_2,2026-03-03 10:12:00,12.00,eur,C-3,Failed\n"
    [paid] = data(outcomes(tmp_path, export)[1])
    assert (paid["customer_id"], paid["amount"]) == ("C-1", "49.90")


def test_a_number_that_rows_share_is_no_id(tmp_path: Path) -> None:
    export = "Document no;Cliente;Importo;Data\n12;C-1;1,00;02/03/2026\n12;C-1;2,00;03/03/2026\n"
    assert len(data(outcomes(tmp_path, export)[1])) == 2
    assert "id:" not in (tmp_path / "mine.yaml").read_text().replace("_id:", "")


def test_every_sample_finds_its_preset() -> None:
    found = {
        path.stem: suggested(path, None, None)[0]
        for path in EXPORTS.iterdir()
        if path.suffix in (".csv", ".json", ".jsonl") and path.stem != "customers"
    }
    assert found == {name: name for name in found} | {"nethvoice": "freepbx"}


def test_ids_that_are_not_given_are_refused_until_they_are(tmp_path: Path) -> None:
    path = tmp_path / "incassi.csv"
    path.write_text("cliente;importo;data\nC-1;1,00;02/03/2026\n")
    preset, text = suggested(path, None, None)
    (tmp_path / "mine.yaml").write_text(text)
    importing = Import(load(preset, tmp_path / "mine.yaml"), {}, [])
    [refused] = [each.outcome for each in importing.run(importing.read([path]))]
    assert isinstance(refused, Refused)
    assert "client_id" in refused.reason


@pytest.mark.parametrize(
    ("export", "why"),
    [
        ("nome;cognome\nAnna;Neri\n", "'nome', 'cognome'. Copy the nearest preset"),
        ("Rossi;3479998888;x\nVerdi;3331112222;y\n", "does not name the columns"),
        ("cliente;importo;data\n", "holds no rows"),
        ('{"message": "Unauthorized"}', "'message'. Copy the nearest preset"),
    ],
)
def test_what_is_not_recognised_is_named(tmp_path: Path, export: str, why: str) -> None:
    path = tmp_path / "export"
    path.write_text(export)
    with pytest.raises(UnreadableExport) as unreadable:
        suggested(path, "luce", "bora")
    assert why in str(unreadable.value)
    assert "3479998888" not in str(unreadable.value)


def test_words_are_shown_and_what_may_be_personal_is_not(tmp_path: Path) -> None:
    assert words_in(["Recesso", "Recesso", "Sig. Rossi deceduto", ""]) == ["Recesso"]
    assert words_in(["Risposto", "Occupato"]) == ["Risposto", "Occupato"]
    assert words_in(["Anna Neri", "Luca Blu"]) == []
    assert words_in(["3479998888", "3479998888"]) == []
    assert words_in(["a@b.example", "a@b.example"]) == []
    # Nor who answered.
    export = "Data chiamata;Numero chiamato;Risposto da;Durata\n"
    export += "01/03/2026 10:00:00;3471234567;Anna Neri;00:03:12\n" * 2
    outcomes(tmp_path, export)
    assert "Anna" not in (tmp_path / "mine.yaml").read_text()


def test_what_an_outcome_means_is_never_guessed() -> None:
    no = ("Non risposto", "NO ANSWER", "Irraggiungibile", "Segreteria telefonica", "Occupato")
    assert {meaning_of(word, "answered") for word in no} == {"no"}
    assert {meaning_of(word, "answered") for word in ("Risposto", "Answered")} == {"yes"}
    open_ = ("NORMAL CLEARING", "Numero errato", "Contatto utile - rifiuta di pagare", "Notificato")
    assert {meaning_of(word, "answered") for word in open_} == {None}
    assert meaning_of("Attivo", "ended_by") is None


DAY = "Data;Numero chiamato;%s;Durata;Esito\n02/03/2026;3479998888;%s;00:03:12;Occupato\n"


@pytest.mark.parametrize(
    ("name", "cell"), [("Interno", "201"), ("Talk Time", "00:03:12"), ("Collaboratore", "1201")]
)
def test_a_call_of_a_day_without_the_time_of_day_is_left_open(
    tmp_path: Path, name: str, cell: str
) -> None:
    _, done = outcomes(tmp_path, DAY % (name, cell))
    assert data(done) == []
    assert "no column of the time of day is found" in (tmp_path / "mine.yaml").read_text()


def test_digits_without_separators_are_read_only_if_all_are_there(tmp_path: Path) -> None:
    export = "Data ora;Numero;Durata\n202603021112;3479998888;0\n"
    [call] = data(outcomes(tmp_path, export)[1])
    assert call["started_at"] == "2026-03-02T10:12:00+00:00"


def test_no_number_is_the_customers_and_the_operators(tmp_path: Path) -> None:
    export = "Inizio;Da;A;Durata;Esito\n01/03/2026 10:00:00;3479998888;0287654321;00:00:00;Persa\n"
    [call] = data(outcomes(tmp_path, export)[1])
    assert (call["customer_id"], call["operator_id"]) == ("C-3", "none")
    # In Italian bookkeeping an *utente* is a customer.
    export = "Data ora;Utente;Telefono;Durata;Esito\n"
    export += "01/03/2026 10:00:00;ROSSI MARIO;3479998888;00:00:00;Persa\n"
    assert data(outcomes(tmp_path, export)[1]) == []


def test_states_of_which_only_some_were_seen(tmp_path: Path) -> None:
    export = "Codice cliente;Importo pagato;Data pagamento;Stato\n"
    export += "C-1;1,00;01/03/2026;Incassato\n" * 200 + "C-1;1,00;02/03/2026;Stornato\n" * 2
    outcomes(tmp_path, export.replace("Incassato", "Stornato", 1) + "C-3;2,00;01/03/2026;Saldato\n")
    path = tmp_path / "export"
    mine = load("csv-payments", tmp_path / "mine.yaml")
    importing = Import(mine, {}, [])
    done = [each.outcome for each in importing.run(importing.read([path]))]
    assert (importing.counts.passed_over, len(data(done))) == (3, 200)


@pytest.mark.parametrize("name", ["call-records", "Elenco chiamate", "123", 'a"b', "città"])
def test_lists_of_whatever_name_are_read(tmp_path: Path, name: str) -> None:
    call = {"start": "2026-03-01T10:00:00Z", "number": "3479998888", "duration": 0, name: "x"}
    _, done = outcomes(tmp_path, json.dumps({name: [call]}, ensure_ascii=False))
    [made] = data(done)
    assert made["customer_id"] == "C-3"


def test_a_long_name_of_a_column_takes_no_time(tmp_path: Path) -> None:
    started = time.process_time()
    plainly = "cliente;importo2;data\nC-1;1,00;02/03/2026\n"
    outcomes(tmp_path, plainly.replace("data", "id" * 20_000 + ";data").replace("00;", "00;x;"))
    assert time.process_time() - started < 2


CELLS = st.text(max_size=12) | st.sampled_from(["02/03/2026", "1,00", "C-1", "", "0551234567"])


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(
    st.lists(st.sampled_from(["cliente", "importo", "data", "Stato", "x", "", "Data"]), max_size=5),
    st.lists(st.lists(CELLS, max_size=6), max_size=4),
)
def test_whatever_a_file_holds_a_mapping_or_a_reason_comes(
    tmp_path: Path, names: list[str], rows: list[list[str]]
) -> None:
    path = tmp_path / "export"
    lines = [";".join(names), *(";".join(row).replace("\n", " ") for row in rows)]
    path.write_text("\n".join(lines), encoding="utf-8", errors="replace")
    try:
        preset, text = suggested(path, "luce", "bora")
    except UnreadableExport:
        return
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    load(preset, tmp_path / "mine.yaml")
