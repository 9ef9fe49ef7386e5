"""Registries of display names: what is refused and in which line, the commands, changed files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from infra.clickhouse.display_names import names_of
from infra.registry import MOST_LOGO_BYTES, RegistryError, RegistryFile, load_registry
from infra.registry_model import Registry
from infra.simulation import SimulationSettings, simulate
from tests.figures.histories import BEGIN
from tests.infra.stored import sql
from tests.streams.played import outputs_of
from tests.waiting import completed

GOOD = """\
clients:
  luce:
    name: Luce Serena S.p.A.
    logo: logos/luce.svg
    agencies:
      alfa: Alfa Recuperi
      bora: {name: <script>alert(1)</script>, logo: logos/bora.png}
  acqua: Acqua & C.
  0123:
    name: Numeri
    agencies: {alfa: Un'altra Alfa}
"""
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PNG = b"\x89PNG\r\n\x1a\n and the rest"


def written(folder: Path, text: str) -> Path:
    (folder / "logos").mkdir(parents=True, exist_ok=True)
    (folder / "logos" / "luce.svg").write_bytes(SVG)
    (folder / "logos" / "bora.png").write_bytes(PNG)
    path = folder / "names.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_client_company_may_have_a_time_zone(tmp_path: Path) -> None:
    zoned = GOOD.replace("    logo: logos/luce.svg\n", "    time_zone: Europe/Lisbon\n")
    registry = load_registry(written(tmp_path, zoned))
    assert registry.time_zone("luce", "Europe/Rome") == "Europe/Lisbon"
    assert registry.time_zone("acqua", "Europe/Rome") == "Europe/Rome"
    assert registry.time_zone("unknown", "Europe/Rome") == "Europe/Rome"
    with pytest.raises(RegistryError, match=r"line 4: clients.luce.time_zone: no such time zone"):
        load_registry(written(tmp_path, zoned.replace("Lisbon", "Atlantis")))


def test_names_belong_to_a_client_company(tmp_path: Path) -> None:
    registry = load_registry(written(tmp_path, GOOD))
    assert registry.client("luce") == "Luce Serena S.p.A."
    assert registry.agency("luce", "alfa") == "Alfa Recuperi"
    assert registry.agency("0123", "alfa") == "Un'altra Alfa"
    assert registry.agency("acqua", "alfa") == "alfa", "another client's agency is not known"
    assert registry.client("unknown") == "unknown"
    assert registry.agency("unknown", "alfa") == "alfa"
    assert registry.logo("luce") == "logos/luce.svg"
    assert registry.logo("luce", "bora") == "logos/bora.png"
    assert registry.logo("luce", "alfa") is registry.logo("acqua") is None


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("clients:\n  luce:\n    nome: Luce\n", 3, "this name means nothing here"),
        ("clients:\n  luce: {agencies: {}}\n", 2, "name: Field required"),
        ("clients:\n  luce: Luce\n  luce: Altra\n", 3, "clients.luce is already in line 2"),
        ("clients:\n  lu ce: Luce\n", 2, "without blanks"),
        ("clients:\n  luce: ''\n", 2, "a name on one line is needed"),
        ('clients:\n  luce: "a\\nb"\n', 2, "a name on one line is needed"),
        ('clients:\n  luce: "\\u202Eevil"\n', 2, "invisible"),
        (f"clients:\n  luce: {'x' * 81}\n", 2, "at most 80"),
        ("clients:\n  luce:\n    name: L\n    logo: ../x.png\n", 4, "below its folder"),
        ("clients:\n  luce:\n    name: L\n    logo: /x.png\n", 4, "below its folder"),
        ("clients:\n  luce:\n    name: L\n    logo: http://x/y.png\n", 4, "below its folder"),
        ("clients:\n  luce:\n    name: L\n    logo: x.exe\n", 4, "png, jpg, svg or webp"),
        ("clients:\n  luce:\n    name: L\n    logo: none.png\n", 4, "cannot be read"),
        ("clients:\n  luce:\n    name: L\n    logo: names.yaml.png\n", 4, "is no png picture"),
        (
            "clients:\n  luce:\n    name: L\n    agencies: {a: Same, b: SAME}\n",
            2,
            "agencies a and b have the same name",
        ),
        (
            "clients:\n  luce:\n    name: L\n    agencies: {a: b, b: Bora}\n",
            2,
            "named as the id of another one, b",
        ),
        ("clients: [\n", 2, ""),
        ("- luce\n", None, "a mapping of names to values is needed"),
        ("clients: &a [*a]\n", 1, ""),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    text: str, line: int | None, message: str, tmp_path: Path
) -> None:
    path = written(tmp_path, text)
    (tmp_path / "names.yaml.png").write_text("no picture")
    with pytest.raises(RegistryError) as raised:
        load_registry(path)
    found = [each for each in raised.value.faults if message in f"{each.entry}: {each.message}"]
    assert [each.line for each in found[:1]] == [line], str(raised.value)
    assert str(path) in str(raised.value)


def test_a_logo_is_small_and_lies_in_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    path = written(folder, "clients:\n  luce: {name: L, logo: big.png}\n")
    (folder / "big.png").write_bytes(PNG + bytes(MOST_LOGO_BYTES))
    with pytest.raises(RegistryError, match="make it smaller"):
        load_registry(path)
    (folder / "big.png").unlink()
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "big.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(RegistryError, match="outside the registry's folder"):
        load_registry(path)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=12,
    )
)
def test_anything_else_is_refused_and_never_fails_otherwise(value: object) -> None:
    try:
        registry = Registry.model_validate({"clients": value})
    except ValidationError:
        return
    assert set(registry.clients) == {each.strip() for each in value or ()}  # type: ignore[attr-defined]


def test_a_changed_file_is_read_again_and_a_wrong_one_changes_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    names = RegistryFile(path)
    assert names.current().client("acqua") == "Acqua & C."
    before = names.version
    assert names.version == before
    path.write_text("clients: {acqua: Altra Acqua}\n")
    assert names.current().client("acqua") == "Altra Acqua"
    assert names.version != before
    path.write_text("clients: {acqua: {}}\n")
    assert names.current().client("acqua") == "Altra Acqua", "the last that was right"
    path.unlink()
    assert names.current().client("acqua") == "Altra Acqua"
    assert RegistryFile(None).current().client("acqua") == "acqua"


def test_a_missing_file_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = RegistryFile(tmp_path / "nowhere.yaml")
    assert names.current().client("acqua") == names.current().client("acqua") == "acqua"
    assert caplog.text.count("ASCOLTO_REGISTRY cannot be used") == 1


def ascolto(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infra.cli.main", *map(str, arguments)]
    return completed(command, env={**os.environ, "COLUMNS": "200", **settings})


def test_the_command_says_what_is_right_and_what_is_wrong(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    done = ascolto("registry", "check", path)
    assert done.returncode == 0, done.stderr
    assert "3 client companies, 3 agencies, 2 logos" in done.stdout
    counts = json.loads(ascolto("registry", "check", path, "--json").stdout)
    assert counts == {"ok": True, "clients": 3, "agencies": 3, "logos": 2, "errors": []}
    path.write_text("clients:\n  luce: {nome: Luce}\n  acqua: {name: ''}\n")
    done = ascolto("registry", "check", path, "--json")
    assert done.returncode == 1
    assert [each["line"] for each in json.loads(done.stdout)["errors"]] == [2, 2, 3]
    assert f"{path}, line 2: clients.luce.nome: this name means nothing here" in done.stderr


def test_the_schema_is_json() -> None:
    assert json.loads(ascolto("registry", "schema").stdout)["title"] == "Registry"


@pytest.fixture
def data_dir(filled_store: Path, tmp_path: Path) -> Path:
    """A copy of the store, to be changed."""
    return Path(shutil.copytree(filled_store, tmp_path / "data", symlinks=True))


def test_names_reach_the_store_and_leave_it_again(data_dir: Path, tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    first = ascolto("registry", "apply", path, "--data-dir", data_dir)
    assert (first.returncode, first.stderr) == (0, "6 names changed\n")
    again = ascolto("registry", "apply", "--data-dir", data_dir, ASCOLTO_REGISTRY=str(path))
    assert again.stderr == "0 names changed\n"
    read = "SELECT client_id, agency_id, name FROM display_names FINAL WHERE name != ''"
    [rows] = sql(data_dir, read)
    assert {(row[0], row[1]): row[2] for row in rows} == names_of(load_registry(path))
    path.write_text("clients: {acqua: Acqua}\n")
    assert "6 names changed" in ascolto("registry", "apply", path, "--data-dir", data_dir).stderr
    [rows] = sql(data_dir, read)
    assert rows == [["acqua", "", "Acqua"]]
    wrong = ascolto("registry", "apply", tmp_path / "no.yaml", "--data-dir", data_dir)
    assert wrong.returncode == 1
    assert "nothing was changed" in wrong.stderr
    assert ascolto("registry", "apply", "--data-dir", data_dir).returncode == 2


def test_figures_show_names_and_a_wrong_registry_shows_ids(data_dir: Path, tmp_path: Path) -> None:
    [[[client, agency]]] = sql(
        data_dir, "SELECT client_id, agency_id FROM engagements ORDER BY ALL LIMIT 1"
    )
    hour = (BEGIN + timedelta(days=39)).strftime("%Y-%m-%d %H:00:00")
    sql(
        data_dir,
        "INSERT INTO agency_hours (client_id, agency_id, segment, hour, calls, version) "
        f"VALUES ('{client}', '{agency}', 'all', '{hour}', 3, 1)",
    )
    as_of = (BEGIN + timedelta(days=40)).isoformat()
    path = written(
        tmp_path,
        f"clients: {{'{client}': {{name: '[red]Luce[/red]', "
        f"agencies: {{'{agency}': 'Alfa <b>'}}}}}}",
    )
    asked = ("figures", "--data-dir", str(data_dir), "--window", "90d", "--as-of", as_of)
    views = ([], ["--survival"], ["--quarters"], ["--sensitivity"], ["--last-touch"])
    printed = outputs_of(
        [[*asked, *view] for view in views], COLUMNS="200", ASCOLTO_REGISTRY=str(path)
    )
    for view, named in zip(views, printed, strict=True):
        assert "[red]Luce[/red]" in named, view
        assert "Alfa <b>" in named, view
    plain = ascolto(*asked, ASCOLTO_REGISTRY=str(tmp_path / "no.yaml"))
    assert client in plain.stdout
    assert "Luce" not in plain.stdout
    assert "ASCOLTO_REGISTRY cannot be used, ids are shown" in plain.stderr


def test_the_demo_names_all_its_agencies() -> None:
    registry = load_registry(Path(__file__).parents[2] / "infra" / "simulation" / "registry.yaml")
    simulated = SimulationSettings(calls=120, days=30, audio=False)
    agencies = {
        (event["data"]["client_id"], event["data"]["agency_id"])
        for event in simulate(simulated)
        if "call-ended" in event["type"]
    }
    assert len(agencies) == 3
    assert all(registry.agency(*each) != each[1] for each in agencies)
    assert {client for client, _ in agencies} == set(registry.clients)
