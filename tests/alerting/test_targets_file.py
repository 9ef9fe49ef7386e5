"""The file of targets: what is wrong is named with its line, and no secret is ever shown."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from apprise import NotifyBase
from apprise.plugins.email import NotifyEmail
from typer.testing import CliRunner

from infra.alerting.checking import check_targets
from infra.alerting.notifier import Defaults, readers_of
from infra.alerting.sending import AppriseSender, Envelope, NotAccepted, service_of
from infra.alerting.targets import NotifyFile, page_link
from infra.alerting.targets_file import NoUrl, WrongTargets, read_targets
from infra.cli.doctor.notifications import notifications
from infra.cli.main import app
from infra.registry_model import Registry
from infra.settings import Settings
from processors.alerts.messages import Message
from schemas.derived import AlertKind
from tests.alerting.receivers import mail_server, web_service

RUNNER = CliRunner()


def written(folder: Path, text: str) -> Path:
    """A file of targets."""
    file = folder / "targets.yaml"
    file.write_text(text)
    return file


def test_an_entry_says_who_gets_what_in_which_words(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        """
clients:
  acqua:
    language: en
    zone: Europe/Paris
    targets:
      chat:
        url_file: a
        kinds: [silence]
        quiet: {from: 20:00, to: 08:00}
      mail: {url_env: MAIL, language: it}
  luce:
    targets:
      chat: {url_file: b}
""",
    )
    chat, mail, other = read_targets(file)
    assert [each.key for each in (chat, mail, other)] == [
        ("acqua", "chat"),
        ("acqua", "mail"),
        ("luce", "chat"),
    ]
    assert list(chat.target.wishes.kinds) == [AlertKind.SILENCE]
    quiet = chat.target.silent
    assert quiet is not None
    assert (quiet.begin.hour, quiet.end.hour) == (20, 8)
    assert (chat.client.zone, other.client.zone) == ("Europe/Paris", None)


@pytest.mark.parametrize(
    ("entry", "line", "said"),
    [
        ("zone: Europe/Roma", 3, "zone: no such time zone; write one as Europe/Rome"),
        ("page: ftp://x", 3, "write an address as https://"),
        ("page: 'https://x/{customer}'", 3, "in braces there may be {client}, {agency} and"),
        ("targets: {}", 3, "name one target at least"),
        ("targets: {Chat: {url_file: a}}", 3, "lower-case letters, digits, - and _"),
        ("targets: {chat: {}}", 3, "give url_file or url_env"),
        ("targets: {chat: {url_file: a, url_env: B}}", 3, "give url_file or url_env"),
        ("targets: {chat: {url: 'json://x'}}", 3, "means nothing here"),
        ("targets: {chat: {url_file: a, kinds: []}}", 3, "name one kind at least"),
        ("targets: {chat: {url_file: a, kinds: [rise]}}", 3, "'aggression_rise', 'nps_fall'"),
        ("targets: {chat: {url_file: a, least_rise: -1}}", 3, "greater than or equal to 0"),
        ("targets: {chat: {url_file: a, quiet: {from: 25:00, to: 8}}}", 3, "day as 20:00"),
        ("targets: {chat: {url_file: a, quiet: {from: '8:00', to: 9}}}", 3, "day as 20:00"),
        ("language: de", 3, "'it' or 'en'"),
    ],
)
def test_a_wrong_entry_is_named_with_its_line(
    entry: str, line: int, said: str, tmp_path: Path
) -> None:
    rest = "" if entry.startswith("targets") else "    targets: {chat: {url_file: a}}\n"
    file = written(tmp_path, f"clients:\n  acqua:\n    {entry}\n{rest}")
    with pytest.raises(WrongTargets) as raised:
        read_targets(file)
    assert any(f"line {line}" in each and said in each for each in raised.value.faults)


def test_a_url_is_read_when_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAT_URL", raising=False)
    file = written(
        tmp_path, "clients: {acqua: {targets: {chat: {url_env: CHAT_URL}, web: {url_file: u}}}}"
    )
    chat, web = read_targets(file)
    for each, said in ((chat, "set CHAT_URL"), (web, "cannot be read")):
        with pytest.raises(NoUrl, match=said):
            each.url()
    (tmp_path / "u").write_text("json://one/zq9\njson://two/zq9\n")
    with pytest.raises(NoUrl, match="on one line"):
        web.url()
    (tmp_path / "u").write_text("json://one/zq9\n")
    monkeypatch.setenv("CHAT_URL", " json://two/zq9 ")
    assert (chat.url(), web.url()) == ("json://two/zq9", "json://one/zq9")


def test_checking_names_what_no_service_takes_and_shows_no_url(tmp_path: Path) -> None:
    (tmp_path / "u").write_text("slack://zq9zq9")
    (tmp_path / "v").write_text("json://127.0.0.1/zq9zq9")
    file = written(
        tmp_path, "clients: {acqua: {targets: {chat: {url_file: u}, web: {url_file: v}}}}"
    )
    found, faults = check_targets(file)
    assert len(found) == 2
    assert len(faults) == 1
    assert "target chat of acqua: apprise knows no service with such a URL" in faults[0]
    assert "zq9" not in faults[0]
    findings = list(notifications(Settings(notify=file)))
    assert [each.well for each in findings] == [False]
    assert findings[0].seen == faults[0]
    assert "ascolto notify check" in findings[0].todo
    assert list(notifications(Settings())) == []
    (tmp_path / "u").write_text("json://127.0.0.1/zq9zq9")
    assert [each.well for each in notifications(Settings(notify=file))] == [True]


def test_the_schema_describes_what_is_read() -> None:
    done = RUNNER.invoke(app, ["notify", "schema"])
    assert json.loads(done.stdout) == NotifyFile.model_json_schema()


@pytest.mark.parametrize(
    ("template", "link"),
    [
        ("https://x.example/", "https://x.example/?client=a%26b&agency=c&alert=d"),
        ("https://x.example/?lang=en", "https://x.example/?lang=en&client=a%26b&agency=c&alert=d"),
        ("https://g.example/d/x?var-client={client}", "https://g.example/d/x?var-client=a%26b"),
    ],
)
def test_links_lead_to_the_alert(template: str, link: str) -> None:
    assert page_link(template, "a&b", "c", "d") == link


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """What a worker's log has, which is at INFO."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setLevel(logging.INFO)
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


