"""A mapping file says data and never code; what is wrong in it is named by file and line."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.importing.importer import Import, read_tables
from infra.importing.mapping_files import MappingError, load
from infra.importing.rows import UnreadableExport, read_records
from processors.mapping.mapper import Made, Mapper, Refused, UnknownCustomer
from processors.mapping.model import Mapping
from processors.mapping.records import Record

PAYMENTS = """
data:
  client_id: {value: luce}
"""


def file(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("data:\n  client_id: {value: luce}\n  amont: {column: a}", 3, "the event has no amont"),
        ("data:\n  amount: {colunm: a}", 2, "this name means nothing here"),
        ("data:\n  amount: {column: a, as: money}", 2, "'amount'"),
        ("data:\n  amount: {x: {value: a}}", 2, "amount has no fields of its own"),
        ("data:\n  amount: {column: a, value: b}", 2, "one of column, value, join, cases"),
        ("data:\n  customer_id: {column: a, lookup: people}", 2, "the table people has no file"),
        ("time_zone: Rome", None, "write it like Europe/Rome"),
        ("filters:\n  - {column: a}", 2, "say what must hold"),
        ("data: [\n", 2, "expected"),
        ("data: {}\nfilters: []\ndata: {}\n", 3, "data is already in line 1"),
        ("- a\n", None, "a mapping of names to values is needed"),
        ("eval: import os", 1, "this name means nothing here"),
        ("data: !!python/object/apply:os.system [ls]", 1, "could not determine a constructor"),
    ],
)
def test_an_error_names_the_file_the_line_and_the_fix(
    tmp_path: Path, text: str, line: int | None, says: str
) -> None:
    mine = file(tmp_path, text)
    with pytest.raises(MappingError) as wrong:
        load("csv-payments", mine)
    assert says in str(wrong.value)
    assert (f"{mine}, line {line}" if line else str(mine)) in str(wrong.value)


def test_a_mapping_without_a_client_says_what_to_write() -> None:
    with pytest.raises(MappingError, match=r"needs client_id.*Write a file with") as wrong:
        load("csv-payments")
    assert "client_id: {value: ...}" in str(wrong.value)


def test_json_paths_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    mine = file(tmp_path, "data:\n  client_id: {column: 'a['}\n  customer_id: {column: to}\n")
    with pytest.raises(MappingError, match="is no JMESPath"):
        load("twilio", mine)


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    mine = file(tmp_path, PAYMENTS + "  amount: {column: lordo, as: amount}\n")
    export = file(tmp_path, "cliente;importo;data\nC-1;1,00;02/03/2026\n", "a.csv")
    mapping_file = load("csv-payments", mine)
    with pytest.raises(UnreadableExport, match=r"lacks 'lordo'.*';', are 'cliente', 'importo'"):
        list(Import(mapping_file, {}, []).read([export]))


def test_a_table_with_two_values_for_a_key_is_refused(tmp_path: Path) -> None:
    table = "customers: {file: c.csv, key: n, value: c, as: phone}"
    data = "".join(
        f"  {name}: {{value: {value}}}\n"
        for name, value in (
            ("client_id", "luce"),
            ("agency_id", "bora"),
            ("service", "debt_collection"),
            ("touchpoint", "reminder"),
        )
    )
    mine = file(tmp_path, f"data:\n{data}tables:\n  {table}\n")
    file(tmp_path, "n,c\n055 1234567,C-1\n+390551234567,C-2\n", "c.csv")
    with pytest.raises(UnreadableExport, match="another value already: 1, for instance in row 2"):
        read_tables(load("asterisk-cdr", mine))


CELLS = st.text(
    st.characters(exclude_characters="\0\r", exclude_categories=("Cs",)), max_size=20
).map(str.strip)


@given(st.lists(st.fixed_dictionaries({"a": CELLS, "b;": CELLS, 'c"': CELLS}), max_size=5))
def test_cells_come_back_whatever_is_in_them(tmp_path_factory: Any, rows: list[Any]) -> None:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, ["a", "b;", 'c"'], delimiter=",", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(rows)
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_text(out.getvalue(), encoding="utf-8", newline="")
    mapping = Mapping.model_validate(
        {
            "event": "payment-received",
            "source": {"value": "x"},
            "input": {"delimiter": ","},
            "data": {"client_id": {"column": "a"}},
        }
    )
    read = [record.rows[0] for record in read_records(path, mapping)]
    assert read == [row for row in rows if any(row.values())]


@settings(deadline=None)  # It reads a preset each time, on a machine that may be busy.
@given(st.dictionaries(st.sampled_from(["cliente", "importo", "data", "valuta"]), CELLS))
def test_whatever_a_row_holds_it_becomes_an_event_or_a_reason_without_its_values(
    row: dict[str, str],
) -> None:
    mapper = Mapper(_payments(), {})
    outcome = mapper.apply(Record(1, (row,), is_json=False))
    match outcome:
        case Made(line=line):
            assert json.loads(line)["data"]["client_id"] == "luce"
        case Refused(reason):
            assert not any(len(cell) > 3 and cell in reason for cell in row.values())


def test_a_caller_without_a_number_is_an_unknown_customer() -> None:
    mapping = {
        "event": "payment-received",
        "source": {"value": "x"},
        "tables": {"customers": {"file": "c.csv", "key": "n", "value": "c", "as": "phone"}},
        "data": {"customer_id": {"column": "src", "lookup": "customers"}},
    }
    mapper = Mapper(Mapping.model_validate(mapping), {"customers": {}})
    for caller in ("anonymous", "", "+390551234567"):
        outcome = mapper.apply(Record(1, ({"src": caller},), is_json=False))
        assert isinstance(outcome, UnknownCustomer)


def test_equal_rows_of_one_file_are_different_events() -> None:
    mapper = Mapper(_payments(), {})
    row = {"cliente": "C-1", "importo": "5,00", "data": "02/03/2026"}
    made = [mapper.apply(Record(n, (row,), is_json=False)) for n in (1, 2)]
    ids = [json.loads(each.line)["id"] for each in made if isinstance(each, Made)]
    assert ids[1] == f"{ids[0]}-2"


def _payments() -> Mapping:
    text = Path("tests/importing/exports/records.yaml")
    return load("csv-payments", text).mapping
