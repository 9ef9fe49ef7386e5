"""The command line: help for everything, wrong usage reported, results alone on stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from infra.cli.main import app
from tests.infra.stored import make_store
from tests.waiting import completed, ended

COMMANDS = [
    "demo",
    "run transcriber",
    "run scorer",
    "run analytics",
    "run preview",
    "run all",
    "emit",
    "simulate",
    "transcribe",
    "score",
    "figures",
    "report",
    "dashboards build",
    "dashboards push",
    "dashboards check",
    "tenants add",
    "tenants remove",
    "tenants list",
    "tenants refresh",
    "admin topics",
    "admin migrate",
    "calls status",
    "alerts list",
    "alerts ack",
    "alerts note",
    "notify check",
    "notify test",
    "run notifier",
    "dead-letters list",
    "dead-letters show",
    "doctor",
]
RUNNER = CliRunner()
ROOT = Path(__file__).parents[2]
LARGE = {
    *(
        "aiohttp",
        "apprise",
        "chdb",
        "clickhouse_connect",
        "faster_whisper",
        "faust",
        "kafka",
        "nltk",
    ),
    *("numpy", "plotly", "pydantic_settings", "scipy"),
}


def ascolto(
    *arguments: str | Path, home: Path, given: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ASCOLTO_")}
    return completed(
        [sys.executable, "-m", "infra.cli.main", *arguments],
        given=given,
        env={**environment, "ASCOLTO_HOME": str(home), "COLUMNS": "200", **variables},
    )


def leaves(command: Any, path: tuple[str, ...] = ()) -> list[str]:
    """Every command below a group, as one types it."""
    inner = getattr(command, "commands", None)
    if inner is None:
        return [" ".join(path)]
    return [leaf for name in inner for leaf in leaves(inner[name], (*path, name))]


def test_the_commands_are_these() -> None:
    found = set(leaves(typer.main.get_command(app)))
    assert found >= set(COMMANDS), set(COMMANDS) - found


@pytest.mark.parametrize("command", leaves(typer.main.get_command(app)))
def test_every_command_has_help(command: str) -> None:
    result = RUNNER.invoke(app, [*command.split(), "--help"], env={"COLUMNS": "120"})
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    assert f"{command} " in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["run", "everything"],
        ["emit"],
        ["emit", "/no/such/file"],
        ["score", "/no/such/file"],
        ["demo", "--calls", "few"],
        ["demo", "--calls", "1"],
        ["run", "all", "--events", "/no/such/file"],
        ["simulate", "--late", "2"],
        ["figures", "--window", "1y"],
        ["figures", "--by", "colour"],
        ["figures", "--as-of", "2026-03-01T12:00:00"],
        ["figures", "--as-of", "yesterday"],
        ["figures", "--as-of", "9999-12-31T23:59:59Z"],
        ["figures", "--as-of", "1890-01-01T00:00:00Z"],
        ["report", "--client", "c", "--month", "ottobre", "--out", "x.html"],
        ["report", "--client", "c", "--month", "2026-13", "--out", "x.html"],
        ["report", "--client", "c", "--month", "2098-01", "--out", "x.html"],
        ["report", "--client", "c", "--month", "2026-01", "--out", "x.docx"],
        ["report", "--month", "2026-01", "--out", "x.html"],
        ["dead-letters", "show"],
        ["dashboards", "build"],
        ["dashboards", "push", "--url", "http://127.0.0.1:1"],
        ["dashboards", "check", "--token-file", "/no/such/file"],
        ["tenants", "add", "--url", "http://127.0.0.1:1", "--token-file", "/no/such/file"],
        ["demo", "--language", "xx"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_reported_on_stderr_with_exit_code_2(
    arguments: list[str], tmp_path: Path
) -> None:
    result = RUNNER.invoke(app, arguments, env={"ASCOLTO_HOME": str(tmp_path)})
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr
    assert not any(tmp_path.iterdir()), "nothing was started"


@pytest.mark.parametrize("arguments", ["--help", "emit --help", "score /no/such/file"])
def test_answering_at_once_loads_no_large_library(arguments: str) -> None:
    code = (
        "import sys, contextlib\nfrom infra.cli.main import app\n"
        "with contextlib.suppress(SystemExit):\n    app(sys.argv[1:])\n"
        f"print(sorted({LARGE} & sys.modules.keys()))"
    )
    done = completed([sys.executable, "-c", code, *arguments.split()])
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
    assert arguments != "--help" or "ascolto demo" in done.stdout


def test_wrong_settings_in_the_environment_are_named_without_their_value(tmp_path: Path) -> None:
    result = RUNNER.invoke(
        app, ["figures"], env={"ASCOLTO_HOME": str(tmp_path), "ASCOLTO_PARTITIONS": "zq9"}
    )
    assert result.exit_code == 2
    assert "ASCOLTO_PARTITIONS" in result.stderr
    assert "zq9" not in result.stderr


def test_figures_of_nothing_are_an_empty_list(tmp_path: Path) -> None:
    make_store(tmp_path / "d")
    done = ascolto("figures", "--data-dir", tmp_path / "d", "--json", home=tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])
    assert "no events yet" in done.stderr
    assert "Traceback" not in done.stderr
    time = "2026-03-01T12:00:00+01:00"
    arguments = ["--data-dir", tmp_path / "d", "--json", "--as-of", time, "--by", "channel"]
    done = ascolto("figures", *arguments, home=tmp_path)
    assert (done.returncode, json.loads(done.stdout)) == (0, [])


def test_a_report_of_nothing_says_which_client_companies_there_are(tmp_path: Path) -> None:
    make_store(tmp_path / "d")
    out = tmp_path / "r.html"
    asked = ["--client", "acqua", "--month", "2026-01", "--out", out, "--data-dir", tmp_path / "d"]
    done = ascolto("report", *asked, home=tmp_path)
    assert (done.returncode, done.stdout, out.exists()) == (1, "", False)
    assert "no events of client company acqua; client companies: none yet" in done.stderr
    asked[5] = tmp_path / "r.pdf"
    done = ascolto("report", *asked, home=tmp_path, PATH="")
    assert (done.returncode, done.stdout) == (1, "")
    assert "a PDF needs Chromium" in done.stderr


_LETTERS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from infra.clickhouse.client import open_embedded
from infra.clickhouse.schema import migrate
from schemas.rows import DEAD_LETTERS
client = open_embedded(Path(sys.argv[1]))
migrate(client)
row = {"letter_id": "abc", "topic": "call-ended", "origin": "call-ended/0/7", "reason": "why\\tnot",
       "error_class": "missing", "original": "eyJ4Ijog4oCmfQ==", "event_id": None,
       "client_id": None, "written_at": datetime(2026, 3, 1, tzinfo=UTC), "version": 1}
names = list(DEAD_LETTERS.columns)
for version in (1, 2):
    values = [{**row, "version": version}[name] for name in names]
    client.insert("dead_letters", [values], column_names=names)
client.close()
"""


