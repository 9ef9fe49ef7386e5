"""The alert rules as a file that Grafana provisions at its start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import yaml

from dashboards.grafana.alert_rules import EVERY_SECONDS


def rules_file(rules: Iterable[Mapping[str, Any]], folder_title: str = "Ascolto") -> str:
    """The YAML of rules as `alert_rules` gives them; it holds no secret.

    Contact points do, so they are pushed to Grafana's API and not written into files.
    """
    groups = [
        {
            "orgId": org_id,
            "name": name,
            "folder": folder_title,
            "interval": f"{EVERY_SECONDS}s",
            "rules": [_in_file(rule) for rule in of_group],
        }
        for (org_id, name), of_group in groupby(
            rules, lambda each: (each["orgID"], each["ruleGroup"])
        )
    ]
    written: str = yaml.safe_dump(
        {"apiVersion": 1, "groups": groups}, allow_unicode=True, sort_keys=False
    )
    # Grafana takes a dollar for the beginning of a variable of its environment.
    return written.replace("$", "$$")


def _in_file(rule: Mapping[str, Any]) -> dict[str, Any]:
    elsewhere = ("orgID", "folderUID", "ruleGroup")
    return {name: value for name, value in rule.items() if name not in elsewhere}
