"""The notifier on the engine in process, with real receivers; in a process of its own.

Run as `python -m tests.alerting.notifying_child DIRECTORY`; prints what each scene saw as JSON.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer
from typer.testing import CliRunner

from dashboards.boards.statements import filled
from dashboards.grafana.alert_rules import alert_rules
from dashboards.preview.app import create_preview
from dashboards.preview.macros import Choices, expand
from dashboards.queries import query
from infra.alerting.deliveries import Deliveries
from infra.alerting.notifier import Defaults, Notifier
from infra.alerting.sending import AppriseSender, Envelope
from infra.alerting.targets_file import Addressee, read_targets
from infra.cli.alerting.running import stop
from infra.cli.main import app as ascolto_app
from infra.cli.run.workers import queries_of
from infra.clickhouse.client import open_embedded
from infra.clickhouse.schema import migrate
from infra.clickhouse.store import ClickHouseStore
from infra.data_directory.processes import address_file
from infra.registry_model import Registry
from infra.status_page import Page
from processors.alerts.messages import Message
from processors.alerts.notices import Notice
from schemas.derived import AgencyAlert, AlertKind, AlertStatus
from schemas.rows import AGENCY_HOURS, ALERTS, HOUR_SUMS
from tests.alerting.published import OPENED, alert
from tests.alerting.receivers import WebService, mail_server, web_service

OPEN, RESOLVED, RETRACTED = AlertStatus
NAMES = Registry.model_validate(
    {"clients": {"lumina": {"name": "Lumina Energia", "agencies": {"alfa": "Alfa Recuperi"}}}}
)


class Death(BaseException):
    """The process dies here."""


@dataclass
class Script:
    """Dies before or after the n-th effect: a target's acceptance, or the store's note of it."""

    at: int = 0
    after: bool = False
    count: int = 0

    async def happen(self, effect: Callable[[], Awaitable[None]]) -> None:
        self.count += 1
        if self.count == self.at and not self.after:
            raise Death
        await effect()
        if self.count == self.at:
            raise Death


class ScriptedSender(AppriseSender):
    def __init__(self, script: Script) -> None:
        self._script = script

    async def send(self, url: str, message: Message, envelope: Envelope) -> None:
        really = super().send
        await self._script.happen(lambda: really(url, message, envelope))


class ScriptedDeliveries(Deliveries):
    def __init__(self, store: ClickHouseStore, script: Script) -> None:
        super().__init__(store)
        self._script = script

    async def record(self, addressee: Addressee, notice: Notice, now: datetime) -> None:
        really = super().record
        await self._script.happen(lambda: really(addressee, notice, now))


@dataclass
class World:
    """A store, a clock, and the targets of one scene."""

    store: ClickHouseStore
    folder: Path
    now: datetime = OPENED + timedelta(minutes=5)
    complete: bool = True
    targets: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: int = 0

    def add_target(self, client: str, name: str, url: str, **wishes: Any) -> None:
        (self.folder / f"{client}-{name}").write_text(url)
        entry = self.targets.setdefault(client, {"targets": {}})
        entry["targets"][name] = {"url_file": f"{client}-{name}", **wishes}

    async def publish(self, *alerts: AgencyAlert) -> None:
        """Store alerts as they are now."""
        self.version += 1
        rows = [
            {
                **each.model_dump(mode="python"),
                "status": each.status.value,
                "quotes": [(q.event_id, q.turn, q.text, q.aggression) for q in each.quotes],
                "version": self.version,
            }
            for each in alerts
        ]
        await self.store.insert(ALERTS, rows)

    def notifier(
        self,
        script: Script | None = None,
        sender: AppriseSender | None = None,
        names: Registry = NAMES,
    ) -> Notifier:
        """A notifier as a process has it that starts now."""
        file = self.folder / "targets.yaml"
        file.write_text(json.dumps({"clients": self.targets}))
        script = script or Script()
        return Notifier(
            read_targets(file),
            ScriptedDeliveries(self.store, script),
            sender or ScriptedSender(script),
            names=lambda: names,
            now=lambda: self.now,
            defaults=Defaults("it", "https://ascolto.example/"),
            complete=lambda: self.complete,
        )


async def looks(notifier: Notifier, times: int = 2) -> None:
    """Let it look at the store; what is due at two looks is sent."""
    for _ in range(times):
        await notifier.look()
        await notifier.settled()


def other(of: AgencyAlert, status: AlertStatus) -> AgencyAlert:
    """The alert with another status."""
    over = of.opened_at + timedelta(days=1) if status is RESOLVED else None
    return of.model_copy(update={"status": status, "resolved_at": over})


async def course_of_an_alert(world: World, service: WebService) -> Any:
    world.add_target("lumina", "chat", service.url)
    notifier = world.notifier()
    await world.publish(found := alert())
    seen = []
    for status in (OPEN, RESOLVED, OPEN, RETRACTED):
        await world.publish(other(found, status))
        await looks(notifier, 3)
        await looks(notifier := world.notifier(), 3)
        seen.append(len(service.received))
    return {"counts": seen, "titles": service.titles, "first": service.received[0]}


async def deaths(world: World, service: WebService) -> Any:
    """Two alerts open and resolve; the process dies once, before or after each effect in turn."""
    seen = []
    for at in range(1, 9):
        for after in (False, True):
            client = f"dies-{at}-{after}".lower()
            world.targets.clear()
            world.add_target(client, "chat", service.url)
            service.received.clear()
            script = Script(at, after)
            notifier = world.notifier(script)
            alerts = [alert(client=client, alert_id=f"{client}-{n}") for n in range(2)]
            for status in (OPEN, RESOLVED):
                await world.publish(*(other(each, status) for each in alerts))
                await looks(notifier)
                if script.count == at:
                    notifier = world.notifier()
                    await looks(notifier)
            ids = [each["message_id"] for each in service.received]
            reported = [(each["alert_id"][-1], each["status"]) for each in service.received]
            seen.append({"ids": len(ids), "once": len(set(ids)), "reported": sorted(set(reported))})
    return seen


async def retracted_before_sent(world: World, service: WebService) -> Any:
    world.add_target("early", "chat", service.url)
    service.status = 500
    notifier = world.notifier()
    await world.publish(found := alert(client="early"))
    await looks(notifier)
    service.status = 200
    await world.publish(other(found, RETRACTED))
    world.now += timedelta(hours=2)
    await looks(notifier, 3)
    return service.titles


async def flickering(world: World, service: WebService) -> Any:
    world.add_target("flicker", "chat", service.url)
    notifier = world.notifier()
    found = alert(client="flicker")
    for status in (OPEN, RETRACTED) * 3:
        await world.publish(other(found, status))
        await looks(notifier, 1)
    return service.titles


async def moving(world: World, service: WebService) -> Any:
    """Late events move an alert's opening twice, then it resolves; restarts in between."""
    world.add_target("moves", "chat", service.url)
    first = alert(client="moves", alert_id="first")
    await world.publish(first)
    await looks(world.notifier())
    last = first
    for number in (1, 2):
        moved = alert(
            client="moves", alert_id=f"moved-{number}", opened_at=OPENED - timedelta(hours=number)
        )
        await world.publish(other(last, RETRACTED), last := moved)
        await looks(world.notifier(), 3)
    before = len(service.received)
    await world.publish(other(last, RESOLVED))
    await looks(world.notifier(), 3)
    seen = [(e["alert_id"], e["status"], e["thread"]) for e in service.received]
    return {"before": before, "all": seen}


