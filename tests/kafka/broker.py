"""A real Apache Kafka broker for tests: one node, KRaft, from Maven's central repository."""

from __future__ import annotations

import base64
import fcntl
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import Any

from infra.embedded import processes as children
from tests.kafka.ports import new_port
from tests.waiting import Standstill, cpu_seconds, wait_for

POM = Path(__file__).with_name("pom.xml")
_RESOLVE_SECONDS = 300.0
_READY_SECONDS = 60.0
_STARTING_CPU = 1.0
"""Processor seconds of starting that count as progress: a broker at rest uses some, too."""

_LEAST_JAVA = 17

_LOGGING = """\
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ABSOLUTE} %p %c{1}: %m%n
"""


class KafkaMissing(Exception):
    """Apache Kafka cannot be run here; the message says why."""


class KafkaFailed(Exception):
    """The broker did not start; the message quotes its log."""


def libraries() -> Path:
    """The directory with Kafka's jars, resolved once and cached outside the project.

    Raises:
        KafkaMissing: Java or Maven is missing, or Maven could not resolve the jars.
    """
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java is None or maven is None:
        lacking = " and ".join(n for n, p in (("java", java), ("mvn", maven)) if p is None)
        raise KafkaMissing(f"no {lacking} on the PATH")
    _check_java(java)
    version = re.findall(r"<kafka.version>(.+?)<", POM.read_text(encoding="utf-8"))[0]
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ascolto"
    home = cache / f"kafka-{version}"
    cache.mkdir(parents=True, exist_ok=True)
    # Several processes of a test run may be the first to ask: one resolves, the others wait.
    with (cache / f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            with tempfile.TemporaryDirectory(dir=cache) as temporary:
                _resolve(maven, Path(temporary) / "libs")
                (Path(temporary) / "libs").rename(home)
    return home


def _check_java(java: str) -> None:
    printed = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', printed)
    if found is None or int(found[1]) < _LEAST_JAVA:
        raise KafkaMissing(f"Java {_LEAST_JAVA} is needed: {printed.splitlines()[:1]}")


def _resolve(maven: str, into: Path) -> None:
    command = [maven, "--quiet", "--batch-mode", "--file", str(POM)]
    command += [
        "dependency:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={into}",
    ]
    try:
        subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_RESOLVE_SECONDS
        )
    except subprocess.CalledProcessError as error:
        printed = (error.stdout + error.stderr).strip()[-500:]
        raise KafkaMissing(f"Maven could not resolve Kafka: {printed}") from error
    except subprocess.TimeoutExpired as error:
        raise KafkaMissing(f"Maven took over {_RESOLVE_SECONDS:.0f} s to resolve Kafka") from error


class KafkaBroker:
    """A broker on a fixed port of 127.0.0.1; its data outlives it, killed or stopped."""

    def __init__(self, folder: Path, libs: Path) -> None:
        self.bootstrap = f"127.0.0.1:{new_port()}"
        self.log_file = folder / "kafka.log"
        self._folder = folder
        self._libs = libs
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration = folder / "server.properties"
        self._logging = folder / "log4j2.properties"
        self._prepare()

    def start(self) -> float:
        """Start on the data there is; returns the seconds until it answered.

        Raises:
            KafkaFailed: it ended or did not answer in time.
        """
        self.launch()
        return self.wait()

    def launch(self) -> None:
        """Start, and return at once."""
        self._process = children.start(
            [*self._java("512m"), "kafka.Kafka", str(self._configuration)], self.log_file
        )

    def wait(self) -> float:
        """Wait until the broker launched answers; returns the seconds that took.

        Raises:
            KafkaFailed: it ended or did not answer in time.
        """
        process = self._process
        assert process is not None
        try:
            seconds = wait_for(
                lambda: process.poll() is not None or self._answers(),
                lambda: (cpu_seconds(process.pid) // _STARTING_CPU, self.log_file.stat().st_size),
                still=_READY_SECONDS,
            )
        except Standstill as error:
            self.kill()
            raise KafkaFailed(self.log_file.read_text(encoding="utf-8")[-2000:]) from error
        if process.poll() is not None:
            raise KafkaFailed(self.log_file.read_text(encoding="utf-8")[-2000:])
        return seconds

    def stop(self) -> None:
        """Shut down in order."""
        if self._process is not None:
            children.stop(self._process, patience=20.0)
            self._process = None

    def kill(self) -> None:
        """End it with SIGKILL, as a machine that fails would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _java(self, memory: str) -> list[str]:
        return [
            "java",
            f"-Xmx{memory}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            f"-Dlog4j2.configurationFile={self._logging}",
            "-cp",
            f"{self._libs}/*",
        ]

    def _prepare(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._logging.write_text(_LOGGING, encoding="utf-8")
        text = "".join(f"{name}={value}\n" for name, value in self.settings().items())
        self._configuration.write_text(text, encoding="utf-8")
        cluster = base64.urlsafe_b64encode(uuid.UUID(int=1).bytes).decode().rstrip("=")
        command = [*self._java("128m"), "kafka.tools.StorageTool", "format"]
        command += ["--cluster-id", cluster, "--config", str(self._configuration)]
        command += self.formatting()
        printed = subprocess.run(command, capture_output=True, text=True, check=False)
        if printed.returncode:
            raise KafkaFailed(printed.stdout + printed.stderr)

    def settings(self) -> dict[str, str]:
        """The broker's configuration."""
        controller = f"127.0.0.1:{new_port()}"
        return {
            "node.id": "1",
            "process.roles": "broker,controller",
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{controller}",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": f"1@{controller}",
            "log.dirs": str(self._folder / "data"),
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "2",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "log.index.size.max.bytes": "1048576",
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
        }

    def formatting(self) -> list[str]:
        """Further arguments when the storage is made."""
        return []

    def client_options(self) -> dict[str, Any]:
        """Further arguments of a client that asks whether the broker answers."""
        return {}

    def _answers(self) -> bool:
        from kafka.admin import KafkaAdminClient
        from kafka.errors import KafkaError

        if not self._listens():
            return False
        try:
            admin = KafkaAdminClient(
                bootstrap_servers=self.bootstrap,
                bootstrap_timeout_ms=3000 if self.client_options() else 500,
                request_timeout_ms=3000,
                **self.client_options(),
            )
        except KafkaError:
            return False
        try:
            admin.list_topics()
        except KafkaError:
            return False
        finally:
            admin.close()
        return True

    def _listens(self) -> bool:
        host, port = self.bootstrap.split(":")
        try:
            with socket.create_connection((host, int(port)), timeout=0.5):
                return True
        except OSError:
            return False
