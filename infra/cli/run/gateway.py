"""`ascolto run gateway`: the HTTP gateway, until it is stopped."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

from infra.cli.failures import FAILED, say
from infra.data_directory.permissions import NoDirectory, keep_files_private, make_private
from infra.gateway.application import Ports, create_application
from infra.gateway.delivery import KafkaDelivery
from infra.gateway.keys import FILE_NAME, KeyFile, KeyFileError, KeyRing
from infra.gateway.limits import RateLimit
from infra.gateway.received_files import ReceivedFiles
from infra.kafka.security import CannotAuthenticate
from infra.settings import Settings

MOST_CONNECTIONS = 500
"""Requests and connections at the same time; more are answered with 503."""
_IDLE_SECONDS = 30
_STOP_SECONDS = 30


def run_gateway(settings: Settings, host: str, port: int, keys: Path | None) -> int:
    """Serve until a signal to stop; returns the exit code."""
    import uvicorn

    keep_files_private()
    ring = KeyRing(KeyFile(keys or settings.data_dir / FILE_NAME))
    delivery = KafkaDelivery(settings.cluster, settings.gateway_timeout)
    try:
        make_private(settings.data_dir)
        if not ring.keys():
            say("there are no keys yet, nobody can send anything: ascolto keys add")
        delivery.start()
    except (NoDirectory, KeyFileError, CannotAuthenticate) as error:
        say(str(error))
        return FAILED
    files = ReceivedFiles(next(iter(settings.recording_directories), None))
    files.remove_unfinished()
    url = settings.gateway_url
    app = create_application(
        Ports(
            keys=ring,
            delivery=delivery,
            files=files,
            rate=RateLimit(settings.gateway_rate),
            most_recording_bytes=settings.gateway_recording_bytes,
            public_url=None if url is None else url.rstrip("/"),
        )
    )
    logging.getLogger("infra.gateway").setLevel(logging.INFO)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            lifespan="off",
            ws="none",
            http="h11",
            log_config=None,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
    )

    def stop(*_: object) -> None:
        server.should_exit = True

    # uvicorn ends in order at these signals, and raises them once more when it has.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    say(f"listening on http://{host}:{port}; Ctrl-C stops")
    try:
        server.run()
    finally:
        delivery.stop()
    return 0 if server.started else FAILED
