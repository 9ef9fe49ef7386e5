"""Settings from the environment, and the pseudonyms' key that several processes make at once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from infra.cli.run.workers import clock_of
from infra.data_directory.paths import cache_directory, default_data_directory
from infra.places.locations import parse_location
from infra.settings import Settings
from infra.transcription.model_files import PACKAGED_MODEL
from tests.waiting import output


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("ASCOLTO_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ASCOLTO_HOME", str(tmp_path))


def test_without_environment_everything_is_on_this_machine(tmp_path: Path) -> None:
    settings = Settings()
    assert settings.data_dir == tmp_path / "data"
    assert settings.clickhouse_url is None
    assert settings.kafka.startswith("127.0.0.1:")
    assert settings.status_host == "127.0.0.1"
    assert settings.recordings == []
    assert settings.model == PACKAGED_MODEL
    assert (settings.horizon_days, settings.currency, settings.language) == (30, "EUR", "it")


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {
        "KAFKA": "one:9092,two:9092",
        "EMBEDDED": "1",
        "PARTITIONS": "12",
        "RECORDINGS": os.pathsep.join(["/srv/a", "", "/srv/b c"]),
        "CLICKHOUSE_URL": "http://user:secret@host:8123/db",
        "MODEL": "small",
        "HORIZON_DAYS": "45",
        "DATA_DIR": "/var/lib/ascolto",
        "UNKNOWN_OF_ANOTHER_VERSION": "x",
    }
    for name, value in values.items():
        monkeypatch.setenv(f"ASCOLTO_{name}", value)
    settings = Settings()
    assert settings.kafka == "one:9092,two:9092"
    assert settings.embedded is True
    assert settings.partitions == 12
    assert settings.recordings == [Path("/srv/a"), Path("/srv/b c")]
    assert settings.model == "small"
    assert settings.horizon_days == 45
    assert settings.data_dir == Path("/var/lib/ascolto")
    assert default_data_directory() != settings.data_dir


@pytest.mark.parametrize("home", [None, ""])
def test_data_and_cache_are_below_the_users_home(
    home: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ASCOLTO_HOME") if home is None else monkeypatch.setenv("ASCOLTO_HOME", home)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Settings().data_dir == tmp_path / ".ascolto" / "data"
    assert cache_directory() == tmp_path / ".cache" / "ascolto"


def test_one_variable_names_the_directory_of_both(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ASCOLTO_HOME", "~/elsewhere")
    assert Settings().data_dir == tmp_path / "elsewhere" / "data"
    assert cache_directory() == tmp_path / "elsewhere"


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
PATHS = st.from_regex(r"/[a-z ]{1,8}/[à-ü]{1,8}", fullmatch=True).map(Path)
PLACES = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["s3", "sftp", "https"]),
    st.from_regex(r"[a-z][a-z0-9-]{2,20}[a-z]", fullmatch=True),
    st.sampled_from(["", "/calls", "/calls/2026"]),
).map(parse_location)
SECRETS = TEXT.map(SecretStr)
DAYS = st.integers(1, 365)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "data_dir": PATHS,
    "kafka": TEXT,
    "kafka_security": st.just("SASL_SSL"),
    "kafka_sasl": st.just("PLAIN"),
    "kafka_token_url": TEXT.map(lambda text: f"https://login.example/{quote(text)}"),
    "kafka_scope": TEXT,
    "kafka_prefix": st.from_regex(r"[A-Za-z0-9._-]{1,100}", fullmatch=True),
    "kafka_replication": st.integers(1, 32),
    "kafka_username": TEXT,
    "kafka_password": SECRETS,
    "kafka_ca": PATHS,
    "kafka_certificate": PATHS,
    "kafka_key": PATHS,
    "embedded": st.just(True),
    "partitions": st.integers(1, 1000),
    "session_timeout": st.floats(6, 90),
    "broker_megabytes": st.integers(1, 10**6),
    "clickhouse_url": SECRETS,
    "clickhouse_ca": PATHS,
    "clickhouse_certificate": PATHS,
    "clickhouse_key": PATHS,
    "recordings": st.lists(PATHS | PLACES, min_size=1),
    "places": PATHS,
    "recording_bytes": st.integers(1),
    "fetch_timeout": st.floats(0, 86_400, exclude_min=True),
    "spool_bytes": st.integers(1),
    "spool_keep_hours": st.floats(0, 1000),
    "recording_attempts": st.integers(1),
    "recording_backoff": st.floats(0, exclude_min=True, allow_infinity=False),
    "transcription_timeout": st.floats(0, exclude_min=True, allow_infinity=False),
    "model": TEXT,
    "whisper_device": st.just("cuda"),
    "whisper_compute_type": st.sampled_from(["int8", "float16"]),
    "whisper_threads": st.integers(1),
    "whisper_batch": st.integers(1, 64),
    "transcriptions_at_once": st.integers(1, 64),
    "domain_words": st.dictionaries(TEXT, st.lists(TEXT), min_size=1),
    "inferred_speakers": st.dictionaries(TEXT, st.just("left_out"), min_size=1),
    "skip_unreadable": st.integers(0, 9).map("call-ended/3/{}".format),
    "pseudonym_key": SECRETS,
    "horizon_days": DAYS,
    "client_horizon_days": st.dictionaries(TEXT, DAYS, min_size=1),
    "grace_days": DAYS,
    "scorer": st.just("lexicon"),
    "currency": TEXT,
    "future_tolerance": st.floats(0, 7 * 86_400),
    "earliest_now": st.datetimes(timezones=st.timezones()).map(lambda time: time.astimezone(UTC)),
    "alerts": st.integers(1, 9).map('{{"acqua": {{"silence_days": {}}}}}'.format),
    "gateway_rate": st.floats(0, 100_000, exclude_min=True),
    "gateway_timeout": st.floats(2, 120),
    "gateway_recording_bytes": st.integers(1),
    "gateway_url": TEXT,
    "registry": PATHS,
    "sign_in": PATHS,
    "chromium": PATHS,
    "notify": PATHS,
    "page_url": TEXT.map(lambda text: f"https://ascolto.example/{quote(text)}"),
    "status_port": st.integers(0, 65_535),
    "status_host": TEXT,
    "language": TEXT,
    "time_zone": st.sampled_from(["Europe/Rome", "America/New_York", "UTC"]),
    "generation": st.integers(1),
}
"""A strategy for each setting."""


_CHECKS = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=25, deadline=None, suppress_health_check=_CHECKS)
@given(st.data())
def test_a_child_process_reads_every_setting_from_the_environment(data: st.DataObject) -> None:
    default = Settings()
    assert set(VALUES) == set(Settings.model_fields), "a new setting needs its strategy here"
    chosen = Settings(
        **{
            name: data.draw(values.filter(lambda each, name=name: each != getattr(default, name)))
            for name, values in VALUES.items()
        }
    )
    with patch.dict(os.environ, chosen.environment()):
        assert Settings() == chosen
    with patch.dict(os.environ, default.environment()):
        assert Settings() == default


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASCOLTO_CLICKHOUSE_URL", "http://user:zq9zq9@host/db")
    monkeypatch.setenv("ASCOLTO_PSEUDONYM_KEY", "zq9zq9")
    shown = repr(Settings()) + str(Settings().model_dump())
    assert "zq9zq9" not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARTITIONS", "0"),
        ("PARTITIONS", "many"),
        ("HORIZON_DAYS", "0"),
        ("HORIZON_DAYS", "366"),
        ("RECORDING_BACKOFF", "0"),
        ("RECORDINGS", "ftp://host/calls"),
        ("RECORDINGS", "sftp://user:password@host/calls"),
        ("RECORDINGS", "https://host:0/calls"),
        ("RECORDINGS", "https://host/calls/../other"),
        ("RECORDINGS", "s3://no_bucket"),
        ("RECORDING_BYTES", "0"),
        ("FETCH_TIMEOUT", "0"),
        ("SPOOL_BYTES", "-1"),
        ("SPOOL_KEEP_HOURS", "-1"),
        ("STATUS_PORT", "65536"),
        ("GENERATION", "0"),
        ("EMBEDDED", "perhaps"),
        ("KAFKA_PREFIX", "a b"),
        ("KAFKA_PREFIX", "x" * 101),
        ("KAFKA_REPLICATION", "0"),
        ("KAFKA_TOKEN_URL", "http://login.example/token"),
        ("KAFKA_TOKEN_URL", "file:///etc/passwd"),
    ],
)
def test_values_out_of_range_are_refused(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ASCOLTO_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


@pytest.mark.parametrize("name", ["CLICKHOUSE_URL", "PSEUDONYM_KEY", "DATA_DIR", "KAFKA"])
def test_an_empty_variable_is_as_good_as_none(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose files pass `${NAME:-}` on: an empty key would make pseudonyms anybody can make."""
    default = Settings()
    monkeypatch.setenv(f"ASCOLTO_{name}", "")
    assert Settings() == default


