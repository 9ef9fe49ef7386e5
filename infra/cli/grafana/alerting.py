"""What Grafana is to notify people of, from a file of targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.options import failure
from infra.errors import InfraError

if TYPE_CHECKING:
    from dashboards.publishing.alerting import Alerting
    from infra.settings import Settings


def alerting_of(path: Path, settings: Settings, language: str) -> Alerting:
    """Rules, contact points, templates and routes of the client companies in a file of targets.

    Raises:
        typer.Exit: the file cannot be used, or names a target that Grafana cannot send to.
    """
    from dashboards.grafana.alert_rules import RuleOptions, alert_rules
    from dashboards.grafana.contact_points import client_route, contact_points, message_templates
    from dashboards.publishing.alerting import Alerting
    from infra.alerting.channels import channel_of
    from infra.alerting.targets_file import read_targets
    from infra.registry import RegistryFile

    registry = RegistryFile(settings.registry).current()
    try:
        addressees = read_targets(path)
        channels = [channel_of(each) for each in addressees]
    except InfraError as error:
        raise failure(str(error)) from error
    companies = {each.client_id: each.client for each in addressees}
    names = {client_id: registry.client(client_id) for client_id in companies}
    rules = [
        rule
        for client_id, company in companies.items()
        for rule in alert_rules(
            client_id,
            names[client_id],
            RuleOptions(
                company.language or language, company.zone, company.page or settings.page_url
            ),
        )
    ]
    return Alerting(
        rules,
        contact_points(channels, language),
        [client_route(client_id) for client_id in companies],
        message_templates(names),
    )