async def test_what_a_target_answers_is_told_without_what_its_url_holds(
    logged: io.StringIO,
) -> None:
    envelope = Envelope("m", "t", {})
    closed = "mailto://zq9user:zq9pass@127.0.0.1:9/?from=a@zq9.example&to=zq9@zq9.example"
    async with web_service() as service:
        service.status = 500
        for url in (service.url.replace("secret-path", "zq9zq9"), closed, "slack://zq9"):
            with pytest.raises(NotAccepted) as raised:
                await AppriseSender().send(url, Message("title", "body"), envelope)
            assert "zq9" not in str(raised.value)
            assert str(raised.value)
    assert "zq9" not in logged.getvalue()
    assert "apprise" not in logged.getvalue()


@pytest.mark.parametrize("kind", ["web", "mail"])
async def test_a_target_that_answers_late_has_accepted_the_message(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With apprise's own time limits shortened to less than the target takes."""
    monkeypatch.setattr(NotifyBase, "socket_read_timeout", 0.5)
    monkeypatch.setattr(NotifyEmail, "socket_connect_timeout", 0.5)
    message, envelope = Message("title", "body"), Envelope("m", "t", {})
    async with web_service() as service, mail_server() as mail:
        service.delay = mail.delay = 1.0
        target = service if kind == "web" else mail
        await AppriseSender().send(target.url, message, envelope)
        assert len(target.received) == 1
        limits = "?rto=0.5" if kind == "web" else "&cto=0.5"
        with pytest.raises(NotAccepted):
            await AppriseSender().send(target.url + limits, message, envelope)


def test_times_are_in_the_target_s_the_client_company_s_or_the_installation_s_zone(
    tmp_path: Path,
) -> None:
    target = "{targets: {chat: {url_file: a}}}"
    own = target.replace("{targets", "{zone: Europe/Paris, targets")
    file = written(tmp_path, f"clients: {{acqua: {own}, luce: {target}, gas: {target}}}")
    named = {"name": "L", "time_zone": "Europe/Lisbon"}
    names = Registry.model_validate({"clients": {"acqua": named, "luce": named}})
    zones = [
        readers_of(each, names, Defaults(zone="Europe/Athens")).zone.key
        for each in read_targets(file)
    ]
    assert zones == ["Europe/Paris", "Europe/Lisbon", "Europe/Athens"]


async def test_receivers_that_never_answer_delay_no_other() -> None:
    import asyncio

    loop, message, envelope = (
        asyncio.get_running_loop(),
        Message("title", "body"),
        Envelope("m", "t", {}),
    )
    loop.set_default_executor(ThreadPoolExecutor(1))
    async with web_service() as hanging, web_service() as service:
        hanging.answers.clear()
        sending = [AppriseSender().send(hanging.url, message, envelope) for _ in range(4)]
        held = asyncio.gather(*sending)
        async with asyncio.timeout(20):
            while hanging.tried < len(sending):
                await asyncio.sleep(0.01)
            await AppriseSender().send(service.url, message, envelope)
        assert not held.done()
        hanging.answers.set()
        await held


def test_a_time_limit_that_a_url_sets_stays_even_where_it_is_the_usual_one() -> None:
    usual, own, longer = (
        service_of(f"json://127.0.0.1/{asked}") for asked in ("", "?rto=4", "?rto=90")
    )
    assert usual.request_timeout == (4.0, 30.0)
    assert own.request_timeout == (4.0, 4.0)
    assert longer.request_timeout == (4.0, 90.0)


async def test_trying_targets_says_which_of_them_worked(tmp_path: Path) -> None:
    import asyncio

    async with web_service() as service, mail_server() as mail:
        (tmp_path / "web").write_text(service.url)
        (tmp_path / "mail").write_text(mail.url)
        (tmp_path / "away").write_text("json://127.0.0.1:9/zq9")
        targets = {name: {"url_file": name} for name in ("web", "mail", "away")}
        file = written(tmp_path, json.dumps({"clients": {"acqua": {"targets": targets}}}))
        done = await asyncio.to_thread(RUNNER.invoke, app, ["notify", "test", str(file), "--json"])
        outcomes: list[dict[str, Any]] = json.loads(done.stdout)["targets"]
        assert done.exit_code == 1
        assert {each["target"]: each["ok"] for each in outcomes} == {
            **{"web": True, "mail": True},
            "away": False,
        }
        assert "zq9" not in done.output
        assert service.received[0]["title"] == "[PROVA] Ascolto: messaggio di prova"
        assert service.received[0]["test"] is True
        assert mail.received[0]["Subject"] == "[PROVA] Ascolto: messaggio di prova"
        one = await asyncio.to_thread(
            RUNNER.invoke, app, ["notify", "test", str(file), "--client", "luce"]
        )
        assert one.exit_code == 1
        assert "no target of a client company 'luce'" in one.stderr


@pytest.mark.parametrize("command", ["run all --exit", "demo --exit"])
def test_a_stack_does_not_start_with_a_wrong_file_of_targets(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASCOLTO_HOME", str(tmp_path))
    monkeypatch.setenv("ASCOLTO_NOTIFY", str(written(tmp_path, "clients: {acqua: {targets: {}}}")))
    said = RUNNER.invoke(app, command.split())
    assert said.exit_code == 1
    assert "line 1: clients.acqua.targets: name one target at least" in said.stderr
    assert not (tmp_path / "data").exists()


def test_the_notifier_alone_says_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASCOLTO_HOME", str(tmp_path))
    said = RUNNER.invoke(app, ["run", "notifier"])
    assert (said.exit_code, "set ASCOLTO_NOTIFY" in said.stderr) == (1, True)
    monkeypatch.setenv("ASCOLTO_NOTIFY", str(written(tmp_path, "clients: {}")))
    said = RUNNER.invoke(app, ["run", "notifier"])
    assert (said.exit_code, "set ASCOLTO_CLICKHOUSE_URL" in said.stderr) == (1, True)
