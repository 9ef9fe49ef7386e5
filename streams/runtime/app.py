"""A Faust app with the settings that this project's rules ask for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import faust
from faust.auth import OAuthCredentials
from faust.types.auth import CredentialsT

from infra.kafka.cluster import Cluster
from infra.kafka.security import Security
from infra.settings import Settings
from schemas.topics import MOST_STATE_BYTES, Topic
from streams.transport.connecting import TokenProvider
from streams.transport.consumer import Transport
from streams.transport.unreadable import Policy

FETCHES_WAITING = 32
"""Fetches that wait for an agent; from three quarters of them on, its partitions are not fetched
from: a store that is away fills no memory."""
EMBEDDED_SESSION = {
    "broker_session_timeout": 6.0,
    "broker_rebalance_timeout": 4.0,
    "broker_heartbeat_interval": 1.0,
}
"""Joining takes half the session timeout on the embedded broker: a short one starts quickly."""


class App(faust.App):
    """A Faust app, and the Kafka it is on."""

    cluster: Cluster


def build_app(name: str, settings: Settings) -> App:
    """The app of worker `name`; its consumer group is `ascolto-NAME`, after the prefix.

    Faust makes no topic and serves no page: the admin step and our own status page do.
    """
    home = settings.data_dir / "faust" / name
    home.mkdir(parents=True, exist_ok=True)
    options: dict[str, Any] = session(settings)
    cluster = settings.cluster
    app = App(
        cluster.group(name),
        broker=[f"kafka://{server}" for server in cluster.servers],
        store="memory://",
        datadir=str(home),
        topic_partitions=settings.partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        consumer_auto_offset_reset="earliest",
        broker_commit_interval=0.5 if settings.embedded else 2.0,
        producer_acks=-1,
        producer_request_timeout=60.0,
        producer_max_request_size=MOST_STATE_BYTES,
        consumer_max_fetch_size=MOST_STATE_BYTES,
        stream_buffer_maxsize=FETCHES_WAITING,
        stream_wait_empty=False,
        web_enabled=False,
        autodiscover=False,
        broker_credentials=credentials(cluster.security),
        **options,
    )
    app.cluster = cluster
    unreadable = Policy(settings.unreadable_to_skip)
    app.transport = app.producer_transport = Transport(
        app.conf.broker_consumer, app, unreadable=unreadable
    )
    return app


def credentials(security: Security) -> CredentialsT | None:
    """The security of the settings as Faust takes it.

    Raises:
        CannotAuthenticate: a certificate or key cannot be read.
    """
    context = security.context() if security.protocol.endswith("SSL") else None
    if security.has_tokens:
        return OAuthCredentials(oauth_cb=TokenProvider(security.tokens()), ssl_context=context)
    if security.has_sasl:
        return faust.SASLCredentials(
            username=security.username,
            password=security.password,
            ssl_context=context,
            mechanism=security.mechanism,
        )
    return None if context is None else faust.SSLCredentials(context)


def session(settings: Settings) -> dict[str, float]:
    """Faust's settings for how soon a worker that is gone is replaced."""
    if settings.embedded:
        return EMBEDDED_SESSION
    seconds = settings.session_timeout
    return {
        "broker_session_timeout": seconds,
        "broker_rebalance_timeout": seconds,
        "broker_heartbeat_interval": seconds / 6,
    }


def raw_topic(app: faust.App, *topics: Topic) -> faust.TopicT:
    """`topics` as bytes: decoding is ours, inside the agents' try."""
    return app.topic(
        *(cast(App, app).cluster.topic(topic.name) for topic in topics),
        key_type=bytes,
        value_type=bytes,
        key_serializer="raw",
        value_serializer="raw",
        retention=timedelta(days=1),
    )
