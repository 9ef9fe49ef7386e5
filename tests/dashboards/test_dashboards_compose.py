from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.waiting import completed

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
SECRETS = {
    "CLICKHOUSE_PASSWORD": "clickhouse1",
    "GRAFANA_CLICKHOUSE_PASSWORD": "grafana1",
    "GRAFANA_ADMIN_PASSWORD": "admin1",
    "ASCOLTO_PSEUDONYM_KEY": "key1",
    "ASCOLTO_RECORDINGS_DIR": "/srv/recordings",
    "KAFKA_CLUSTER_ID": "AAAAAAAAAAAAAAAAAAAAAA",
}
needs_compose = pytest.mark.skipif(
    shutil.which("docker-compose") is None,
    reason="NOT RUN: docker-compose is not installed (Debian: apt-get install docker-compose)",
)


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return dict(loaded["services"])


def docker_compose_config(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = shutil.which("docker-compose")
    assert command
    return completed(
        [command, "--file", COMPOSE, "config"],
        env={"PATH": os.environ["PATH"], **environment},
    )


@needs_compose
def test_docker_compose_accepts_the_file() -> None:
    done = docker_compose_config(SECRETS)
    assert done.returncode == 0, done.stderr
    resolved = yaml.safe_load(done.stdout)
    environment = resolved["services"]["analytics"]["environment"]
    assert environment["ASCOLTO_CLICKHOUSE_URL"] == (
        "http://ascolto:clickhouse1@clickhouse:8123/ascolto"
    )


@needs_compose
@pytest.mark.parametrize("missing", SECRETS)
def test_docker_compose_refuses_a_missing_secret(missing: str) -> None:
    done = docker_compose_config({k: v for k, v in SECRETS.items() if k != missing})
    assert done.returncode != 0


def test_secrets_are_required_and_named_in_the_example() -> None:
    required = set(re.findall(r"\$\{(\w+):\?", COMPOSE.read_text()))
    example = (ROOT / "infra/docker/env.example").read_text()
    assert required == set(SECRETS) == set(re.findall(r"^(\w+)=$", example, re.MULTILINE))


def test_images_are_pinned_to_a_version(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert re.search(r":\d+\.\d+[\w.]*$", service["image"]), name
    dockerfile = (ROOT / "infra/docker/Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert bases
    assert all(re.fullmatch(r"python:3\.12\.\d+-slim-\w+", base) for base in bases)


def test_ports_are_bound_to_this_machine(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_workers_wait_for_the_tables_and_topics(services: dict[str, Any]) -> None:
    assert services["admin"]["command"][-1] == "ascolto admin topics && ascolto admin migrate"
    for worker in ("transcriber", "analytics", "notifier"):
        waits = services[worker]["depends_on"]["admin"]["condition"]
        assert waits == "service_completed_successfully"
        assert services[worker]["command"] == ["ascolto", "run", worker]


def test_every_setting_is_one_the_workers_know(services: dict[str, Any]) -> None:
    from infra.settings import Settings

    for worker in ("admin", "transcriber", "analytics", "notifier"):
        for name in services[worker]["environment"]:
            assert name.removeprefix("ASCOLTO_").lower() in Settings.model_fields, name


def test_mounted_files_are_there(services: dict[str, Any]) -> None:
    mounts = [each for service in services.values() for each in service.get("volumes", [])]
    local = [each.split(":")[0] for each in mounts if each.startswith("./")]
    assert local
    assert all((ROOT / each).exists() for each in local)


def test_the_image_installs_the_lock_by_hash_and_does_not_run_as_root() -> None:
    dockerfile = (ROOT / "infra/docker/Dockerfile").read_text()
    assert "--require-hashes" in dockerfile
    assert re.search(r"^USER ascolto$", dockerfile, re.MULTILINE)
    assert re.search(r"^HEALTHCHECK", dockerfile, re.MULTILINE)
    locked = re.search(
        r"^hatchling==(\S+)", (ROOT / "requirements-dev.lock").read_text(), re.MULTILINE
    )
    assert locked
    assert f"hatchling=={locked[1]} " in dockerfile
    copied = set(re.findall(r"^COPY (\w+) \1$", dockerfile, re.MULTILINE))
    assert copied == {"schemas", "processors", "infra", "streams", "dashboards"}
