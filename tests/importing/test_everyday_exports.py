"""Exports as offices have them: titles above, saved by Excel, cells with too much or too little."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from infra.importing.importer import Import, read_tables
from infra.importing.mapping_files import MappingError, load
from infra.importing.rows import UnreadableExport
from processors.mapping.mapper import Made, PassedOver, Refused, UnknownCustomer

COMPANY = "data: {client_id: {value: luce}}\n"
CALLS = (
    "data: {client_id: {value: luce}, agency_id: {value: bora}, service: {value: debt_collection},"
    " touchpoint: {value: reminder}}\n"
    "tables: {customers: {file: customers.csv, key: telefono, value: codice, as: phone%s}}\n"
)
PAYMENTS = "Codice Cliente;Importo;Data Incasso;;\nC-1;1.234,56 €;02/03/26;;\n"


def outcomes(folder: Path, preset: str, export: bytes | str, mapping: str = COMPANY) -> list[Any]:
    """What becomes of each record of an export."""
    (folder / "mine.yaml").write_text(mapping, encoding="utf-8")
    path = folder / "export"
    path.write_bytes(export.encode() if isinstance(export, str) else export)
    mapping_file = load(preset, folder / "mine.yaml")
    importing = Import(mapping_file, read_tables(mapping_file), [])
    return [each.outcome for each in importing.run(importing.read([path]))]


def calls(folder: Path, preset: str, export: str, *, customers: str = "", table: str = "") -> Any:
    """The same of calls, with a table of customers."""
    known = customers or "telefono;codice\n0551234567;C-1\n3479998888;C-3\n"
    (folder / "customers.csv").write_text(known, encoding="utf-8")
    return outcomes(folder, preset, export, CALLS % table)


def data(outcome: Any) -> dict[str, Any]:
    assert isinstance(outcome, Made), outcome
    found: dict[str, Any] = json.loads(outcome.line)["data"]
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("above", ["", "\r\n", "sep=;\r\n"])
def test_what_excel_saves_is_read_as_it_is(tmp_path: Path, encoding: str, above: str) -> None:
    [made] = outcomes(tmp_path, "csv-payments", (above + PAYMENTS).encode(encoding))
    assert data(made)["amount"] == "1234.56"
    assert data(made)["received_at"] == "2026-03-01T23:00:00+00:00"


def test_titles_above_the_names_are_skipped_and_a_message_counts_them(tmp_path: Path) -> None:
    export = f"Incassi di marzo\n\nLuce\n{PAYMENTS}"
    with pytest.raises(UnreadableExport, match=r"line 4 has them.*input: \{skip_lines: 3\}"):
        outcomes(tmp_path, "csv-payments", export)
    [made] = outcomes(tmp_path, "csv-payments", export, f"{COMPANY}input: {{skip_lines: 3}}\n")
    assert data(made)["customer_id"] == "C-1"


def test_a_first_line_of_values_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(UnreadableExport, match="not named by the first line") as unreadable:
        outcomes(tmp_path, "csv-payments", "Rossi;3479998888;1,00\n")
    assert "Rossi" not in str(unreadable.value)


def test_of_two_columns_with_one_name_none_is_guessed(tmp_path: Path) -> None:
    export = "cliente;importo;data;importo\nC-1;1,00;02/03/2026;2,00\n"
    with pytest.raises(UnreadableExport, match=r"'importo \(1\)', 'data', 'importo \(2\)'"):
        outcomes(tmp_path, "csv-payments", export)
    which = 'data: {client_id: {value: luce}, amount: {column: "importo (2)", as: amount}}\n'
    assert data(outcomes(tmp_path, "csv-payments", export, which)[0])["amount"] == "2.00"


@pytest.mark.parametrize("row", ["C-1,02/03/2026,49,90", 'C-1,"02/03/2026,49\nC-2,02/03/2026,50\n'])
def test_cells_that_do_not_fit_are_refused(tmp_path: Path, row: str) -> None:
    [refused] = outcomes(tmp_path, "csv-payments", f"cliente,data,importo\n{row}\n")
    assert isinstance(refused, Refused)
    assert "more or fewer cells" in refused.reason


def test_a_quotation_mark_that_is_not_closed_is_found(tmp_path: Path) -> None:
    rows = ["C-1;1,00;02/03/2026\n"] * 4999 + ['"C-1;1,00;02/03/2026\n'] + ["x" * 999 + "\n"] * 1100
    with pytest.raises(UnreadableExport, match=r"row 5000: .*not closed there"):
        outcomes(tmp_path, "csv-payments", "cliente;importo;data\n" + "".join(rows))


@pytest.mark.parametrize("amount", ["1234,56-", "-1.234,56", "(12,00)", "-€ 12", "\u221212"])
def test_money_that_went_back_says_where_it_belongs(tmp_path: Path, amount: str) -> None:
    export = f"cliente;importo;data\nC-1;{amount};02/03/2026\n"
    [refused] = outcomes(tmp_path, "csv-payments", export)
    assert isinstance(refused, Refused)
    assert "payment-returned" in refused.reason


@pytest.mark.parametrize(
    "day", ["02/03/26", "2 marzo 2026", "02-MAR-2026", "2.3.2026", "46083", "2 March 2026"]
)
def test_days_however_they_are_written(tmp_path: Path, day: str) -> None:
    [made] = outcomes(tmp_path, "csv-payments", f"cliente;importo;data\nC-1;1,00;{day}\n")
    assert data(made)["received_at"] == "2026-03-01T23:00:00+00:00"


@pytest.mark.parametrize(
    ("preset", "export", "first"),
    [
        (
            "csv-payments",
            "Cliente;Importo;Data;IDPagamento\nC001;120,50;01/03/2026;7001\n",
            ("c5e2f532fc692bae927536cf7d264cc2", "2026-02-28T23:00:00+00:00"),
        ),
        (
            "csv-payments",
            "Cliente;Importo;Data;DataValuta\nC001;120,50;01/03/2026;05/03/2026\n",
            ("25d575748a1eb49f8614ed0a175c4346", "2026-02-28T23:00:00+00:00"),
        ),
        (
            "csv-cancellations",
            "Cliente;Contratto;DataCessazione;Data;Motivo\nC001;K1;05/03/2026;01/03/2026;recesso\n",
            ("b52b0b411d8e8834d77768a70f54c40e", "2026-02-28T23:00:00+00:00"),
        ),
    ],
)
def test_ids_and_times_stay_as_they_were_sent(
    tmp_path: Path, preset: str, export: str, first: tuple[str, str]
) -> None:
    """Against what commit ebdc6d57 made of these files."""
    [made] = outcomes(tmp_path, preset, export)
    event = json.loads(made.line)
    when = event["data"].get("received_at") or event["data"]["cancelled_at"]
    assert (event["id"], when) == first


def test_a_kind_of_payment_is_no_total(tmp_path: Path) -> None:
    export = "Tipo pagamento;Codice cliente;Importo;Data\n"
    export += "Totale;C-1;120,50;01/03/2026\nParziale;C-1;20,00;01/03/2026\nTotale;;140,50;\n"
    *paid, total = outcomes(tmp_path, "csv-payments", export)
    assert [data(each)["amount"] for each in paid] == ["120.50", "20.00"]
    assert total == PassedOver()
    [total] = outcomes(tmp_path, "csv-payments", "cliente;importo;data\nTotale;1,00;01/03/2026\n")
    assert total == PassedOver()


def test_a_needed_column_is_found_without_its_blanks(tmp_path: Path) -> None:
    export = "CodiceCliente;Importo;DataIncasso\nC-1;1,00;02/03/2026\n"
    [made] = outcomes(tmp_path, "csv-payments", export)
    assert data(made)["customer_id"] == "C-1"


def test_a_format_that_is_none_is_named(tmp_path: Path) -> None:
    mapping = COMPANY.replace("}}", "}, received_at: {column: data, as: time, formats: [gg/mm]}}")
    with pytest.raises(MappingError, match="'gg/mm' is none; there are iso"):
        outcomes(tmp_path, "csv-payments", PAYMENTS, mapping)


CONTACT = (
    '{"Channel": "VOICE", "ContactId": "a%d", "InitiationTimestamp": "2026-03-02T09:12:00Z", '
    '"DisconnectTimestamp": "2026-03-02T09:15:30Z", "CustomerEndpoint": {"Address": "0551234567"}}'
)


@pytest.mark.parametrize("between", ["\n", "", "\r\n\r\n", ",", " \n "])
def test_contact_records_in_lines_in_one_or_in_an_array(tmp_path: Path, between: str) -> None:
    export = between.join((CONTACT % 1, CONTACT % 2)).replace('", "', '",\n "')
    made = calls(tmp_path, "amazon-connect", f"[{export}]" if between == "," else export)
    assert [json.loads(each.line)["id"] for each in made] == ["a1", "a2"]


def test_json_that_is_cut_short_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UnreadableExport, match="line 2: it is no JSON"):
        calls(tmp_path, "amazon-connect", f"{CONTACT % 1}\n{CONTACT[:40]}")


@pytest.mark.parametrize("written", ["551234567", "39 055 1234567", "055/1234567", "+390551234567"])
def test_numbers_that_a_spreadsheet_has_changed(tmp_path: Path, written: str) -> None:
    customers = f"telefono;codice\n{written};C-1\nnon pervenuto;C-2\n;C-3\n"
    [made] = calls(tmp_path, "amazon-connect", CONTACT % 1, customers=customers)
    assert data(made)["customer_id"] == "C-1"


@pytest.mark.parametrize("written", ["5,51235E+08", "055 1234567 - 347 9998888"])
def test_numbers_that_are_lost_or_several_are_refused(tmp_path: Path, written: str) -> None:
    with pytest.raises(UnreadableExport, match=r"row 1: the key .*(rounded|several)") as unreadable:
        calls(tmp_path, "twilio", "{}", customers=f"telefono;codice\n{written};C-1\n")
    assert written not in str(unreadable.value)


def test_several_numbers_in_one_cell_and_numbers_that_customers_share(tmp_path: Path) -> None:
    customers = "telefono;codice\n347 9998888 / 055 1234567;C-1\n3479998888;C-3\n"
    table = ", separators: [' / ']"
    with pytest.raises(UnreadableExport, match="ambiguous: unknown"):
        calls(tmp_path, "amazon-connect", CONTACT % 1, customers=customers, table=table)
    export = CONTACT % 1 + (CONTACT % 2).replace("0551234567", "3479998888")
    table += ", ambiguous: unknown"
    made, shared = calls(tmp_path, "amazon-connect", export, customers=customers, table=table)
    assert data(made)["customer_id"] == "C-1"
    assert isinstance(shared, UnknownCustomer)


def cdr(**cells: str) -> str:
    """A row of Master.csv."""
    usual = {
        "accountcode": "",
        "src": "0551234567",
        "dst": "600",
        "dcontext": "ext-queues",
        "clid": '"Rossi" <0551234567>',
        "channel": "PJSIP/trunk-00000001",
        "dstchannel": "Local/205@from-queue-00000002;1",
        "lastapp": "Queue",
        "lastdata": "600,t",
        "start": "2026-03-02 11:00:00",
        "answer": "",
        "end": "2026-03-02 11:02:00",
        "duration": "120",
        "billsec": "100",
        "disposition": "ANSWERED",
        "amaflags": "3",
    }
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow((usual | cells).values())
    return out.getvalue()


@pytest.mark.parametrize("preset", ["asterisk-cdr", "freepbx", "nethvoice"])
def test_a_call_of_a_queue_is_of_the_agent_who_picked_up(tmp_path: Path, preset: str) -> None:
    agents_row = {"dcontext": "from-internal", "dst": "205", "lastapp": "Dial"}
    internal = {"src": "201", "dcontext": "from-internal", "dst": "205", "lastapp": "Dial"}
    export = cdr(uniqueid="1772445600.30")
    export += cdr(uniqueid="1772445620.32", **agents_row) + cdr(uniqueid="1.40", **internal)
    export += cdr(uniqueid="1.50", dstchannel="PJSIP/agent-anna-0000000b", lastapp="Dial")
    made, *passed_over, named = calls(tmp_path, preset, export)
    assert (data(made)["operator_id"], data(made)["customer_id"]) == ("205", "C-1")
    assert data(named)["operator_id"] == "agent-anna"
    assert [type(each) for each in passed_over] == [PassedOver, PassedOver]


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, None),
        ({"uniqueid": "1772445600.30"}, "1772445600.30/Local/205@from-queue-00000002;1"),
        (
            {"uniqueid": "1.3", "userfield": "", "peer": "", "linkedid": "1.3", "sequence": "7"},
            "1.3/7",
        ),
    ],
)
def test_master_csv_with_and_without_its_last_columns(
    tmp_path: Path, more: dict[str, str], name: str | None
) -> None:
    [made] = calls(tmp_path, "asterisk-cdr", cdr(**more, disposition="NO ANSWER"))
    assert data(made)["answered"] is False
    assert name in (None, json.loads(made.line)["id"])


def test_channel_events_of_a_call_that_comes_in(tmp_path: Path) -> None:
    def event(kind: str, second: int, number: str, channel: str, context: str, app: str) -> str:
        exten = "0281234" if "trunk" in context else "s"
        middle = f"{kind},{1772442720 + second}.5,,{number},,,,{exten},{context},{channel},{app}"
        return f"{middle},,3,,1.1,1772442720.12,,,,\n"

    trunk = ("0551234567", "PJSIP/trunk-01", "from-trunk")
    first, second = (("201", "PJSIP/201-02", "from-internal"), ("202", "PJSIP/202-03", "from-x"))
    export = event("CHAN_START", 0, *trunk, "") + event("CHAN_START", 2, *first, "")
    export += event("HANGUP", 9, *first, "AppQueue") + event("CHAN_START", 9, *second, "")
    export += event("ANSWER", 10, *second, "AppQueue") + event("BRIDGE_ENTER", 10, *trunk, "Queue")
    export += event("HANGUP", 90, *second, "AppQueue") + event("LINKEDID_END", 91, *trunk, "")
    [made] = calls(tmp_path, "asterisk-cel", export)
    assert (data(made)["operator_id"], data(made)["customer_id"]) == ("202", "C-1")
    assert data(made)["ended_at"] == "2026-03-02T09:13:31.500000+00:00"


def test_3cx_rows_that_begin_with_call(tmp_path: Path) -> None:
    sample = (Path(__file__).parent / "exports" / "3cx.csv").read_text().splitlines()[0]
    [made] = calls(tmp_path, "3cx", f"Call {sample}\r\n")
    assert json.loads(made.line)["id"] == "35/0000018A_12"
    assert data(made)["recording"]["uri"] == "35.wav"


def test_of_several_agents_the_last_who_spoke(tmp_path: Path) -> None:
    def agent(name: str, segment: str) -> dict[str, Any]:
        session = {"mediaType": "voice", "segments": [{"segmentType": segment}]}
        return {"purpose": "agent", "userId": name, "sessions": [session]}

    customer = {"mediaType": "voice", "ani": "tel:+390551234567", "segments": []}
    call = {
        "conversationId": "c-1",
        "conversationStart": "2026-03-02T09:12:00Z",
        "conversationEnd": "2026-03-02T09:15:30Z",
        "originatingDirection": "inbound",
    }
    export = ""
    for spoke in ("interact", "alert"):
        agents = [agent("u-1", "alert"), agent("u-2", spoke), agent("u-3", "alert")]
        people = [{"purpose": "customer", "sessions": [customer]}, *agents]
        export += json.dumps({"conversations": [{**call, "participants": people}]})
    answered, unanswered = calls(tmp_path, "genesys", export)
    assert data(answered)["operator_id"] == "u-2"
    assert (data(unanswered)["operator_id"], data(unanswered)["answered"]) == ("none", False)


def test_a_long_file_is_not_held_in_memory(tmp_path: Path) -> None:
    path, mine = tmp_path / "long.csv", tmp_path / "mine.yaml"
    mine.write_text(COMPANY)
    with path.open("w") as file:
        file.write("id;cliente;importo;data\n")
        file.writelines(f"{n};C-{n % 9};1,00;02/03/2026{' ' * 200}\n" for n in range(20_000))
    importing = Import(load("csv-payments", mine), {}, [])
    tracemalloc.start()
    for _ in importing.read([path]):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < path.stat().st_size
