"""Settings, from the environment (`ASCOLTO_*`) or an entry point; every one has a meaning here."""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Self

from pydantic import AwareDatetime, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from infra.alerting.targets import require_page, require_zone
from infra.data_directory.paths import default_data_directory
from infra.data_directory.permissions import create_once, make_private
from infra.kafka.cluster import Cluster
from infra.kafka.security import Mechanism, Protocol, Security
from infra.kafka.tokens import require_token_url
from infra.places.locations import Location, split_places
from infra.scoring.catalogue import ScorerName
from infra.transcription.model_files import PACKAGED_MODEL, ComputeType, Device
from processors.alerts.settings import read_alert_settings
from processors.engagements.horizons import Horizons
from processors.event_time import DAY_HOURS
from processors.inferred_speakers import Choice, Counting
from schemas.topics import PARTITIONS

PREFIX = "ASCOLTO_"
"""Begins the name of each setting's environment variable."""

KEY_FILE = "pseudonym.key"
"""The key's file in the data directory, used where no key is set."""


class Settings(BaseSettings):
    """What the workers and commands need to know."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore")

    data_dir: Path = Field(default_factory=default_data_directory)
    kafka: str = Field("127.0.0.1:9092", description="Kafka's bootstrap servers, comma-separated")
    kafka_security: Protocol = Field(
        "PLAINTEXT", description="PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    kafka_sasl: Mechanism = Field(
        "SCRAM-SHA-512", description="PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER"
    )
    kafka_username: str | None = Field(None, description="of SASL; the client's id of OAUTHBEARER")
    kafka_password: SecretStr | None = Field(None, description="of SASL; the client's secret")
    kafka_token_url: str | None = Field(None, description="where OAUTHBEARER's tokens come from")
    kafka_scope: str | None = Field(None, description="scope that a token is asked for")
    kafka_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{0,100}$")] = Field(
        "", description="begins the names of all topics and consumer groups"
    )
    kafka_replication: Annotated[int, Field(ge=1, le=32)] = Field(
        1, description="copies of each partition of the topics that ascolto admin topics makes"
    )
    kafka_ca: Path | None = Field(
        None, description="PEM file of the authority that signed the brokers' certificates"
    )
    kafka_certificate: Path | None = Field(
        None, description="PEM file of our own certificate, where brokers ask for one"
    )
    kafka_key: Path | None = Field(None, description="PEM file of its key")
    embedded: bool = Field(False, description="the broker is the embedded one (memory only)")
    broker_megabytes: Annotated[int, Field(ge=1)] = Field(
        1000,
        description="memory by which the embedded broker may grow (MB) before the stack replaces "
        "it by an empty one; the page is away for some seconds",
    )
    partitions: Annotated[int, Field(ge=1, le=1000)] = PARTITIONS
    session_timeout: Annotated[float, Field(ge=6, le=90)] = Field(
        20.0, description="seconds after which Kafka gives a silent worker's partitions away"
    )
    clickhouse_url: SecretStr | None = Field(
        None, description="http(s)://user:password@host:port/database; none: embedded in data_dir"
    )
    clickhouse_ca: Path | None = Field(
        None, description="PEM file of the authority that signed ClickHouse's certificate"
    )
    clickhouse_certificate: Path | None = Field(
        None, description="PEM file of our own certificate, where ClickHouse asks for one"
    )
    clickhouse_key: Path | None = Field(None, description="PEM file of its key")
    recordings: Annotated[list[Path | Location], NoDecode] = Field(
        default_factory=list,
        description="directories and places that recordings may be read from, separated by "
        f"'{os.pathsep}', addresses by blanks or commas too: /srv/rec s3://bucket/calls "
        "sftp://pbx.example/monitor https://rec.example/calls",
    )
    places: Path | None = Field(
        None, description="YAML file that says how places are reached, with which credentials"
    )
    recording_bytes: Annotated[int, Field(ge=1)] = Field(
        200 * 1024 * 1024, description="largest recording that is fetched from a place"
    )
    fetch_timeout: Annotated[float, Field(gt=0, le=86_400)] = Field(
        300.0, description="seconds that fetching one recording from a place may take"
    )
    spool_bytes: Annotated[int, Field(ge=1)] = Field(
        2 * 1024**3,
        description="bytes that a transcriber may use for fetched recordings; when they are "
        "used, further ones wait",
    )
    spool_keep_hours: Annotated[float, Field(ge=0, le=24 * 3650)] = Field(
        0.0, description="hours that a fetched recording stays after its transcription; 0: none"
    )
    recording_attempts: Annotated[int, Field(ge=1)] = Field(
        6, description="attempts at a recording that is not there yet, before a dead letter"
    )
    recording_backoff: Annotated[float, Field(gt=0)] = Field(
        2.0, description="seconds before the second attempt; doubled each time"
    )
    transcription_timeout: Annotated[float, Field(gt=0)] = Field(
        3600.0, description="seconds one recording may take"
    )
    model: str = Field(PACKAGED_MODEL, description="whisper model: packaged-base, a name or a path")
    whisper_device: Device = Field("cpu", description="what the model computes on: cpu or cuda")
    whisper_compute_type: ComputeType | None = Field(
        None, description="how it computes; none: int8 on cpu, int8_float16 on cuda"
    )
    whisper_threads: Annotated[int, Field(ge=1)] = Field(
        2, description="processor threads of all recordings together; of no meaning on cuda"
    )
    whisper_batch: Annotated[int, Field(ge=1, le=64)] | None = Field(
        None, description="windows computed together; none: 1 on cpu, 16 on cuda"
    )
    transcriptions_at_once: Annotated[int, Field(ge=1, le=64)] = Field(
        3, description="recordings transcribed at the same time by one worker"
    )
    domain_words: dict[str, list[str]] = Field(
        default_factory=dict,
        description="words to expect in a client's calls, as JSON; those of \"*\" in everyone's: "
        '{"*": ["saldo e stralcio"], "acqua": ["Acqua Serena"]}',
    )
    inferred_speakers: dict[str, Choice] = Field(
        default_factory=dict,
        description="whether scores of mono recordings, whose speakers are inferred, count: "
        'counted (the default) or left_out by client, as JSON; "*" for the others: '
        '{"acqua": "left_out"}',
    )
    skip_unreadable: str = Field(
        "",
        description="batches that cannot be read and are to be skipped, as "
        "topic/partition/offset, separated by commas; the worker's log names them",
    )
    pseudonym_key: SecretStr | None = Field(
        None, description="secret key of the customers' pseudonyms; none: made once in data_dir"
    )
    horizon_days: Annotated[int, Field(ge=1, le=365)] = Field(
        30, description="H: days an engagement lasts from its first conversation"
    )
    client_horizon_days: dict[str, Annotated[int, Field(ge=1, le=365)]] = Field(
        default_factory=dict,
        description='H of single clients, as JSON: {"acqua": 14}; the others have horizon_days',
    )
    grace_days: Annotated[int, Field(ge=1, le=365)] = Field(
        7,
        description="days after its end that an engagement stays in the workers' state; later "
        "events count all the same, their customers are looked up in ClickHouse",
    )
    scorer: ScorerName = Field(
        "encoder", description="what scores turns: the learned encoder-5, or the lexicons alone"
    )
    currency: str = Field("EUR", description="currency of the amounts that are summed")
    future_tolerance: Annotated[float, Field(ge=0, le=7 * 86_400)] = Field(
        3600.0,
        description="seconds by which an event may be dated later than the clock; one dated later "
        "still is a dead letter, from_the_future",
    )
    earliest_now: AwareDatetime | None = Field(
        None, description="set by ascolto demo: the clock is taken to show at least this time"
    )
    alerts: str = Field(
        "",
        description='how readily each committente\'s alerts open, as JSON: {"acqua": '
        '{"aggression_rise": "high", "nps_fall": "off", "silence_days": 3}}; docs/alerts.md',
    )
    gateway_rate: Annotated[float, Field(gt=0, le=100_000)] = Field(
        50.0, description="requests a second that the gateway takes of each key"
    )
    gateway_timeout: Annotated[float, Field(ge=2, le=120)] = Field(
        10.0, description="seconds that the gateway waits for Kafka to confirm, before it says 503"
    )
    gateway_recording_bytes: Annotated[int, Field(ge=1)] = Field(
        200 * 1024 * 1024, description="largest recording that the gateway takes"
    )
    gateway_url: str | None = Field(
        None,
        description="the gateway's address as senders of signed webhooks know it, "
        "https://ascolto.example; none: from their requests",
    )
    registry: Path | None = Field(
        None, description="YAML file of the display names of client companies and agencies"
    )
    sign_in: Path | None = Field(
        None,
        description="YAML file of who may see what of the page; none: it is for this machine only",
    )
    chromium: Path | None = Field(
        None, description="Chromium or Chrome, by which ascolto report makes a PDF; none: on PATH"
    )
    notify: Path | None = Field(
        None, description="YAML file that says who is notified of which alerts, and how"
    )
    page_url: str | None = Field(
        None,
        description="address that messages about alerts link to, as https://ascolto.example/; "
        "{client}, {agency} and {alert} in it are filled in",
    )
    status_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        0, description="port of the worker's status page on 127.0.0.1; 0: a free one"
    )
    status_host: str = "127.0.0.1"
    language: str = Field("it", description="language of what managers see: it or en")
    time_zone: str = Field("Europe/Rome", description="time zone of the page and of dashboards")
    generation: Annotated[int, Field(ge=1)] = Field(
        1, description="number of this state's making; rows of a later one replace earlier rows"
    )

    @model_validator(mode="after")
    def _has_credentials(self) -> Self:
        given = self.kafka_username, self.kafka_password
        if self.kafka_security.startswith("SASL") and None in given:
            raise ValueError(
                "ASCOLTO_KAFKA_SECURITY with SASL needs ASCOLTO_KAFKA_USERNAME and "
                "ASCOLTO_KAFKA_PASSWORD"
            )
        if self.kafka_sasl == "OAUTHBEARER" and self.kafka_token_url is None:
            raise ValueError("ASCOLTO_KAFKA_SASL=OAUTHBEARER needs ASCOLTO_KAFKA_TOKEN_URL")
        return self

    @field_validator("kafka_token_url")
    @classmethod
    def _is_safe(cls, value: str | None) -> str | None:
        return None if value is None else require_token_url(value)

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        return require_zone(value)

    @field_validator("page_url")
    @classmethod
    def _is_page(cls, value: str | None) -> str | None:
        return None if value is None else require_page(value)

    @field_validator("alerts")
    @classmethod
    def _understood(cls, value: str) -> str:
        read_alert_settings(value)
        return value

    @field_validator("skip_unreadable")
    @classmethod
    def _places(cls, value: str) -> str:
        _places_in(value)
        return value

    @field_validator("recordings", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return split_places(value) if isinstance(value, str) else value

    def environment(self) -> dict[str, str]:
        """All settings as environment variables, from which a child process reads equal ones.

        An empty text reads as its default, and a path in `recordings` may hold no `os.pathsep`.
        """
        return {
            f"{PREFIX}{name.upper()}": _as_variable(getattr(self, name))
            for name in type(self).model_fields
        }

    @property
    def cluster(self) -> Cluster:
        """The Kafka of the settings."""
        password = self.kafka_password
        security = Security(
            self.kafka_security,
            self.kafka_sasl,
            self.kafka_username,
            None if password is None else password.get_secret_value(),
            self.kafka_ca,
            self.kafka_certificate,
            self.kafka_key,
            self.kafka_token_url,
            self.kafka_scope,
        )
        return Cluster(self.kafka, security, self.kafka_prefix)

    @property
    def recording_directories(self) -> list[Path]:
        """Those of `recordings` that are on this machine."""
        return [each for each in self.recordings if isinstance(each, Path)]

    @property
    def recording_places(self) -> list[Location]:
        """Those of `recordings` that are elsewhere."""
        return [each for each in self.recordings if isinstance(each, Location)]

    @property
    def future_tolerance_us(self) -> int:
        """`future_tolerance` in microseconds."""
        return round(self.future_tolerance * 1e6)

    def now(self) -> datetime:
        """The clock that events are held against: the machine's, but for `earliest_now`."""
        now = datetime.now(UTC)
        return now if self.earliest_now is None else max(now, self.earliest_now)

    @property
    def unreadable_to_skip(self) -> list[tuple[str, int, int]]:
        """`skip_unreadable` as topic, partition and offset."""
        return _places_in(self.skip_unreadable)

    @property
    def counting(self) -> Counting:
        """Whose scores from inferred speakers count."""
        return Counting(self.inferred_speakers)

    def words_of(self, client_id: str) -> tuple[str, ...]:
        """Words to expect in a client's calls: its own, then everyone's."""
        own = self.domain_words.get(client_id, [])
        return (*own, *self.domain_words.get("*", []))

    @property
    def horizons(self) -> Horizons:
        """Every client's horizon H."""
        return Horizons(
            self.horizon_days * DAY_HOURS,
            {client: days * DAY_HOURS for client, days in self.client_horizon_days.items()},
        )

    @property
    def key_file(self) -> Path:
        """Where the pseudonym key is when none is set."""
        return self.data_dir / KEY_FILE

    def pseudonym_secret(self) -> bytes:
        """The key of the pseudonyms; created (owner only) in `data_dir` where none is set.

        Raises:
            ValueError: the file is empty.
        """
        if self.pseudonym_key is not None:
            return self.pseudonym_key.get_secret_value().encode()
        path = self.key_file
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            make_private(self.data_dir)
            key = create_once(path, secrets.token_hex(32).encode())
        if not key:
            raise ValueError(f"the key in {path} is empty: restore it, or remove the directory")
        return key


def _as_variable(value: object) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return value.get_secret_value()
        case list():
            return os.pathsep.join(map(str, value))
        case dict():
            return json.dumps(value)
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def _places_in(text: str) -> list[tuple[str, int, int]]:
    """Positions written as topic/partition/offset, separated by commas."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        topic, *numbers = part.split("/")
        if not topic or len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
            raise ValueError("write each position as topic/partition/offset: call-ended/3/1042")
        found.append((topic, int(numbers[0]), int(numbers[1])))
    return found
