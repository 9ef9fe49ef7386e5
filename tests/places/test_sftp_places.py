"""Recordings behind SSH: Debian's own server."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import Any

import paramiko
import pytest

from infra.places import sftp
from infra.places.access import Access
from infra.places.failures import NotThere, PlaceAway, PlaceRefused, TooLarge
from infra.places.locations import parse_location
from infra.places.remote import Limits, RemotePlace
from tests.places.servers import SshServer

SOUND = os.urandom(3 << 20)
LIMITS = Limits(8 << 20, 60.0)


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    directory = tmp_path / "monitor"
    (directory / "2026" / "a b").mkdir(parents=True)
    (directory / "2026" / "a b" / "à.wav").write_bytes(SOUND)
    (tmp_path / "secret.wav").write_bytes(b"secret")
    return directory


def place(ssh: SshServer, calls: Path, host: str = "127.0.0.1", **access: Any) -> RemotePlace:
    url = f"sftp://{host}:{ssh.port}{calls}"
    given = {"user": ssh.user, "key": ssh.key, "known_hosts": ssh.known_hosts, "private": True}
    return RemotePlace(parse_location(url), Access(url=url, **{**given, **access}))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_file_is_fetched(ssh: SshServer, calls: Path, tmp_path: Path, host: str) -> None:
    where = place(ssh, calls, host)
    file = parse_location(f"{where.location}/2026/a%20b/%C3%A0.wav")
    sizes: list[int] = []
    where.fetch(file, tmp_path / "x", LIMITS, sizes.append)
    assert (tmp_path / "x").read_bytes() == SOUND
    assert sizes == [len(SOUND)]


def test_links_may_not_lead_out_of_the_place(ssh: SshServer, calls: Path, tmp_path: Path) -> None:
    (calls / "link.wav").symlink_to(tmp_path / "secret.wav")
    (calls / "folder").symlink_to(tmp_path)
    (calls / "inside.wav").symlink_to(calls / "2026" / "a b" / "à.wav")
    where = place(ssh, calls)
    for name in ("link.wav", "folder/secret.wav"):
        with pytest.raises(PlaceRefused, match="leads out"):
            where.fetch(where.location.below(name), tmp_path / "x", LIMITS)
    assert not (tmp_path / "x").exists()
    where.fetch(where.location.below("inside.wav"), tmp_path / "x", LIMITS)
    alias = tmp_path / "alias"
    alias.symlink_to(calls)
    where = place(ssh, alias)
    where.fetch(where.location.below("inside.wav"), tmp_path / "x", LIMITS)
    assert (tmp_path / "x").read_bytes() == SOUND


def test_what_is_wrong_with_a_file_is_not_the_place_s_fault(
    ssh: SshServer, calls: Path, tmp_path: Path
) -> None:
    os.mkfifo(calls / "pipe.wav")
    where = place(ssh, calls)
    for name in ("gone.wav", "2026", "pipe.wav", "2026/a b/à.wav/x"):
        with pytest.raises(NotThere):
            where.fetch(where.location.below(name), tmp_path / "x", LIMITS)
    with pytest.raises(TooLarge):
        where.fetch(where.location.below("2026/a b/à.wav"), tmp_path / "x", Limits(1000, 60))
    with (calls / "sparse.wav").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(TooLarge):
        where.fetch(where.location.below("sparse.wav"), tmp_path / "x", LIMITS)


def test_only_a_server_whose_key_is_known_is_logged_in_to(
    ssh: SshServer, calls: Path, tmp_path: Path
) -> None:
    known = ssh.known_hosts.read_text()
    for content, says in (
        ("", "is not known"),
        (known.replace(str(ssh.port), "1"), "is not known"),
        (None, "shows another host key"),
    ):
        if content is None:
            ssh.write_known_hosts(paramiko.RSAKey.generate(2048))
        else:
            ssh.known_hosts.write_text(content)
        where = place(ssh, calls)
        with pytest.raises(PlaceAway, match=says) as caught:
            where.fetch(where.location.below("a.wav"), tmp_path / "x", LIMITS)
        assert "known_hosts" in caught.value.todo
    assert b"Accepted" not in (ssh.directory / "log").read_bytes()


def test_what_is_wrong_with_the_place_is_said(ssh: SshServer, calls: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.key"
    paramiko.RSAKey.generate(2048).write_private_key_file(str(other))
    (tmp_path / "no.key").write_text("no key")
    locked = tmp_path / "locked.key"
    paramiko.RSAKey.generate(2048).write_private_key_file(str(locked), password="x")
    for access, says in (
        ({"key": other}, "refuses our credentials"),
        ({"key": tmp_path / "gone"}, "cannot be read"),
        ({"key": tmp_path / "no.key"}, "cannot be used"),
        ({"key": locked}, "has a passphrase"),
        ({"key": None}, "no credentials"),
        ({"known_hosts": tmp_path / "gone"}, "host keys in"),
        ({"user": "nobody-here"}, "refuses our credentials"),
    ):
        with pytest.raises(PlaceAway, match=says) as caught:
            place(ssh, calls, **access).check()
        assert caught.value.todo, says
    with pytest.raises(PlaceRefused, match="not a public one"):
        place(ssh, calls, private=False).check()
    with pytest.raises(NotThere, match="not \\(yet\\) there"):
        place(ssh, tmp_path / "gone").check()
    ssh.stop()
    with pytest.raises(PlaceAway, match="cannot be reached"):
        place(ssh, calls).check()


def test_looking_into_a_place_reads_a_file_of_it(ssh: SshServer, calls: Path) -> None:
    assert place(ssh, calls).check() == "listed, no file directly in it"
    (calls / "a.wav").write_bytes(b"x")
    assert place(ssh, calls, probe="2026/a b/à.wav").check() == (
        "listed, and a file of it read, its probe read"
    )


def test_a_server_that_says_nothing_is_away(
    ssh: SshServer,
    calls: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(sftp, "_AUTHENTICATING_SECONDS", 0.5)
    ssh.stop()
    with socket.create_server(("127.0.0.1", ssh.port)) as silent:
        connections: list[socket.socket] = []
        thread = threading.Thread(target=lambda: connections.append(silent.accept()[0]))
        thread.start()
        with pytest.raises(PlaceAway):
            place(ssh, calls).check()
        thread.join()
        for each in connections:
            each.close()
    ssh.start()
    place(ssh, calls).check()
    assert caplog.records == [], "what is wrong with a place is logged once, by who waits for it"


def test_a_transfer_that_hangs_is_cut_in_time(ssh: SshServer, calls: Path, tmp_path: Path) -> None:
    """Behind a proxy that stops passing bytes on once the file has begun."""
    passed = threading.Event()
    released = threading.Event()

    def passes(source: socket.socket, sink: socket.socket, most: int | None) -> None:
        seen = 0
        try:
            while block := source.recv(65_536):
                seen += len(block)
                if most is not None and seen > most:
                    passed.set()
                    released.wait()
                sink.sendall(block)
        except OSError:
            pass

    with socket.create_server(("127.0.0.1", 0)) as proxy:
        port = proxy.getsockname()[1]

        def serve() -> None:
            client, _ = proxy.accept()
            server = socket.create_connection(("127.0.0.1", ssh.port))
            for source, sink, most in ((client, server, None), (server, client, 200_000)):
                threading.Thread(target=passes, args=(source, sink, most), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        host_key = ssh.known_hosts.read_text().split(" ", 1)[1]
        ssh.known_hosts.write_text(f"[127.0.0.1]:{port} {host_key}")
        url = f"sftp://127.0.0.1:{port}{calls}"
        access = Access(
            url=url, user=ssh.user, key=ssh.key, known_hosts=ssh.known_hosts, private=True
        )
        where = RemotePlace(parse_location(url), access)
        with pytest.raises(NotThere, match="did not arrive whole"):
            where.fetch(
                where.location.below("2026/a b/à.wav"), tmp_path / "x", Limits(8 << 20, 3.0)
            )
        assert passed.is_set()
        released.set()
