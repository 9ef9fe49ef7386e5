"""The files from which the Grafana of docker-compose gets its data source and dashboards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from dashboards.grafana.fields import DATASOURCE_TYPE, DATASOURCE_UID
from dashboards.publishing.saved_dashboards import FOLDER_TITLE, FOLDER_UID

_HEAD = "# Written by `ascolto dashboards build --provisioning DIRECTORY`: change that instead.\n"
DASHBOARDS_IN_CONTAINER = "/var/lib/grafana/dashboards"
"""Where docker-compose.yml mounts what `ascolto dashboards build --out` wrote."""


def provisioning() -> dict[str, dict[str, Any]]:
    """The files' contents, by their paths below Grafana's directory of provisioning."""
    data_source = {
        "name": "Ascolto",
        "uid": DATASOURCE_UID,
        "type": DATASOURCE_TYPE,
        "access": "proxy",
        "isDefault": True,
        "editable": False,
        "jsonData": {
            "host": "clickhouse",
            "port": 8123,
            "protocol": "http",
            "secure": False,
            "username": "grafana",
            "defaultDatabase": "ascolto",
        },
        "secureJsonData": {"password": "$GRAFANA_CLICKHOUSE_PASSWORD"},
    }
    provider = {
        "name": "Ascolto",
        "folder": FOLDER_TITLE,
        "folderUid": FOLDER_UID,
        "type": "file",
        "allowUiUpdates": False,
        "updateIntervalSeconds": 60,
        "options": {"path": DASHBOARDS_IN_CONTAINER},
    }
    return {
        "dashboards/ascolto.yaml": {"apiVersion": 1, "providers": [provider]},
        "datasources/clickhouse.yaml": {"apiVersion": 1, "datasources": [data_source]},
    }


def write_files(directory: Path) -> list[Path]:
    """Write the files below `directory`, which is made; returns their paths."""
    written = []
    for name, content in provisioning().items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = _HEAD + yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