async def stopping(world: World, service: WebService) -> Any:
    """Stopped while the first of two messages is on its way; the other comes after a restart."""
    world.add_target("stops", "chat", service.url)
    await world.publish(*(alert(client="stops", alert_id=name) for name in "ab"))
    on_its_way, go_on = asyncio.Event(), asyncio.Event()

    class SlowSender(AppriseSender):
        async def send(self, url: str, message: Message, envelope: Envelope) -> None:
            on_its_way.set()
            await go_on.wait()
            await super().send(url, message, envelope)

    notifier = world.notifier(sender=SlowSender())
    await notifier.look()
    running = asyncio.create_task(notifier.run())
    await on_its_way.wait()
    ending = asyncio.create_task(stop(running))
    await asyncio.sleep(0)
    go_on.set()
    await ending
    first = len(service.received)
    await looks(world.notifier())
    return {"first": first, "all": [each["alert_id"] for each in service.received]}


async def away(world: World, service: WebService) -> Any:
    async with web_service() as near:
        world.add_target("away", "far", service.url)
        world.add_target("away", "near", near.url)
        service.status = 500
        notifier = world.notifier()
        await world.publish(found := alert(client="away"))
        tries = []
        for _ in range(40):
            await looks(notifier)
            tries.append(service.tried)
            world.now += timedelta(seconds=30)
        at_once = len(near.received)
        service.status = 200
        world.now += timedelta(hours=1)
        await looks(notifier)
        await world.publish(other(found, RESOLVED))
        await looks(notifier)
        return {
            "near": at_once,
            "tries": tries[-1],
            "far": [each["status"] for each in service.received],
        }