def test_the_key_given_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASCOLTO_PSEUDONYM_KEY", "given")
    assert Settings().pseudonym_secret() == b"given"
    assert not (tmp_path / "data").exists()


def test_the_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "data")
    key = settings.pseudonym_secret()
    path = settings.data_dir / "pseudonym.key"
    assert len(key) == 64
    assert path.read_bytes() == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Settings(data_dir=settings.data_dir).pseudonym_secret() == key
    assert [entry.name for entry in settings.data_dir.iterdir()] == ["pseudonym.key"]
    other = Settings(data_dir=tmp_path / "other")
    assert other.pseudonym_secret() != key


def test_what_a_killed_process_left_does_not_keep_the_next_from_starting(tmp_path: Path) -> None:
    """In a container every process has the same id as the one before it."""
    settings = Settings(data_dir=tmp_path)
    (tmp_path / f"pseudonym.key.{os.getpid()}").write_bytes(b"")
    assert len(settings.pseudonym_secret()) == 64


def test_an_empty_key_is_never_used(tmp_path: Path) -> None:
    (tmp_path / "pseudonym.key").write_bytes(b"")
    with pytest.raises(ValueError, match=r"pseudonym\.key"):
        Settings(data_dir=tmp_path).pseudonym_secret()


_RACER = """
import sys, time
from pathlib import Path
from infra.settings import Settings
from infra.transcription.model_files import PACKAGED_MODEL
print("ready", flush=True)
sys.stdin.readline()
print(Settings(data_dir=Path(sys.argv[1])).pseudonym_secret().decode())
"""


