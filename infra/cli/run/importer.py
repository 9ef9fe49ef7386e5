"""`ascolto run importer`: imports what appears in folders, until it is stopped."""

from __future__ import annotations

import logging
import signal
import threading
from pathlib import Path

from infra.cli.failures import FAILED, WRONG_USAGE, say
from infra.data_directory.permissions import keep_files_private, make_private
from infra.importing.sending import send, send_letter
from infra.importing.watched_folders import Watcher, WrongConfiguration, read_watching
from infra.kafka.emitter import DeliveryFailed, Emitter
from infra.places.access import WrongPlaces, read_accesses
from infra.settings import Settings

log = logging.getLogger(__name__)


def run_importer(settings: Settings, configuration: Path) -> int:
    """Watch folders as `configuration` says; returns the exit code when it is stopped."""
    try:
        watching = read_watching(configuration)
        accesses = read_accesses(settings.places)
    except (WrongConfiguration, WrongPlaces) as error:
        say(str(error))
        return WRONG_USAGE
    keep_files_private()
    directory = settings.data_dir / "imports"
    make_private(settings.data_dir)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with Emitter(settings.cluster) as emitter:
        watcher = Watcher(
            configuration,
            watching,
            directory,
            settings.recordings,
            send=lambda imported, preset: send(emitter, imported, preset),
            send_letter=lambda letter: send_letter(emitter, letter),
            confirm=emitter.confirm,
            say=say,
            accesses=accesses,
        )
        say(f"watching {', '.join(folder.url for folder in watching.folders)}; Ctrl-C stops")
        while not stopped.is_set():
            try:
                watcher.poll()
            except DeliveryFailed as error:
                say(f"{error}\nstart it again: what is not noted as done is imported again")
                return FAILED
            stopped.wait(watching.every_seconds)
    return 0
