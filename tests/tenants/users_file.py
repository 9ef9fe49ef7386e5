"""The tenants' access as ClickHouse's users file, which the engine in process obeys.

There, no user can be made and the session is always the user `default`: it becomes the tenant. What
it may do is written from the same definition as the SQL for a server.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

from infra.clickhouse.tenants.access import (
    HIDDEN_SYSTEM_TABLES,
    READABLE,
    SETTINGS,
    named,
)
from infra.clickhouse.tenants.identity import Tenant

DATABASE = "default"
"""Where the embedded store's tables are."""


def write_config(folder: Path, users: str) -> Path:
    """Write a configuration with a users file; returns its path."""
    folder.mkdir()
    config, users_file = folder / "config.xml", folder / "users.xml"
    users_file.write_text(users, encoding="utf-8")
    config.write_text(
        "<clickhouse><user_directories><users_xml>"
        f"<path>{escape(str(users_file))}</path>"
        "</users_xml></user_directories></clickhouse>",
        encoding="utf-8",
    )
    return config


def as_tenant(tenant: Tenant) -> str:
    """A users file under which the engine's user is the tenant."""
    return _file(_user("default", tenant), _settings())


def as_administrator(*tenants: Tenant) -> str:
    """A users file under which the engine's user may see all users, the tenants' among them."""
    others = "".join(_user(each.user, each, profile="tenants") for each in tenants)
    own = f"<default>{_SIGN_IN}<access_management>1</access_management></default>"
    return _file(own + others, "", f"<tenants>{_settings()}</tenants>")


OWNER = "owner"
"""The user whose rights views are read with; of a server, the one that made the tables."""
_SIGN_IN = "<password></password><networks><ip>::/0</ip></networks><quota>default</quota>"


def _file(users: str, default_settings: str, profiles: str = "") -> str:
    return (
        f"<clickhouse><profiles><default>{default_settings}</default><owner/>{profiles}</profiles>"
        f"<users>{users}<{OWNER}>{_SIGN_IN}<profile>owner</profile></{OWNER}></users>"
        "<quotas><default/></quotas></clickhouse>"
    )


def _settings() -> str:
    """The settings; the engine in process does not know `changeable_in_readonly`."""
    return "".join(f"<{each.name}>{each.value}</{each.name}>" for each in SETTINGS)


def _user(name: str, tenant: Tenant, profile: str = "default") -> str:
    grants = "".join(
        f"<query>{escape(_grant(each.table.name, each.columns(tenant)))}</query>"
        for each in READABLE
    )
    rows = "".join(_filter(each.table.name, each.row_filter(tenant)) for each in READABLE)
    hidden = "".join(_filter(table, "0") for table in HIDDEN_SYSTEM_TABLES)
    return (
        f"<{name}>{_SIGN_IN}<profile>{profile}</profile><grants>{grants}</grants>"
        f"<databases><{DATABASE}>{rows}</{DATABASE}><system>{hidden}</system></databases></{name}>"
    )


def _grant(table: str, columns: list[str]) -> str:
    return f"GRANT SELECT({', '.join(map(named, columns))}) ON {DATABASE}.{table}"


def _filter(table: str, condition: str) -> str:
    return f"<{table}><filter>{escape(condition)}</filter></{table}>"