def test_dead_letters_are_listed_and_shown(tmp_path: Path) -> None:
    make_store(tmp_path)
    empty = ascolto("dead-letters", "list", "--data-dir", tmp_path, home=tmp_path)
    assert (empty.returncode, empty.stdout) == (0, "")
    completed([sys.executable, "-c", _LETTERS, tmp_path], check=True)
    listed = ascolto("dead-letters", "list", "--data-dir", tmp_path, home=tmp_path)
    assert listed.returncode == 0
    (line,) = listed.stdout.splitlines()
    assert line.startswith("abc\tcall-ended/0/7\tmissing\t")
    shown = ascolto("dead-letters", "show", "abc", "--data-dir", tmp_path, home=tmp_path)
    assert (shown.returncode, shown.stdout) == (0, '{"x": …}\n')
    unknown = ascolto("dead-letters", "show", "zzz", "--data-dir", tmp_path, home=tmp_path)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert "zzz" in unknown.stderr


def test_admin_migrate_goes_forward_and_back(tmp_path: Path) -> None:
    make_store(tmp_path)
    steps = [["--to", "0", "--yes"], [], []]
    outcomes = [
        ascolto("admin", "migrate", *step, "--data-dir", tmp_path, home=tmp_path) for step in steps
    ]
    assert [done.returncode for done in outcomes] == [0, 0, 0]
    assert all(done.stdout == "" for done in outcomes)
    assert "0001_initial up" in outcomes[1].stderr
    assert outcomes[2].stderr.strip().endswith("nothing to do")


def test_simulate_and_score_write_results_alone_to_stdout(tmp_path: Path) -> None:
    simulated = ascolto("simulate", "--calls", "12", "--days", "5", home=tmp_path)
    assert simulated.returncode == 0
    events = [json.loads(line) for line in simulated.stdout.splitlines()]
    assert sum(event["type"].endswith("call-ended.v1") for event in events) >= 12
    turns = [{"speaker": "operator", "text": "Se non paga subito le stacchiamo la luce."}]
    line = json.dumps({"id": "c", "turns": turns})
    scored = ascolto("score", "-", home=tmp_path, given=f"{line}\nnot json\n")
    assert scored.returncode == 1
    (row,) = [json.loads(line) for line in scored.stdout.splitlines()]
    assert row["id"] == "c"
    assert "line 2" in scored.stderr
    assert "not json" not in scored.stderr


