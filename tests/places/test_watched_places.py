"""Watched folders on SSH and S3: the same importer, the same accesses."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from infra.importing.watched_folders import Watcher, WrongConfiguration, read_watching
from infra.places.access import Access, Accesses
from tests.importing.test_watched_folders import EXPORT, Kafka, look
from tests.places.servers import SshServer


def watcher(directory: Path, url: str, kafka: Kafka, access: Access) -> Watcher:
    configuration = directory / "folders.yaml"
    (directory / "mine.yaml").write_text("data: {client_id: {value: luce}}\n")
    configuration.write_text(
        f'folders: [{{url: "{url}", files: "*.csv", preset: csv-payments, mapping: mine.yaml}}]\n'
    )
    return Watcher(
        configuration,
        read_watching(configuration),
        directory / "imports",
        [],
        send=kafka.send,
        send_letter=kafka.send_letter,
        confirm=kafka.confirm,
        say=lambda _: None,
        accesses=Accesses((access,)),
    )


def test_exports_on_an_ssh_server_are_imported_also_after_it_was_away(
    ssh: SshServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.csv").write_bytes(EXPORT)
    url = f"sftp://127.0.0.1:{ssh.port}{tmp_path}/out"
    access = Access(url=url, user=ssh.user, key=ssh.key, known_hosts=ssh.known_hosts, private=True)
    kafka = Kafka()
    watching = watcher(tmp_path, url, kafka, access)
    ssh.stop()
    assert look(watching) == 0
    assert "cannot be reached" in caplog.text
    ssh.start()
    assert look(watching) == 1
    assert len(kafka.events) == 2


def test_exports_in_a_bucket_are_imported(s3_endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "s3").write_text("aws_access_key_id=key\naws_secret_access_key=x\n")
    client = boto3.client(
        "s3", endpoint_url=s3_endpoint, aws_access_key_id="key", aws_secret_access_key="x"
    )
    client.put_object(Bucket="calls", Key="out/a.csv", Body=EXPORT)
    url = "s3://calls/out"
    access = Access(url=url, endpoint=s3_endpoint, private=True, credentials=tmp_path / "s3")
    kafka = Kafka()
    assert look(watcher(tmp_path, url, kafka, access)) == 1
    assert len(kafka.events) == 2


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sftp://user:s3cret@host/out", "credentials stand in files"),
        ("https://host/out", "cannot be listed"),
        ("s3://no_bucket/out", "the name of a bucket is needed"),
    ],
)
def test_an_address_that_cannot_be_watched_is_refused(tmp_path: Path, url: str, says: str) -> None:
    with pytest.raises(WrongConfiguration) as caught:
        watcher(tmp_path, url, Kafka(), Access(url="s3://calls"))
    assert says in str(caught.value)
    assert "s3cret" not in str(caught.value)
