"""Who Grafana notifies: contact points, message templates and notification policies as code.

In the shapes of Grafana's provisioning API (`/api/v1/provisioning/contact-points`, `.../templates`,
`.../policies`). Settings of contact points hold secrets: they are for Grafana alone, never shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from dashboards.grafana.alert_rules import OWNER_LABEL, rule_uid
from dashboards.texts import DEFAULT_LANGUAGE, LANGUAGES, texts
from infra.alerting.channels import Channel

REPEAT_INTERVAL = "120h"
"""An open alert is reported once; Grafana forgets after five days that it was."""


def receiver_name(client_id: str) -> str:
    """The name of the contact point that holds all channels of a client company."""
    return f"Ascolto {client_id}"


def contact_points(
    channels: Iterable[Channel], language: str = DEFAULT_LANGUAGE
) -> list[dict[str, Any]]:
    """One integration a channel; those of one client company have one name."""
    return [_contact_point(each, each.language or language) for each in channels]


def message_templates(client_names: dict[str, str]) -> dict[str, str]:
    """Templates of messages by name, one a language.

    Args:
        client_names: what client companies are called, by `client_id`.
    """
    return {f"ascolto.{each}": _template(each, client_names) for each in LANGUAGES}


def notification_policy(client_ids: Sequence[str], default_receiver: str) -> dict[str, Any]:
    """The tree of policies of one organisation.

    Args:
        client_ids: whose contact points there are: each gets its own alerts only.
        default_receiver: the contact point of everything else, as the organisation has it.
    """
    return {
        "receiver": default_receiver,
        "group_by": ["grafana_folder", "alertname"],
        "routes": [client_route(client_id) for client_id in client_ids],
    }


def client_route(client_id: str) -> dict[str, Any]:
    """The policy of one client company, to be put among the routes that are there."""
    return {
        "receiver": receiver_name(client_id),
        "object_matchers": [[OWNER_LABEL, "=", client_id]],
        "group_by": ["alertname", OWNER_LABEL, "alert_id"],
        "group_wait": "30s",
        "group_interval": "1m",
        "repeat_interval": REPEAT_INTERVAL,
        "continue": False,
    }


def _contact_point(channel: Channel, language: str) -> dict[str, Any]:
    return {
        "uid": rule_uid(f"{channel.client_id}\n{channel.name}", channel.kind),
        "name": receiver_name(channel.client_id),
        "type": channel.kind,
        "settings": _settings(channel, language),
        "disableResolveMessage": False,
    }


def _settings(channel: Channel, language: str) -> dict[str, Any]:
    title = f'{{{{ template "ascolto.{language}.title" . }}}}'
    message = f'{{{{ template "ascolto.{language}.message" . }}}}'
    if channel.kind == "email":
        addresses = ";".join(channel.addresses)
        return {
            "addresses": addresses,
            "singleEmail": False,
            "subject": title,
            "message": message,
        }
    if channel.kind == "slack":
        return {"url": channel.url, "title": title, "text": message}
    if channel.kind == "teams":
        return {"url": channel.url, "title": title, "message": message}
    return {"url": channel.url, "httpMethod": "POST", "title": title, "message": message}


def _template(language: str, client_names: dict[str, str]) -> str:
    """Of one alert its own title and text, of several first how many there are."""
    words = texts(language)
    several = words["grafana_message.several"].format(
        firing="{{ len .Alerts.Firing }}", resolved="{{ len .Alerts.Resolved }}"
    )
    client = words["grafana_message.client"].format(client=_named(client_names))
    link = words["grafana_message.link"].format(link="{{ .Annotations.link }}")
    one = f"ascolto.{language}.one"
    return (
        f'{{{{ define "{one}" }}}}{{{{ if eq .Status "firing" }}}}{{{{ .Annotations.summary }}}}'
        "{{ else }}{{ .Annotations.resolved }}{{ end }}{{ end }}\n"
        f'{{{{ define "ascolto.{language}.title" }}}}{{{{ if eq (len .Alerts) 1 }}}}'
        f'{{{{ range .Alerts }}}}{{{{ template "{one}" . }}}}{{{{ end }}}}'
        f"{{{{ else }}}}{several}{{{{ end }}}}{{{{ end }}}}\n"
        f'{{{{ define "ascolto.{language}.message" }}}}{{{{ range .Alerts }}}}'
        f'{{{{ template "{one}" . }}}}\n'
        '{{ if eq .Status "firing" }}{{ .Annotations.description }}\n{{ end }}'
        f"{client}{{{{ if .Annotations.link }}}}\n{link}{{{{ end }}}}\n\n{{{{ end }}}}{{{{ end }}}}"
    )


def _named(client_names: dict[str, str]) -> str:
    """A template that writes the name of an alert's client company."""
    label = f".Labels.{OWNER_LABEL}"
    written = ""
    for client_id, name in sorted(client_names.items()):
        test = f"eq {label} {json.dumps(client_id)}"
        begin = "if" if not written else "else if"
        written += f"{{{{ {begin} {test} }}}}{_escaped(name)}"
    rest = f"{{{{ {label} }}}}"
    return f"{written}{{{{ else }}}}{rest}{{{{ end }}}}" if written else rest


def _escaped(text: str) -> str:
    return f"{{{{ {json.dumps(text, ensure_ascii=False)} }}}}"