def test_dashboards_are_built_and_their_paths_printed(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["dashboards", "build", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0
    paths = [Path(line) for line in done.stdout.splitlines()]
    assert paths
    for path in paths:
        assert json.loads(path.read_text(encoding="utf-8"))["panels"]


def test_dashboards_are_built_in_the_time_zone_asked(tmp_path: Path) -> None:
    built = ["dashboards", "build", "--out", str(tmp_path), "--timezone"]
    assert RUNNER.invoke(app, [*built, "Europe/Lisbon"]).exit_code == 0
    zones = {
        json.loads(path.read_text(encoding="utf-8"))["timezone"] for path in tmp_path.iterdir()
    }
    assert zones == {"Europe/Lisbon"}
    refused = RUNNER.invoke(app, [*built, "Lisbona"])
    assert refused.exit_code == 2
    assert "Lisbona" in refused.output
    assert "Europe/Rome" in refused.output


def test_the_doctor_says_what_is_wrong_and_how_to_fix_it(tmp_path: Path) -> None:
    result = RUNNER.invoke(
        app,
        ["doctor"],
        env={"ASCOLTO_HOME": str(tmp_path), "ASCOLTO_RECORDINGS": "/no/such/directory"},
    )
    assert result.exit_code == 1
    assert "fix  recordings in /no/such/directory" in result.stdout
    assert "ASCOLTO_RECORDINGS" in result.stdout
    assert "ok   Python" in result.stdout


@pytest.mark.parametrize(
    ("model", "seen"),
    [
        ("small", "has not been fetched yet"),
        ("/no/such/model", "there is no model"),
        (".", "holds no model.bin"),
    ],
)
def test_the_doctor_reports_a_model_that_is_not_here(tmp_path: Path, model: str, seen: str) -> None:
    environment = {"ASCOLTO_HOME": str(tmp_path), "ASCOLTO_MODEL": model, "COLUMNS": "300"}
    result = RUNNER.invoke(app, ["doctor"], env=environment)
    assert result.exit_code == 1
    assert "fix  whisper model" in result.stdout
    assert seen in result.stdout


def test_the_doctor_says_what_the_model_cannot_be_computed_as(tmp_path: Path) -> None:
    environment = {"ASCOLTO_HOME": str(tmp_path), "ASCOLTO_WHISPER_DEVICE": "cuda"}
    result = RUNNER.invoke(app, ["doctor"], env={**environment, "COLUMNS": "300"})
    assert result.exit_code == 1
    assert "unset ASCOLTO_WHISPER_DEVICE" in result.stdout


def test_a_worker_whose_model_cannot_be_used_ends_before_it_takes_a_call(tmp_path: Path) -> None:
    done = completed(
        [sys.executable, "-m", "infra.cli.main", "run", "transcriber"],
        env={**os.environ, "ASCOLTO_HOME": str(tmp_path), "ASCOLTO_WHISPER_DEVICE": "cuda"},
    )
    assert done.returncode == 1
    assert "can be used on cuda" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_doctor_is_content_here(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["doctor"], env={"ASCOLTO_HOME": str(tmp_path)})
    assert result.exit_code == 0, result.stdout
    assert "fix " not in result.stdout


def test_the_version_is_printed(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["--version"], env={"ASCOLTO_HOME": str(tmp_path)})
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("ascolto 0.")


def test_a_data_directory_that_is_a_file_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.touch()
    done = ascolto("figures", "--window", "7d", "--data-dir", file, home=tmp_path)
    assert done.returncode == 2
    assert "is a file" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reader_that_has_read_enough_is_no_error() -> None:
    """As in `ascolto simulate | head -1`."""
    command = [sys.executable, "-m", "infra.cli.main", "simulate", "--calls", "3000"]
    writer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert writer.stdout is not None
    assert writer.stdout.readline().startswith(b"{")
    writer.stdout.close()
    assert ended(writer) == 0
    assert writer.stderr is not None
    assert writer.stderr.read() == b""
    writer.stderr.close()


def test_a_broker_that_is_away_is_reported_by_its_address(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    example = next((ROOT / "schemas" / "examples" / "payment-received").iterdir())
    file.write_text(json.dumps(json.loads(example.read_text(encoding="utf-8"))))
    command = [sys.executable, "-m", "infra.cli.main", "emit", str(file), "--kafka", "127.0.0.1:1"]
    sender = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert sender.stderr is not None
    try:
        assert "Kafka at 127.0.0.1:1 is away" in sender.stderr.readline()
    finally:
        sender.kill()
        sender.wait()
        sender.stderr.close()
