"""What doctor says of recordings, names, keys, mappings and watched folders that are wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from infra.cli.doctor.machine import here
from infra.cli.doctor.sources import sources
from infra.settings import Settings

MAPPING = """\
data: {client_id: {value: luce}, agency_id: {value: alfa}, service: {value: debt_collection},
       touchpoint: {value: reminder}}
tables: {customers: {file: customers.csv, key: phone, value: customer, as: phone}}
"""
TABLE = "phone,customer\n+390551234567,C-1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(MAPPING)
    (tmp_path / "customers.csv").write_text(TABLE)
    (tmp_path / "names.yaml").write_text("clients: {luce: Luce Serena}\n")
    (tmp_path / "exports").mkdir()
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / "one.wav").write_bytes(b"RIFF")
    (tmp_path / "folders.yaml").write_text(
        f"folders: [{{url: {tmp_path}/exports, preset: freepbx, mapping: mine.yaml}}]\n"
    )
    key = {
        "name": "voice",
        "client": "luce",
        "sha256": "0" * 64,
        "created_at": "2026-03-02T10:00:00Z",
        "mapping": str(tmp_path / "mine.yaml"),
        "signature": "twilio",
        "secret_env": "VOICE_TOKEN",
    }
    (tmp_path / "gateway-keys.json").write_text(json.dumps({"keys": [key]}))
    return tmp_path


def found(folder: Path, **settings: Any) -> dict[str, tuple[bool, str, str]]:
    given = {
        "data_dir": folder,
        "recordings": [folder / "recordings"],
        "registry": folder / "names.yaml",
        **settings,
    }
    findings = list(sources(Settings(**given), folder / "folders.yaml"))
    assert all(each.todo for each in findings if not each.well)
    return {each.what: (each.well, each.seen, each.todo) for each in findings}


def test_what_is_right_is_shown_with_its_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOICE_TOKEN", "x")
    shown = found(folder)
    assert {what for what, (well, *_) in shown.items() if not well} == set()
    assert shown[f"recordings in {folder}/recordings"][1] == "readable, 1 file"
    assert shown["names"][1] == "of 1 client companies and 0 agencies"
    assert shown["gateway's keys"][1] == "1 key"
    assert shown["mapping of key voice"][1] == "parses, with look-up tables customers: 1 key"
    assert shown["watched folders"][1] == "1 folder"
    assert shown[f"mapping of {folder}/exports"][1].startswith("parses, with look-up tables")


def test_what_is_wrong_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VOICE_TOKEN", raising=False)
    shown = found(folder)
    assert shown["secret of key voice"][:2] == (False, "VOICE_TOKEN is not set here")

    (folder / "names.yaml").write_text("clients: {luce: {}}\n")
    well, seen, todo = found(folder)["names"]
    assert not well
    assert "line 1" in seen
    assert "ascolto registry check" in todo

    (folder / "customers.csv").write_text(TABLE + "+390551234567,C-2\n")
    assert not found(folder)["mapping of key voice"][0]
    assert not found(folder)["watched folders"][0]
    (folder / "customers.csv").write_text(TABLE)

    (folder / "mine.yaml").write_text("data: {nothing: {value: x}}\n")
    assert not found(folder)["mapping of key voice"][0]

    (folder / "gateway-keys.json").write_text("{")
    assert "503" in found(folder)["gateway's keys"][2]
    assert found(folder, recordings=[folder / "x"])[f"recordings in {folder}/x"][1] == (
        "no such directory"
    )
    (folder / "folders.yaml").write_text("folders: []\n")
    assert not found(folder)["watched folders"][0]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_recordings_that_may_not_be_read_are_counted(folder: Path) -> None:
    (folder / "recordings" / "one.wav").chmod(0)
    well, seen, todo = found(folder)[f"recordings in {folder}/recordings"]
    assert (well, seen) == (False, "1 of 1 files cannot be read")
    assert "the user that runs the transcriber" in todo


def test_a_clock_that_cannot_be_right_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clock() -> bool:
        settings = Settings(data_dir=tmp_path)
        return next(each for each in here(settings) if each.what == "clock of this machine").well

    assert clock()
    for wrong in (0.0, 5e9):
        monkeypatch.setattr("infra.cli.doctor.machine.time.time", lambda wrong=wrong: wrong)
        assert not clock()