async def refused(world: World, service: WebService) -> Any:
    """The target refuses one of two messages for 20 minutes; a third comes meanwhile."""
    world.add_target("refuses", "chat", service.url)
    service.refuses = "nessuna conversazione"
    notifier = world.notifier()
    poison = {"alert_id": "poison-1", "kind": AlertKind.SILENCE}
    await world.publish(
        alert(client="refuses", agency="first", **poison),
        alert(client="refuses", agency="second", opened_at=OPENED + timedelta(minutes=1)),
    )
    await looks(notifier)
    for minute in range(40):
        if minute == 20:
            third = alert(client="refuses", agency="third", alert_id="later")
            await world.publish(third)
        await looks(notifier)
        world.now += timedelta(seconds=30)
    before = [each["agency_id"] for each in service.received]
    tries = service.tried - len(before)
    service.refuses = None
    world.now += timedelta(hours=1)
    await looks(notifier)
    after = sorted(each["agency_id"] for each in service.received)
    return {"before": before, "tries": tries, "after": after}


async def outage(world: World, service: WebService) -> Any:
    """Three messages are due to a target that takes none."""
    world.add_target("outage", "chat", service.url)
    service.status = 500
    await world.publish(*(alert(client="outage", alert_id=f"outage-{n}") for n in range(3)))
    await looks(world.notifier())
    return service.tried


async def without_url(world: World, service: WebService) -> Any:
    """The file of the target's URL is gone for a while, with two messages due."""
    world.add_target("no-url", "chat", service.url)
    (file := world.folder / "no-url-chat").unlink()
    notifier = world.notifier()
    await world.publish(*(alert(client="no-url", alert_id=f"no-url-{n}") for n in range(2)))
    await looks(notifier, 4)
    file.write_text(service.url)
    world.now += timedelta(seconds=30)
    await looks(notifier, 1)
    return [each["alert_id"] for each in service.received]


async def unwritable(world: World, service: WebService) -> Any:
    """The names of one agency cannot be read when its message is written."""

    class BrokenName(Registry):
        def agency(self, client_id: str, agency_id: str) -> str:
            if agency_id == "first":
                raise ValueError(agency_id)
            return super().agency(client_id, agency_id)

    world.add_target("unwritable", "chat", service.url)
    notifier = world.notifier(names=BrokenName())
    later = OPENED + timedelta(minutes=1)
    await world.publish(
        alert(client="unwritable", agency="first", alert_id="a"),
        alert(client="unwritable", agency="second", alert_id="b", opened_at=later),
    )
    await looks(notifier, 3)
    return [each["agency_id"] for each in service.received]


