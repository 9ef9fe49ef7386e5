"""What docker-compose's Grafana reads from files: as the code writes it and compose mounts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml
from typer.testing import CliRunner

from dashboards.publishing.provisioning_files import DASHBOARDS_IN_CONTAINER, write_files
from infra.cli.main import app
from infra.clickhouse.tenants.access import READABLE, SETTINGS

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "infra/grafana/provisioning"


def test_the_committed_files_are_up_to_date(tmp_path: Path) -> None:
    """If not: ascolto dashboards build --out infra/grafana/dashboards --provisioning ..."""
    fresh = {path.relative_to(tmp_path): path.read_text() for path in write_files(tmp_path)}
    committed = [path for path in COMMITTED.rglob("*") if path.is_file()]
    assert {path.relative_to(COMMITTED): path.read_text() for path in committed} == fresh


def test_the_command_writes_both_kinds_of_files(tmp_path: Path) -> None:
    out, provisioning = tmp_path / "out", tmp_path / "provisioning"
    arguments = ["dashboards", "build", "--out", str(out), "--provisioning", str(provisioning)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    written = {Path(line) for line in done.stdout.splitlines()}
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == written


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return dict(loaded["services"])


def test_compose_mounts_what_the_files_name() -> None:
    mounts = [each.split(":") for each in compose()["grafana"]["volumes"]]
    assert ["./infra/grafana/provisioning", "/etc/grafana/provisioning", "ro"] in mounts
    assert ["./infra/grafana/dashboards", DASHBOARDS_IN_CONTAINER, "ro"] in mounts
    source = yaml.safe_load((COMMITTED / "datasources/clickhouse.yaml").read_text())
    password = source["datasources"][0]["secureJsonData"]["password"]
    assert password.removeprefix("$") in compose()["grafana"]["environment"]


def test_the_teams_own_user_reads_what_tenants_read() -> None:
    root = ElementTree.parse(ROOT / "infra/docker/clickhouse/grafana-user.xml").getroot()
    granted = {each.text for each in root.findall("users/grafana/grants/query")}
    assert granted >= {f"GRANT SELECT ON ascolto.{each.table.name}" for each in READABLE}
    profile = root.find("profiles/ascolto_reader")
    assert profile is not None
    for setting in SETTINGS[:2]:
        assert profile.findtext(setting.name) == str(setting.value)


def test_the_commands_may_manage_users_and_nobody_joins_the_teams_organisation_unasked() -> None:
    services = compose()
    assert services["clickhouse"]["environment"]["CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT"] == "1"
    assert services["grafana"]["environment"]["GF_USERS_AUTO_ASSIGN_ORG"] == "false"
