"""The alerting that `--targets` gives a Grafana: rules, contact points, routes and templates."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.failures import say
from infra.errors import InfraError
from infra.settings import Settings

if TYPE_CHECKING:
    from dashboards.publishing.alerting import Alerting
    from infra.alerting.channels import Channel
    from infra.alerting.targets_file import Addressee


class NoTarget(InfraError):
    """A file of targets has none of those asked for."""


def alerting_of(
    file: Path, settings: Settings, language: str, client_id: str | None = None
) -> Alerting:
    """What Grafana needs to notify the targets of a file.

    Targets that only Ascolto's own notifier reaches are named on standard error and left out.

    Args:
        file: of targets.
        settings: page and registry.
        language: where the file does not say.
        client_id: only this client company; None: all of the file, and the workers.

    Raises:
        WrongTargets: the file cannot be used.
        NoUrl: a URL that it names cannot.
        NoTarget: it has no such target.
    """
    from dashboards.grafana.alert_rules import RuleOptions, alert_rules, worker_rules
    from dashboards.grafana.contact_points import client_route, contact_points, message_templates
    from dashboards.publishing.alerting import Alerting
    from infra.registry import RegistryFile

    chosen = _addressees(file, client_id)
    channels = list(_channels(chosen))
    registry = RegistryFile(settings.registry).current()
    companies = {each.client_id: each.client for each in chosen}
    names = {each: registry.client(each) for each in companies}
    reached = sorted({each.client_id for each in channels})
    rules = [
        rule
        for each in reached
        for rule in alert_rules(
            each,
            names[each],
            RuleOptions(
                companies[each].language or language,
                companies[each].zone or registry.time_zone(each, settings.time_zone),
                companies[each].page or settings.page_url,
            ),
        )
    ]
    if client_id is None:
        rules += worker_rules(RuleOptions(language, settings.time_zone))
    routes = [client_route(each) for each in reached]
    points = contact_points(channels, language)
    return Alerting(rules, points, routes, message_templates(names))


def _addressees(file: Path, client_id: str | None) -> list[Addressee]:
    from infra.alerting.targets_file import read_targets

    chosen = [each for each in read_targets(file) if client_id in (None, each.client_id)]
    if not chosen:
        whose = "" if client_id is None else f" of {client_id}"
        raise NoTarget(f"{file} has no target{whose}")
    return chosen


def _channels(chosen: list[Addressee]) -> list[Channel]:
    from infra.alerting.channels import NoChannel, channel_of

    found = []
    for each in chosen:
        try:
            found.append(channel_of(each))
        except NoChannel as error:
            say(f"left out: {error}")
    return found
