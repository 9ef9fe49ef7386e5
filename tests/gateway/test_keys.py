"""Keys: shown once, stored as hashes, changed while a gateway runs."""

from __future__ import annotations

import hmac
import json
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.main import app
from infra.gateway import keys as keys_module
from infra.gateway.keys import Key, KeyFile, KeyFileError, hash_of, matching, new_token
from tests.gateway.served import Served, as_json, payment


def ascolto(*words: str | Path) -> tuple[int, str]:
    """Exit code and standard output of a command."""
    result = CliRunner().invoke(app, [*map(str, words)])
    return result.exit_code, result.stdout


async def answers(served: Served, token: str) -> int:
    answer = await served.post(as_json(payment()), authorization=f"Bearer {token}")
    return answer.status_code


def test_a_key_is_shown_once_and_its_hash_alone_is_stored(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    code, token = ascolto("keys", "add", "billing", "--client", "luce", "--keys", file)
    assert code == 0
    token = token.strip()
    assert len(token) > 43
    assert token not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    (key,) = KeyFile(file).read()
    assert key.sha256 == hash_of(token)
    assert (key.client, key.types) == ("luce", None)
    code, listed = ascolto("keys", "list", "--keys", file)
    assert code == 0
    assert listed.startswith("billing\tluce\tall\t")
    assert token not in listed
    assert key.sha256 not in listed


def test_keys_are_in_the_data_directory_unless_said_otherwise(tmp_path: Path) -> None:
    code, _ = ascolto("keys", "add", "a", "--client", "luce", "--data-dir", tmp_path / "data")
    assert code == 0
    assert (tmp_path / "data" / "gateway-keys.json").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ("two words", "--client", "luce"),
        ("a", "--client", "lu|ce"),
        ("a", "--client", "luce", "--types", "invoice"),
        ("a", "--client", "luce", "--signature", "hmac"),
        ("a", "--client", "luce", "--secret-env", "X"),
        ("a", "--client", "luce", "--signature", "hmac", "--secret-env", "X=1"),
        ("a", "--client", "luce", "--mapping", "nowhere.yaml"),
    ],
)
def test_wrong_keys_are_not_made(wrong: tuple[str, ...], tmp_path: Path) -> None:
    code, _ = ascolto("keys", "add", *wrong, "--keys", tmp_path / "keys.json")
    assert code == 2
    assert not (tmp_path / "keys.json").exists()


def test_a_name_stands_for_one_key(tmp_path: Path) -> None:
    words = ("keys", "add", "billing", "--client", "luce", "--keys", tmp_path / "keys.json")
    assert ascolto(*words)[0] == 0
    assert ascolto(*words)[0] == 1
    for command in ("rotate", "revoke"):
        assert ascolto("keys", command, "other", "--keys", tmp_path / "keys.json")[0] == 1


async def test_a_running_gateway_knows_a_rotated_key_at_once(served: Served) -> None:
    path = served.keys.path
    first = ascolto("keys", "add", "crm", "--client", "luce", "--keys", path)[1].strip()
    assert await answers(served, first) == 202
    second = ascolto("keys", "rotate", "crm", "--keys", path)[1].strip()
    assert await answers(served, first) == 401
    assert await answers(served, second) == 202
    third = ascolto("keys", "rotate", "crm", "--overlap", "1", "--keys", path)[1].strip()
    assert [await answers(served, each) for each in (first, second, third)] == [401, 202, 202]
    assert ascolto("keys", "revoke", "crm", "--keys", path)[0] == 0
    assert [await answers(served, each) for each in (second, third)] == [401, 401]


def test_the_overlap_of_a_rotation_ends() -> None:
    now = datetime.now(UTC)
    old, new = new_token(), new_token()
    key = Key(
        name="crm",
        client="luce",
        sha256=hash_of(new),
        created_at=now,
        previous_sha256=hash_of(old),
        previous_until=now + timedelta(hours=1),
    )
    assert matching([key], old, now) is key
    assert matching([key], old, now + timedelta(hours=1)) is None
    assert matching([key], new, now + timedelta(hours=1)) is key


def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def noting(one: str, other: str) -> bool:
        compared.append(one)
        return hmac.compare_digest(one, other)

    class Noting:
        compare_digest = staticmethod(noting)

    monkeypatch.setattr(keys_module, "hmac", Noting)
    tokens = [new_token() for _ in range(3)]
    keys = [
        Key(name=f"k{n}", client="luce", sha256=hash_of(token), created_at=datetime.now(UTC))
        for n, token in enumerate(tokens)
    ]
    assert matching(keys, tokens[0], datetime.now(UTC)) is keys[0]
    assert len(compared) == 3, "none is left out when one is found"


async def test_keys_that_cannot_be_read_refuse_everybody_for_now(served: Served) -> None:
    whole = served.keys.path.read_text()
    served.keys.path.write_text("{")
    answer = await served.post(as_json(payment()))
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    served.keys.path.write_text(whole + "\n")
    assert (await served.post(as_json(payment()))).status_code == 202
    served.keys.path.unlink()
    assert (await served.post(as_json(payment()))).status_code == 401


def test_a_file_that_is_none_of_keys_is_named(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [{"name": "x"}]}))
    with pytest.raises(KeyFileError, match=r"keys\.json is no file of keys: keys\.0"):
        KeyFile(file).read()


def test_processes_that_add_at_the_same_time_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"

    def adding(number: int) -> None:
        now = datetime.now(UTC)
        key = Key(name=f"k{number}", client="luce", sha256=hash_of(str(number)), created_at=now)
        KeyFile(file).add(key)

    threads = [threading.Thread(target=adding, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key.name for key in KeyFile(file).read()} == {f"k{number}" for number in range(8)}
    assert {each.name for each in tmp_path.iterdir()} == {"keys.json", ".keys.json.lock"}
