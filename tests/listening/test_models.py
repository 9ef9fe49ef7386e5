"""Which model transcribes: the packaged one, a fetched one, a directory; the message if none."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.transcription import packaged_model
from infra.transcription.model_files import (
    PACKAGED_MODEL,
    ModelChoice,
    ModelUnknown,
    find_model,
    load_model,
)
from infra.transcription.packaged_model import ModelMissing
from tests.listening.sounds import CALL
from tests.waiting import completed

NOWHERE = "http://127.0.0.1:9"
FILES = {
    "config.json": b"{}",
    "model.bin": b"weights",
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a\n",
    "README.md": b"not needed",
}
COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """As much of a model hub as a download asks for."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, body: bool) -> None:
        name = self.path.partition("?")[0].rpartition("/")[2]
        if "/Systran/faster-whisper-tiny/" not in self.path and "Systran" in self.path:
            content, status = b"{}", 404
        elif self.path.startswith("/api/models/"):
            files = [{"rfilename": file} for file in FILES]
            info = {"id": "Systran/faster-whisper-tiny", "sha": COMMIT, "siblings": files}
            content, status = json.dumps(info).encode(), 200
        else:
            content, status = FILES.get(name, b""), 200 if name in FILES else 404
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Content-Type", "application/json")
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(content)


@pytest.fixture
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def ascolto(
    *arguments: str, home: Path, endpoint: str = NOWHERE
) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ASCOLTO_", "HF_"))}
    return completed(
        [sys.executable, "-m", "infra.cli.main", *arguments],
        env={
            **environment,
            "ASCOLTO_HOME": str(home),
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(home / "hf"),
            "HF_HUB_DISABLE_XET": "1",
            "NO_PROXY": "127.0.0.1",
        },
    )


def test_a_model_is_fetched_once_where_its_hub_is_reached(hub, tmp_path):
    fetched = ascolto("models", "fetch", "tiny", home=tmp_path, endpoint=hub)
    assert fetched.returncode == 0, fetched.stderr
    directory = Path(fetched.stdout.strip())
    assert directory.is_relative_to(tmp_path)
    assert {file.name for file in directory.iterdir()} == FILES.keys() - {"README.md"}
    assert (directory / "model.bin").read_bytes() == b"weights"
    again = ascolto("models", "fetch", "tiny", home=tmp_path)
    assert (again.returncode, again.stdout) == (0, fetched.stdout)


def test_where_the_hub_is_not_reached_it_says_so_and_what_to_do(tmp_path):
    done = ascolto("models", "fetch", "small", home=tmp_path)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "'small' could not be fetched" in line
    assert str(tmp_path) in line
    assert done.stdout == ""


def test_a_hub_without_the_model_says_so(hub, tmp_path):
    done = ascolto("models", "fetch", "Systran/nothing-like-it", home=tmp_path, endpoint=hub)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "could not be fetched" in done.stderr


@pytest.mark.parametrize("name", ["gigantic", "", "/no/such/directory", "./here", "a/b/c", "a b/c"])
def test_a_name_of_no_model_is_wrong_usage(tmp_path, name):
    done = ascolto("models", "fetch", name, home=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "model" in done.stderr


def test_transcribe_says_in_a_line_which_model_or_language_there_is_not(tmp_path):
    for arguments, code, message in (
        (["--model", "gigantic"], 2, "'gigantic'"),
        (["--model", str(tmp_path)], 1, "model.bin"),
        (["--model", "small"], 1, "could not be fetched"),
        (["--language", "xx"], 2, "'xx'"),
        (["--language", "italian"], 2, "'italian'"),
    ):
        done = ascolto("transcribe", str(CALL), str(CALL), *arguments, home=tmp_path)
        assert done.returncode == code, done.stderr
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert done.stdout == ""


def test_a_directory_is_a_model_and_the_packaged_one_has_its_name(tmp_path):
    assert find_model(str(tmp_path)) == tmp_path
    assert ModelChoice(str(tmp_path / "large-x")).label == "large-x"
    assert ModelChoice(PACKAGED_MODEL).label == packaged_model.NAME
    assert ModelChoice("owner/large-x", "cuda").computed == "int8_float16"
    with pytest.raises(ModelUnknown, match="small"):
        find_model(str(tmp_path / "none"))


def test_a_damaged_model_and_a_missing_card_are_reported(tmp_path):
    (tmp_path / "model.bin").write_bytes(b"half")
    with pytest.raises(ModelMissing, match=r"holds no tokenizer\.json"):
        load_model(ModelChoice(str(tmp_path)), 1)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelMissing, match="cannot be used"):
        load_model(ModelChoice(str(tmp_path)), 1)
    with pytest.raises(ModelMissing, match="can be used on cuda"):
        load_model(ModelChoice(str(tmp_path), "cuda"), 1)


def test_several_processes_put_the_model_together_at_once(tmp_path, monkeypatch):
    monkeypatch.setenv("ASCOLTO_HOME", str(tmp_path))
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(packaged_model.packaged_model, [()] * 3)
    assert len(set(found)) == 1
    digest = hashlib.sha256((found[0] / "model.bin").read_bytes()).hexdigest()
    assert digest.startswith(found[0].name.rsplit("-", 1)[1])
    assert [p.name for p in found[0].parent.iterdir()] == [found[0].name]


def test_a_damaged_copy_is_replaced(tmp_path, monkeypatch):
    monkeypatch.setenv("ASCOLTO_HOME", str(tmp_path))
    name = f"{packaged_model.NAME}-d01c3014881c"
    damaged = tmp_path / "models" / name
    damaged.mkdir(parents=True)
    (damaged / "model.bin").write_bytes(b"half")
    assert packaged_model.packaged_model() == damaged
    assert (damaged / "model.bin").stat().st_size > 1_000_000


def test_a_home_that_cannot_be_written_says_what_to_do(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ASCOLTO_HOME", str(tmp_path / "file" / "below"))
    with pytest.raises(packaged_model.ModelMissing, match="ASCOLTO_HOME"):
        packaged_model.packaged_model()
