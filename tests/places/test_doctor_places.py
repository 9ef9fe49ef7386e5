"""What doctor says of places: reached, listed and read, or what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from infra.cli.doctor.sources import sources
from infra.settings import Settings
from tests.places.servers import SshServer, WebServer, body

SOUND = b"RIFF"


def found(directory: Path, recordings: str, places: Any, **settings: Any) -> dict[str, Any]:
    path = directory / "places.yaml"
    path.write_text(yaml.safe_dump({"places": places}))
    given = {"data_dir": directory / "data", "places": path, **settings}
    importer = given.pop("importer", None)
    read = Settings(recordings=recordings, **given)
    findings = list(sources(read, importer))
    assert all(each.todo for each in findings if not each.well)
    shown = {each.what: (each.well, each.seen, each.todo) for each in findings}
    assert "s3cret" not in json.dumps(shown)
    return shown


def test_each_kind_of_place_is_looked_into(
    web: WebServer, ssh: SshServer, s3_endpoint: str, tmp_path: Path
) -> None:
    (tmp_path / "monitor").mkdir()
    (tmp_path / "monitor" / "a.wav").write_bytes(SOUND)
    (tmp_path / "s3").write_text("aws_access_key_id=key\naws_secret_access_key=s3cret\n")
    (tmp_path / "password").write_text("s3cret")
    client = boto3.client(
        "s3", endpoint_url=s3_endpoint, aws_access_key_id="key", aws_secret_access_key="s3cret"
    )
    client.put_object(Bucket="calls", Key="2026/a.wav", Body=SOUND)
    web.routes["/rec/probe.wav"] = body(SOUND)
    urls = ["s3://calls/2026", f"sftp://127.0.0.1:{ssh.port}{tmp_path}/monitor", f"{web.url}/rec"]
    places = [
        {"url": urls[0], "endpoint": s3_endpoint, "private": True, "credentials": "s3"},
        {
            "url": urls[1],
            "user": ssh.user,
            "key": str(ssh.key),
            "known_hosts": str(ssh.known_hosts),
            "private": True,
        },
        {
            "url": urls[2],
            "ca": str(web.ca),
            "private": True,
            "probe": "probe.wav",
            "user": "op",
            "password": "password",
        },
    ]
    shown = found(tmp_path, " ".join(urls), places, spool_bytes=1 << 28)
    assert {what for what, (well, *_) in shown.items() if not well} == set()
    assert shown[f"recordings in {urls[0]}"][1] == "listed, and a file of it read"
    assert shown[f"recordings in {urls[1]}"][1] == "listed, and a file of it read"
    assert shown[f"recordings in {urls[2]}"][1].endswith("its probe read")
    assert shown["places"][1].endswith("3 described")
    assert "GB free" in shown["spool"][1]

    places[2]["probe"] = "gone.wav"
    places[1]["user"] = "nobody-here"
    (tmp_path / "s3").write_text("x")
    web.stop()
    shown = found(tmp_path, " ".join(urls), places, spool_bytes=1 << 62)
    seen = {what.removeprefix("recordings in "): each for what, each in shown.items()}
    assert "holds no aws_access_key_id" in seen[urls[0]][1]
    assert "refuses our credentials" in seen[urls[1]][1]
    assert "cannot be reached" in seen[urls[2]][1]
    assert seen["spool"][2] == "make room, or lower ASCOLTO_SPOOL_BYTES"
    assert not any(seen[url][0] for url in urls)


def test_a_file_of_places_that_is_wrong_or_unused_is_named(tmp_path: Path) -> None:
    shown = found(tmp_path, "/srv", [{"url": "s3://calls", "regoin": "x"}])
    assert "regoin" in shown["places"][1]
    shown = found(tmp_path, "/srv", [{"url": "s3://calls"}])
    assert "nothing is read from s3://calls" in shown["places"][1]
    assert not shown["places"][0]


def test_watched_folders_are_looked_into_with_the_same_accesses(
    ssh: SshServer, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    url = f"sftp://127.0.0.1:{ssh.port}{tmp_path}/out"
    (tmp_path / "mine.yaml").write_text("data: {client_id: {value: luce}}\n")
    (tmp_path / "folders.yaml").write_text(
        f'folders: [{{url: "{url}", preset: csv-payments, mapping: mine.yaml}}]\n'
    )
    access = {"url": url, "user": ssh.user, "key": str(ssh.key), "private": True}
    known = {"known_hosts": str(ssh.known_hosts)}
    shown = found(tmp_path, "", [{**access, **known}], importer=tmp_path / "folders.yaml")
    assert shown[f"folder {url}"][:2] == (True, "listed, no file directly in it")
    assert shown["places"][0]
    shown = found(tmp_path, "", [access], importer=tmp_path / "folders.yaml")
    assert "host keys in" in shown[f"folder {url}"][1]


@pytest.mark.parametrize(("spool", "well"), [(1000, False), (10 << 20, True)])
def test_a_spool_smaller_than_a_recording_is_named(tmp_path: Path, spool: int, well: bool) -> None:
    shown = found(
        tmp_path,
        "https://no-such-host.invalid/x",
        [],
        spool_bytes=spool,
        recording_bytes=1 << 20,
    )
    assert shown["spool"][0] == well