async def tenants(world: World, service: WebService) -> Any:
    async with web_service() as second:
        world.add_target("one", "chat", service.url)
        world.add_target("two", "chat", second.url)
        notifier = world.notifier()
        same = {"alert_id": "the same id"}
        await world.publish(alert(client="one", agency="a", **same))
        await world.publish(alert(client="two", agency="b", **same))
        await world.publish(alert(client="three", agency="c", alert_id="nobody's"))
        await looks(notifier)
        await world.publish(alert(client="two", agency="b", status=RESOLVED, **same))
        await looks(notifier)
        return [
            [(each["client_id"], each["agency_id"], each["status"]) for each in taken.received]
            for taken in (service, second)
        ]


async def history(world: World, service: WebService) -> Any:
    world.add_target("past", "chat", service.url)
    at = {"old": -48, "yesterday": -20, "later": 30, "imported": -2000}

    def opened(name: str) -> AgencyAlert:
        moment = OPENED + timedelta(hours=at[name])
        return alert(client="past", alert_id=name, opened_at=moment)

    await world.publish(opened("old"), opened("yesterday"))
    await looks(world.notifier())
    world.now += timedelta(days=9)
    await world.publish(opened("later"), opened("imported"))
    await looks(world.notifier())
    await world.publish(other(opened("old"), RESOLVED))
    await looks(world.notifier())
    return [each["alert_id"] for each in service.received]


async def quiet(world: World, service: WebService) -> Any:
    """17:05 of Rome is within the quiet hours, 18:00 after them."""
    world.add_target("quiet", "chat", service.url, quiet={"from": "16:00", "to": "18:00"})
    notifier = world.notifier()
    await world.publish(first := alert(client="quiet", alert_id="a"))
    await world.publish(alert(client="quiet", alert_id="b", kind=AlertKind.SILENCE))
    await looks(notifier)
    before = list(service.titles)
    await world.publish(other(first, RESOLVED))
    world.now = datetime(2026, 6, 3, 16, tzinfo=UTC)
    await looks(notifier, 3)
    return {"before": before, "after": [[e["title"], e["message"]] for e in service.received]}


async def made_again(world: World, service: WebService) -> Any:
    """The derived tables are made again, with settings by which an alert is none any more."""
    world.add_target("again", "chat", service.url)
    notifier = world.notifier()
    standing = alert(client="again", alert_id="standing")
    await world.publish(alert(client="again", alert_id="gone"), standing)
    await looks(notifier)
    await world.store.read("SELECT 1", {})
    client = open_embedded(world.folder.parent / "store")
    client.command("TRUNCATE TABLE alerts")
    world.complete = False
    await looks(notifier)
    world.complete = True
    await looks(notifier)
    empty = len(service.received)
    await world.publish(standing)
    await looks(notifier)
    return {"empty": empty, "all": [(e["alert_id"], e["status"]) for e in service.received]}


async def mails(world: World, _: WebService) -> Any:
    async with mail_server() as mail:
        world.add_target("lumina", "mail", mail.url)
        notifier = world.notifier()
        await world.publish(found := alert(alert_id="mailed00"))
        await looks(notifier)
        await world.publish(other(found, RESOLVED))
        await looks(notifier)
        return [
            {
                "to": to,
                "subject": each["Subject"],
                "thread": each["References"],
                "id": each["X-Ascolto-Message"],
                "text": each.get_content(),
            }
            for to, each in zip(mail.recipients, mail.received, strict=True)
        ]


