"""The data source: ClickHouse, through Grafana's official plugin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from dashboards.grafana.charts import DATASOURCE_TYPE, DATASOURCE_UID
from dashboards.publishing.comparison import differences, shown
from dashboards.publishing.connection import Connection, GrafanaAway, GrafanaRefused, WrongAddress
from dashboards.publishing.steps import Outcome, Step, refused

MARK = "ascolto"
"""The entry of a data source's options that says it is ours, and whose rows it shows."""
_PORTS = {"http": 8123, "https": 8443}
_KIND = "data source"


@dataclass(frozen=True)
class DataSource:
    """How Grafana reaches ClickHouse: by the plugin's HTTP protocol, as one user."""

    host: str
    port: int
    secure: bool
    database: str
    user: str
    password: str | None = field(default=None, repr=False)
    """None: as Grafana has it; only where there is one already. Else it is tried, and written where
    Grafana cannot sign in with what it has."""
    shows: str = "everything"
    """Whose rows it shows, as its mark says."""
    default: bool = False
    is_new: bool = False
    """Whether the password has just been changed: Grafana may hold connections of the old one."""

    def as_json(self) -> dict[str, Any]:
        """What Grafana's API takes."""
        wanted: dict[str, Any] = {
            "name": "Ascolto",
            "uid": DATASOURCE_UID,
            "type": DATASOURCE_TYPE,
            "access": "proxy",
            "isDefault": self.default,
            "jsonData": {
                "host": self.host,
                "port": self.port,
                "protocol": "http",
                "secure": self.secure,
                "username": self.user,
                "defaultDatabase": self.database,
                MARK: self.shows,
            },
        }
        if self.password is not None:
            wanted["secureJsonData"] = {"password": self.password}
        return wanted


def clickhouse_address(url: str, database: str) -> tuple[str, int, bool, str]:
    """Host, port, whether encrypted, and database of an `http(s)://host:port/database`.

    Raises:
        WrongAddress: it is none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise WrongAddress(
            f"{parts.hostname or 'what is given'} is no address of ClickHouse: write it like "
            "http://clickhouse:8123"
        )
    secure = parts.scheme == "https"
    return parts.hostname, port or _PORTS[parts.scheme], secure, parts.path.strip("/") or database


def find_data_source(connection: Connection) -> Any:
    """The data source with our uid, as Grafana shows it; None where there is none."""
    return connection.find(
        "read its data sources", lambda api: api.datasource.get_datasource_by_uid(DATASOURCE_UID)
    )


def plan_data_source(connection: Connection, wanted: DataSource | None, *, adopt: bool) -> Step:
    """The step of the data source.

    Grafana never shows the password it has, so it is asked to sign in to ClickHouse: where it
    cannot, the password is written again.

    Args:
        connection: to Grafana.
        wanted: None: whatever data source is there.
        adopt: take over one that we did not make.
    """
    found = find_data_source(connection)
    if found is None:
        if wanted is None or wanted.password is None:
            return Step(
                _KIND,
                DATASOURCE_UID,
                Outcome.REFUSED,
                "there is none yet: say with --clickhouse-user and --clickhouse-password-file as "
                "whom Grafana is to read ClickHouse",
            )
        return Step(_KIND, DATASOURCE_UID, Outcome.CREATED, action=_create(connection, wanted))
    if found.get("readOnly"):
        return Step(_KIND, DATASOURCE_UID, Outcome.LEFT, "Grafana reads it from a file")
    if wanted is None:
        return Step(_KIND, DATASOURCE_UID, Outcome.LEFT, "no --clickhouse-user was given")
    if MARK not in (found.get("jsonData") or {}) and not adopt:
        return refused(_KIND, DATASOURCE_UID)
    plain = {name: wanted.as_json()[name] for name in ("type", "access", "jsonData")}
    if differing := shown(differences(found, plain)):
        why = f"it differs in {differing}"
    elif wanted.is_new:
        why = "it has a new password"
    elif wanted.password is not None and (fault := sign_in_fault(connection)):
        why = f"Grafana cannot read ClickHouse: {fault}"
    else:
        return Step(_KIND, DATASOURCE_UID, Outcome.UNCHANGED)
    return Step(_KIND, DATASOURCE_UID, Outcome.UPDATED, why, _update(connection, wanted, found))


def sign_in_fault(connection: Connection) -> str:
    """What Grafana says when it tries ClickHouse with the data source; empty where it can."""
    try:
        answer = connection.call(
            "try the data source", lambda api: api.datasource.health(DATASOURCE_UID)
        )
    except (GrafanaRefused, GrafanaAway) as error:
        return str(error).rpartition("): ")[2]
    if isinstance(answer, dict) and answer.get("status") == "OK":
        return ""
    return (
        str(answer.get("message", "no answer"))[:200] if isinstance(answer, dict) else "no answer"
    )


def _create(connection: Connection, wanted: DataSource) -> Any:
    body = wanted.as_json()
    return lambda: connection.call(
        "make the data source", lambda api: api.datasource.create_datasource(body)
    )


def _update(connection: Connection, wanted: DataSource, found: dict[str, Any]) -> Any:
    """Its name, and whether it is the default, are whatever people made of them."""
    body = wanted.as_json() | {name: found[name] for name in ("name", "isDefault")}
    return lambda: connection.call(
        "change the data source",
        lambda api: api.datasource.update_datasource_by_uid(DATASOURCE_UID, body),
    )
