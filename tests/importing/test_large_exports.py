"""Exports of any size: read value by value, and with little memory."""

from __future__ import annotations

import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.importing.formats import json_stream
from infra.importing.formats.json_rows import json_records
from infra.importing.formats.json_stream import JsonStream, NotJson
from infra.importing.grouping import grouped
from infra.importing.mapping_files import load
from infra.importing.rows import UnreadableExport, read_records
from processors.mapping.model import Input

EXPORTS = Path(__file__).parent / "exports"
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
DOCUMENTS = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)


def stream(text: str, characters: int) -> JsonStream:
    """A stream over a file that gives so many characters at a time."""

    class Slowly(io.StringIO):
        def read(self, size: int | None = -1, /) -> str:
            return super().read(characters if size is None or size > 0 else size)

    return JsonStream(Slowly(text))


@settings(deadline=None)
@given(st.lists(DOCUMENTS, max_size=4), st.sampled_from(["\n", " ", "\r\n\r\n"]), st.integers(1, 9))
def test_documents_come_back_however_they_arrive(
    documents: list[Any], between: str, characters: int
) -> None:
    read = stream(between.join(json.dumps(each, indent=1) for each in documents), characters)
    found = []
    while read.has_more():
        found.append(read.value())
    assert found == documents
    array = stream(json.dumps(documents), characters)
    assert list(array.elements()) == documents
    assert not array.has_more()


@settings(deadline=None)
@given(st.dictionaries(st.text(), DOCUMENTS, max_size=4), st.integers(1, 9))
def test_members_come_back(document: dict[str, Any], characters: int) -> None:
    read = stream(json.dumps(document), characters)
    assert {name: read.value() for name in read.members()} == document


@settings(deadline=None)
@given(st.lists(DOCUMENTS, min_size=1, max_size=3), st.data(), st.integers(1, 9))
def test_what_is_cut_short_is_named(documents: list[Any], data: Any, characters: int) -> None:
    text = json.dumps(documents)
    read = stream(text[: data.draw(st.integers(1, len(text) - 1))], characters)
    with pytest.raises(NotJson, match="it is no JSON"):
        list(read.elements())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('{"a": 1}\n{"a": }\n', 2),
        ('{"a": 1}\n{"a": 1} x', 2),
        ("[" * 100_000, 1),
        *((f"[{{}},\n{'[' * depth}{']' * depth}]", 2) for depth in (201, 700, 980, 985)),
        ('{"a": ' + "9" * 5000 + "}", 1),
        ('[{"a": 1}\n{"a": 2}]', 2),
        ("<html>", 1),
    ],
)
def test_a_file_that_is_no_json_is_named_with_its_line(
    tmp_path: Path, text: str, line: int
) -> None:
    path = tmp_path / "export.json"
    path.write_text(text)
    with pytest.raises(UnreadableExport, match=rf"line {line}: it is no JSON"):
        list(json_records(path, Input(format="json")))


def test_one_value_that_is_too_large_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "MOST_CHARACTERS", 1 << 17)
    path = tmp_path / "export.json"
    path.write_text(json.dumps({"pages": [{"calls": [{"a": "x" * 1000}] * 200}]}))
    with pytest.raises(UnreadableExport, match=r"split the file"):
        list(json_records(path, Input(format="json", records="pages[].calls[]")))
    with pytest.raises(UnreadableExport, match=r"records: NAME"):
        list(json_records(path, Input(format="json")))


@pytest.mark.parametrize("records", ["calls", "calls[]", "body.calls", None])
def test_records_wherever_they_stand(tmp_path: Path, records: str | None) -> None:
    rows = [{"a": 1}, {"a": 2}]
    whole: Any = {"total": 12, "calls": rows, "next": None}
    whole = {"body": whole} if records == "body.calls" else rows if records is None else whole
    path = tmp_path / "export.json"
    path.write_text(json.dumps(whole) + "\n" + json.dumps(whole))
    assert list(json_records(path, Input(format="json", records=records))) == rows * 2


def test_a_long_document_is_not_held_in_memory(tmp_path: Path) -> None:
    call = json.loads((EXPORTS / "genesys.json").read_text())["conversations"][0]
    path = tmp_path / "long.json"
    with path.open("w") as file:
        file.write('{"totalHits": 6000, "conversations": [')
        file.writelines(json.dumps(call | {"conversationId": str(n)}) + "," for n in range(6000))
        file.write(json.dumps(call) + "]}")
    mapping = load("genesys", EXPORTS / "calls.yaml").mapping
    tracemalloc.start()
    groups = sum(
        1 for _ in grouped(mapping, ((path, each) for each in read_records(path, mapping)))
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert groups == 6001
    assert peak < 3 << 20 < path.stat().st_size