async def followed_up(world: World, _: WebService) -> Any:
    """What people do about an alert, through the page's routes, other sites' pages among them."""
    await world.publish(alert(client="lumina", alert_id="aaaa1111"))
    long_ago = OPENED - timedelta(days=40)
    await world.publish(
        alert(client="lumina", alert_id="aaaa2222", status=RESOLVED, opened_at=long_ago)
    )
    await world.publish(alert(client="others", alert_id="bbbb1111"))
    run_query = queries_of(world.store)
    app = create_preview(run_query, insert=world.store.insert, now=lambda: world.now)
    here = {"X-Ascolto-Action": "1"}
    note = {"action": "note", "who": "Anna", "text": "parlato con l'agenzia il 3/6 ☎"}
    async with TestClient(TestServer(app)) as client:

        async def post(where: str, what: Any, headers: Mapping[str, str] = here) -> Any:
            world.now += timedelta(minutes=1)
            answer = await client.post(f"/api/alerts/{where}", json=what, headers=headers)
            return answer.status

        foreign = {"Origin": "https://evil.example"}
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        refused = [
            await post("aaaa1111/actions", note, {}),
            await post("aaaa1111/actions", note, {**here, **foreign}),
            await post("aaaa1111/actions", note, {**here, "Sec-Fetch-Site": "cross-site"}),
            await post("aaaa1111/actions", note, {**here, "Host": "evil.example"}),
            (await client.post("/api/alerts/aaaa1111/actions", data="x", headers=here)).status,
            (await client.post("/api/alerts/aaaa1111/actions", headers={**here, **form})).status,
        ]
        wrong = [
            await post("aaaa1111/actions", {**note, "who": " "}),
            await post("aaaa1111/actions", {**note, "text": "x" * 1001}),
            await post("aaaa1111/actions", {**note, "action": "delete"}),
            await post("aaaa1111/actions", {**note, "who": 3}),
            await post("aaaa1111/actions", [note]),
            await post("zzzz1111/actions", note),
            await post("aa/actions", note),
            await post("bbbb1111/actions?client=lumina", note),
        ]
        moved = alert(client="lumina", alert_id="aaaa3333", opened_at=OPENED - timedelta(hours=9))
        nothing = [each["actions"] for each in (await listed(client, "?all=1")) if each["actions"]]
        done = [
            await post("aaaa1111/actions?client=lumina", {"action": "acknowledged", "who": "Anna"}),
            await post("aaaa1111/actions", {"action": "owner", "who": "Anna", "text": "Ugo"}),
            await post("aaaa11/actions", note),
        ]
        before = await listed(client, "?client=lumina")
        history, marks = await panel(world, "alert_history"), await panel(world, "alert_marks")
        await world.publish(other(alert(client="lumina", alert_id="aaaa1111"), RETRACTED), moved)
        # A page that is opened now: the first one may show for a second what it has read.
        opened = create_preview(run_query, insert=world.store.insert, now=lambda: world.now)
        async with TestClient(TestServer(opened)) as moved_page:
            shown = await listed(moved_page, "?client=lumina")
        return {
            "moved": shown,
            "moved_history": await panel(world, "alert_history"),
            "refused": refused,
            "wrong": wrong,
            "nothing": nothing,
            "done": done,
            "open": before,
            "all": [each["alert_id"] for each in await listed(client, "?client=lumina&all=1")],
            "history": history,
            "marks": marks,
        }


async def commands(world: World, _: WebService) -> Any:
    """`ascolto alerts`, while a stack has the store open and while none has."""
    data_dir = world.folder.parent / "store"
    await world.publish(alert(client="reported", alert_id="cccc1111"))
    await world.publish(alert(client="reported", alert_id="cccc1122", status=RESOLVED))
    app = create_preview(queries_of(world.store), insert=world.store.insert, now=datetime.now)

    async def ascolto(*arguments: str) -> Any:
        line = ["alerts", *arguments, "--data-dir", str(data_dir)]
        done = await asyncio.to_thread(CliRunner().invoke, ascolto_app, line)
        return done.exit_code, done.stdout, done.stderr

    seen: dict[str, Any] = {}
    page = Page(app, "127.0.0.1", 0, address_file(data_dir, "analytics"))
    for name in ("running", "stopped"):
        if name == "running":
            await page.start()
        seen[name] = [
            await ascolto("ack", "cccc1111", "--by", "Ugo", "--owner", f"Anna {name}"),
            await ascolto("note", "cccc11111", "x", "--by", "Ugo"),
            await ascolto("note", "cccc11", "x", "--by", "Ugo"),
            await ascolto("note", "cccc1111", "x", "--client", "lumina"),
            await ascolto("note", "cccc1111", "\x1b[31m", "--by", "Ugo"),
            await ascolto("list", "--client", "reported"),
            await ascolto("list", "--client", "reported", "--all", "--json"),
            await ascolto("list", "--client", "nobody"),
        ]
        if name == "running":
            await page.stop()
    return seen