def test_processes_that_race_for_the_key_agree(tmp_path: Path) -> None:
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", _RACER, str(tmp_path / "data")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(5)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    keys = {output(racer)[0] for racer in racers}
    assert len(keys) == 1
    assert [entry.name for entry in (tmp_path / "data").iterdir()] == ["pseudonym.key"]


def test_batches_to_skip_are_named_by_their_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASCOLTO_SKIP_UNREADABLE", "call-ended/3/1042, payment-received/0/7")
    assert Settings().unreadable_to_skip == [("call-ended", 3, 1042), ("payment-received", 0, 7)]
    monkeypatch.setenv("ASCOLTO_SKIP_UNREADABLE", "")
    assert Settings().unreadable_to_skip == []
    for wrong in ("call-ended", "call-ended/3", "call-ended/3/x", "/3/4", "call-ended/3/4/5"):
        monkeypatch.setenv("ASCOLTO_SKIP_UNREADABLE", wrong)
        with pytest.raises(ValidationError, match="topic/partition/offset"):
            Settings()


def test_the_clock_shows_at_least_the_time_in_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    before = datetime.now(UTC)
    assert before <= Settings().now() <= datetime.now(UTC)
    monkeypatch.setenv("ASCOLTO_EARLIEST_NOW", "2090-01-01T00:00:00+00:00")
    assert Settings().now() == datetime(2090, 1, 1, tzinfo=UTC)
    assert clock_of(Settings())() == 3_786_912_000_000_000
    monkeypatch.setenv("ASCOLTO_EARLIEST_NOW", "2000-01-01T00:00:00+00:00")
    assert before <= Settings().now() <= datetime.now(UTC)
