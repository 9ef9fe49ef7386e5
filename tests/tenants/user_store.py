"""ClickHouse's users, row policies and grants as far as our own statements make them.

The engine in process can make no users. This stands in for a server where only that is missing: it
takes the statements of `infra.clickhouse.tenants`, which the real parser has read first, and shows
in the system tables what a server would. What users may then read is tried on the real engine, in
`test_attacks.py`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from clickhouse_connect.driver.exceptions import DatabaseError

_NAME = r"`((?:[^`\\]|\\.)+)`"
_PLACE = r"(?:`?(\w+)`?)\.`(\w+)`"
_USER = re.compile(
    rf"(CREATE USER IF NOT EXISTS|ALTER USER) {_NAME} IDENTIFIED WITH sha256_hash "
    r"BY '([0-9a-f]{64})'"
)
_SETTINGS = re.compile(rf"ALTER USER {_NAME} DEFAULT ROLE NONE SETTINGS (.*)")
_REVOKE_ROLE = re.compile(rf"REVOKE {_NAME} FROM {_NAME}")
_POLICY = re.compile(
    rf"CREATE ROW POLICY OR REPLACE {_NAME} ON {_PLACE} FOR SELECT USING (.*) AS (\w+) TO {_NAME}"
)
_GRANT = re.compile(rf"GRANT SELECT\((.*)\) ON {_PLACE} TO {_NAME}")
_REVOKE = re.compile(rf"REVOKE ALL ON \*\.\* FROM {_NAME}")
_DROP_USER = re.compile(rf"DROP USER IF EXISTS {_NAME}")
_DROP_POLICY = re.compile(rf"DROP ROW POLICY IF EXISTS {_NAME} ON {_PLACE}")


class Died(Exception):
    """The process died here, as scripted."""


class UserStore:
    """A client of a server with users; also what Grafana signs in to."""

    def __init__(self) -> None:
        self.hashes: dict[str, str] = {}
        self.settings: dict[str, dict[str, str]] = {}
        self.policies: dict[tuple[str, str, str], tuple[bool, str, str]] = {}
        """By name, database and table: whether restrictive, filter, and whose."""
        self.grants: set[tuple[str, str, str, str]] = set()
        """User, database, table and column."""
        self.roles: list[tuple[str, str]] = []
        self.known: list[tuple[str, str]] = [("acqua", "alfa"), ("luce", "bora")]
        """Client companies and agencies that have figures."""
        self.statements: list[str] = []
        self.dies_before: Callable[[str], bool] = lambda _: False
        self.may_manage = True
        self.leaks = ""
        """A table of which every user reads everything, as on a server that is wrongly set up."""

    def command(self, sql: str) -> None:
        """Take a statement."""
        if self.dies_before(sql):
            raise Died
        if not self.may_manage:
            raise DatabaseError("Code: 497. Not enough privileges", code=497)
        self.statements.append(sql)
        if found := _USER.fullmatch(sql):
            kind, user, digest = found.groups()
            if kind.startswith("ALTER") or user not in self.hashes:
                self.hashes[user] = digest
        elif found := _SETTINGS.fullmatch(sql):
            self.settings[found[1]] = dict(re.findall(r"(\w+) = (\d+)", found[2]))
        elif found := _REVOKE_ROLE.fullmatch(sql):
            self.roles.remove((found[2], found[1]))
        elif found := _POLICY.fullmatch(sql):
            name, database, table, shown, kind, user = found.groups()
            assert user in self.hashes, "a policy is for a user that is there"
            self.policies[name, database, table] = (kind == "RESTRICTIVE", shown, user)
        elif found := _GRANT.fullmatch(sql):
            columns, database, table, user = found.groups()
            assert user in self.hashes
            assert any(key[1:] == (database, table) for key in self.policies), "policies come first"
            self.grants |= {
                (user, database, table, each) for each in re.findall(r"`(\w+)`", columns)
            }
        elif found := _REVOKE.fullmatch(sql):
            self.grants = {each for each in self.grants if each[0] != found[1]}
        elif found := _DROP_USER.fullmatch(sql):
            self.hashes.pop(found[1], None)
            self.settings.pop(found[1], None)
            self.grants = {each for each in self.grants if each[0] != found[1]}
        elif found := _DROP_POLICY.fullmatch(sql):
            del self.policies[found[1], found[2], found[3]]
        else:
            raise AssertionError(f"no statement of ours: {sql}")

    def query(self, sql: str) -> Any:
        """The rows of a system table, or the number of a query as a tenant."""
        if "system." in sql and not self.may_manage:
            raise DatabaseError("Code: 497. Not enough privileges", code=497)
        return SimpleNamespace(result_rows=self._rows(sql))

    def _rows(self, sql: str) -> list[list[Any]]:
        if "currentDatabase" in sql:
            return [["ascolto"]]
        if "FROM system.users" in sql:
            return [[user] for user in self.hashes]
        if "FROM system.row_policies" in sql:
            return [
                [*key, restrictive, f"({shown})", [user] if user in self.hashes else []]
                for key, (restrictive, shown, user) in self.policies.items()
            ]
        if "FROM system.grants" in sql:
            return [[user, "SELECT", *place] for user, *place in self.grants]
        if "FROM system.role_grants" in sql:
            return [list(each) for each in self.roles]
        if "FROM system.settings_profile_elements" in sql:
            return [
                [user, *each] for user, given in self.settings.items() for each in given.items()
            ]
        assert "agency_metrics" in sql
        return [list(each) for each in self.known]

    def close(self) -> None:
        """Nothing is open."""

    def sign_in(self, user: str, password: str) -> Any:
        """A client as a tenant: it is refused all but what is granted, and counts nothing there."""
        assert not self.sign_in_fault({"username": user}, password)

        def query(sql: str) -> Any:
            if setting := re.search(r"getSetting\('(\w+)'\)", sql):
                return SimpleNamespace(result_rows=[[self.settings[user][setting[1]]]])
            place = re.search(r"FROM `?(\w+)`?\.`(\w+)`", sql)
            assert place is not None
            if place[2] == self.leaks:
                return SimpleNamespace(result_rows=[[3]])
            if place[1] == "system" or any(
                each[:3] == (user, place[1], place[2]) for each in self.grants
            ):
                return SimpleNamespace(result_rows=[[0]])
            raise DatabaseError("Code: 497. Not enough privileges", code=497)

        return SimpleNamespace(query=query, close=lambda: None)

    def sign_in_fault(self, options: dict[str, Any], password: str) -> str:
        """What ClickHouse says to Grafana when it signs in; empty where it may."""
        digest = hashlib.sha256(password.encode()).hexdigest()
        same = self.hashes.get(options["username"]) == digest
        return "" if same else f"{options['username']}: Authentication failed (516)"