async def rules(world: World, _: WebService) -> Any:
    """What the queries of Grafana's rules answer, of a client company with a quote in its name."""
    client = "l'acqua\\"
    await world.publish(
        alert(client=client, alert_id="open"),
        alert(client=client, alert_id="over", status=RESOLVED),
        alert(client=client, alert_id="quiet", kind=AlertKind.SILENCE),
        alert(client="another", alert_id="foreign"),
    )
    seen: dict[str, Any] = {"open": {}, "hours": {}}
    for rule in alert_rules(client, "L'Acqua")[:3]:
        for asked in rule["data"][:-1]:
            columns, rows = await world.store.query(asked["model"]["rawSql"])
            found = [dict(zip(columns, row, strict=True)) for row in rows]
            seen["open"].setdefault(rule["labels"]["ascolto_rule"], {})[asked["refId"]] = found
    now = datetime.now(UTC)
    for back in (0, 1, 5, 30, 100, 400):
        of = f"{client}{back}"
        latest = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=back)
        row = {"agency_id": "a", "segment": "all", "hour": latest, "known": latest, "version": 1}
        await world.store.insert(
            AGENCY_HOURS, [{**dict.fromkeys(HOUR_SUMS, 0), **row, "client_id": of, "calls": 5}]
        )
        asked = alert_rules(of, "x")[3]["data"][0]["model"]["rawSql"]
        _, rows = await world.store.query(asked)
        seen["hours"][back] = [list(row) for row in rows]
    nobody = alert_rules("nobody", "x")[3]["data"][0]["model"]["rawSql"]
    seen["nobody"] = (await world.store.query(nobody))[1]
    seen["now"] = now.timestamp()
    return seen


async def listed(client: TestClient[Any, Any], asked: str) -> Any:
    return (await (await client.get(f"/api/alerts{asked}")).json())["alerts"]


async def panel(world: World, name: str) -> Any:
    """What a query of the dashboards answers."""
    choices = Choices(client="lumina", to=world.now, window="7d", segment="all", agencies=())
    sql = filled(query(name), {}, "Europe/Rome")
    columns, rows = await world.store.query(*expand(sql, choices))
    return [dict(zip(columns, row, strict=True)) for row in rows]


SCENES: Mapping[str, Callable[[World, WebService], Awaitable[Any]]] = {
    each.__name__: each
    for each in (
        *(course_of_an_alert, deaths, retracted_before_sent, flickering, moving),
        *(stopping, away, refused, outage, without_url, unwritable),
        tenants,
        *(followed_up, commands, rules, history, quiet, made_again, mails),
    )
}


async def play(directory: Path) -> dict[str, Any]:
    """Every scene in turn, each with client companies and receivers of its own."""
    opened = open_embedded(directory / "store")
    migrate(opened)
    opened.close()
    seen = {}
    for name, scene in SCENES.items():
        (directory / name).mkdir()
        async with AsyncExitStack() as stack:
            service = await stack.enter_async_context(web_service())
            store = ClickHouseStore(lambda: open_embedded(directory / "store"))
            stack.callback(store.close)
            seen[name] = await scene(World(store, directory / name), service)
    return seen


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(name)s %(message)s")
    print(json.dumps(asyncio.run(play(Path(sys.argv[1]))), default=str))
