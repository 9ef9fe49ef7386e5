"""The report of a month: what it counts, what it says, what it shows of hostile words."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import async_playwright
from typer.testing import CliRunner

from dashboards.report.findings import findings, stand_apart
from dashboards.report.markup import Html, tag
from dashboards.report.months import Month, MonthData
from dashboards.report.page import page
from dashboards.report.printing import CannotPrint, find_chromium, print_pdf
from dashboards.report.voices import SHOWN_TURNS, alert, excerpt, followed
from dashboards.report.wording import Words
from infra.alerting.targets_file import Addressee, read_targets
from infra.cli.figures.report import _sent
from infra.cli.main import app
from infra.clickhouse.queries.months import read_alerts, read_drivers, read_period
from infra.clickhouse.queries.stories import Followed, read_stories
from infra.registry_model import Registry
from processors.metrics.nps import nps
from processors.metrics.rates import rate
from schemas.derived import Interval
from tests.alerting.receivers import mail_server, web_service
from tests.dashboards.dashboard_engine import Engine
from tests.dashboards.report_rows import (
    BEGIN,
    CLIENT,
    END,
    HOSTILE,
    MATURED,
    RATINGS,
    hour_row,
    rows,
)

OCTOBER = Month(2026, 10)
GOLDEN = Path(__file__).parent / "report_golden"
CHROMIUM = Path("/usr/bin/chromium")
_ROWS = rows()
NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
REGISTRY = Registry.model_validate(
    {
        "clients": {
            CLIENT: {"name": "Lumina <b>Energia</b>", "agencies": {"piccola": "Piccola & C."}}
        }
    }
)

needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(),
    reason="NOT RUN: Chromium is not installed (Debian: apt-get install chromium)",
)


@pytest.fixture
def filled(request: pytest.FixtureRequest) -> Engine:
    engine: Engine = request.getfixturevalue("_engine")
    engine.fill(_ROWS)
    return engine


@pytest.fixture
def october(filled: Engine) -> MonthData:
    return month_data(filled)


def month_data(
    engine: Engine, agency: str | None = None, latest: datetime = END + timedelta(days=3)
) -> MonthData:
    client = engine.client
    period = OCTOBER.period(CLIENT, latest, agency)
    *agencies, together = read_period(client, period)
    *before, _ = read_period(client, OCTOBER.previous.period(CLIENT, latest, agency))
    return MonthData(
        client_id=CLIENT,
        month=OCTOBER,
        agencies=agencies,
        together=together,
        before=before,
        drivers=read_drivers(client, period),
        alerts=read_alerts(client, period),
        stories=read_stories(client, period),
        until=period.end,
        latest=latest,
        now=NOW,
        horizon_days=30,
        agency_id=agency,
    )


def words(language: str = "it") -> Words:
    return Words(language, REGISTRY, CLIENT)


def text_of(html: str) -> str:
    """What a reader sees, a line a block."""
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    body = re.sub(r"</(p|li|h\d|tr|th|td|text|figcaption|title|div|svg)>", "\n", body)
    lines = unescape(re.sub(r"<[^>]+>", " ", body)).splitlines()
    return "\n".join(" ".join(line.split()) for line in lines if line.strip()) + "\n"


def test_a_month_is_that_of_rome_and_whole_hours_of_utc() -> None:
    assert (OCTOBER.begin, OCTOBER.end) == (BEGIN, END)
    assert (OCTOBER.end - OCTOBER.begin) / timedelta(hours=1) == 31 * 24 + 1
    assert Month.parse("2026-03").end - Month.parse("2026-03").begin == timedelta(hours=31 * 24 - 1)


ZONES = st.sampled_from(["Europe/Rome", "UTC", "Asia/Kolkata", "America/St_Johns"]).map(ZoneInfo)


@given(st.integers(2000, 2098), st.integers(1, 12), ZONES)
def test_months_follow_each_other_without_a_gap(year: int, number: int, zone: ZoneInfo) -> None:
    month = Month(year, number, zone)
    assert Month.parse(f"{year}-{number:02}", zone) == month
    first = datetime(year, number, 1, tzinfo=zone)
    assert timedelta(0) <= first - month.begin < timedelta(hours=1)
    assert month.next.previous == month
    assert month.end == month.next.begin > month.begin
    assert month.begin.minute == 0


@pytest.mark.parametrize("text", ["2026", "2026-13", "2026-1", "10-2026", "2026-10-01", "1999-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 2026-10"):
        Month.parse(text)


def test_figures_are_those_of_the_months_own_hours(october: MonthData) -> None:
    by_agency = {each.agency_id: each for each in october.agencies}
    assert set(by_agency) == set(RATINGS)
    for agency, counts in RATINGS.items():
        matured, cancelled, paid = MATURED[agency]
        assert by_agency[agency].nps == nps(*counts)
        assert by_agency[agency].churn_rate == rate(cancelled, matured)
        assert by_agency[agency].recovery_rate == rate(paid, matured)
        assert by_agency[agency].amount_recovered == 150.0 * paid
    assert october.together.nps == nps(*map(sum, zip(*RATINGS.values(), strict=True)))


def test_what_matures_after_the_latest_event_does_not_count_yet(filled: Engine) -> None:
    middle = BEGIN + timedelta(days=9, minutes=17)
    data = month_data(filled, latest=middle)
    assert data.until == BEGIN + timedelta(days=9, hours=1)
    assert data.together.recovery_rate.n == 0
    assert data.together.nps.n == sum(sum(counts[:2]) for counts in RATINGS.values())
    text = text_of(page(data, words()))
    assert "dati fino al 10 ottobre 2026, 00:17" in text
    assert "Incasso e clienti persi non si conoscono ancora" in text
    running = replace(data, now=middle)
    assert "Provvisorio: il mese non è ancora finito" in text_of(page(running, words()))


def test_a_month_before_the_first_event_is_empty(filled: Engine) -> None:
    period = OCTOBER.period(CLIENT, BEGIN - timedelta(days=40))
    assert period.begin == period.end
    assert [each.agency_id for each in read_period(filled.client, period)] == [""]


_INTERVALS = st.builds(
    lambda bounds, n: Interval(value=bounds[0], low=min(bounds), high=max(bounds), n=n),
    st.tuples(st.integers(-20, 20), st.integers(-20, 20)),
    st.sampled_from([29, 30, 400]),
) | st.just(Interval(value=None, low=None, high=None, n=0))


@given(st.dictionaries(st.sampled_from("abcdef"), _INTERVALS))
def test_only_what_touches_no_other_interval_stands_apart(figures: dict[str, Interval]) -> None:
    known = {name: each for name, each in figures.items() if each.n >= 30}

    def apart(over: bool) -> set[str]:
        return {
            name
            for name, one in known.items()
            if len(known) > 1
            and all(
                (one.low > other.high if over else one.high < other.low)
                for of, other in known.items()
                if of != name
            )
        }

    above, below = stand_apart(figures)
    assert apart(over=True) == ({above} if above else set())
    assert apart(over=False) == ({below} if below else set())


def test_findings_speak_of_differences_that_are_certain(october: MonthData) -> None:
    said = findings(october, words())
    assert said[0].startswith("alba-crediti si distingue: il suo NPS è +45 [")
    assert said[1].startswith("ferro-recuperi resta indietro: il suo NPS è −64 [")
    assert said[2] == (
        "Con ferro-recuperi si perde una quota di clienti più alta che con tutte le altre: "
        "22,0% [16,8%; 28,2%], 200 clienti."
    )
    assert "ferro-recuperi è peggiorata" in said[4]
    assert "nel mese di settembre 2026 era −27" in said[4]
    assert said[5].startswith("Chi è stato trattato con più aggressività se n'è andato più spesso")
    assert not any("Piccola" in sentence for sentence in said), "three ratings say nothing"


def test_a_report_of_one_agency_says_nothing_of_the_others(filled: Engine) -> None:
    html = page(month_data(filled, "alba-crediti"), words())
    assert "L'NPS è +45" in text_of(html)
    for other in ("ferro", "nexum", "Piccola", "segreta"):
        assert other not in html


def test_stories_are_of_the_month_and_of_different_customers(october: MonthData) -> None:
    found = {each.kind.value: each for each in october.stories}
    assert {kind: each.event_id for kind, each in found.items()} == {
        "worst": "worst",
        "best": "best",
        "left": "left",
    }
    said = {
        kind: followed(each.followed, each.ended_at, october, words())
        for kind, each in found.items()
    }
    assert said["worst"] == ("il cliente non ha pagato e non ha disdetto, fino al 5 novembre 2026.")
    assert said["best"] == "il cliente ha pagato dopo 1 giorno (180\u00a0€)."
    assert said["left"] == (
        "il cliente ha pagato lo stesso giorno (20\u00a0€) e ha disdetto il contratto dopo 4 "
        "giorni."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"lost_to_supplier": True}, "Il fornitore ha chiuso il contratto per morosità."),
        ({"cancelled": True}, "il cliente ha disdetto il contratto."),
        ({"matures_at": NOW + timedelta(days=2)}, "finora il cliente non ha pagato né disdetto"),
    ],
)
def test_what_followed_is_said_as_far_as_it_is_known(
    october: MonthData, changes: dict[str, object], said: str
) -> None:
    nothing = Followed(NOW - timedelta(days=2), False, False, False, 0.0, None, None)
    assert followed(replace(nothing, **changes), NOW, october, words()).startswith(said)
    assert "non è ancora noto" in followed(None, NOW, october, words())


def test_a_long_conversation_is_shown_around_its_weightiest_words(october: MonthData) -> None:
    turns = tuple(("operator", f"turn {number}") for number in range(50))
    story = replace(october.stories[0], turns=turns, highlights=((49, "turn 49"),))
    first, shown = excerpt(story)
    assert (first, len(shown), shown[-1][1]) == (50 - SHOWN_TURNS, SHOWN_TURNS, "turn 49")


def test_alerts_of_the_month_say_what_followed(october: MonthData) -> None:
    risen, silent = october.alerts
    assert (risen.contacted, risen.cancelled, risen.paid) == (2, 1, 1)
    text = text_of(page(october, words()))
    assert "ferro-recuperi: l'aggressività è salita da" in text
    assert "Si è chiuso il 20 ottobre 2026. Fra i 2 clienti contattati" in text
    assert silent.resolved_at is None
    assert "A fine mese era ancora aperto." in text


@pytest.mark.parametrize(
    ("kind", "baseline", "level", "points", "said"),
    [
        ("aggression_rise", 0.12, 0.124, 0.4, "da 0,120 a 0,124"),
        ("aggression_rise", 0.12, 0.3, 18, "da 0,12 a 0,30"),
        ("nps_fall", 30.4, 29.6, -0.8, "da +30,4 a +29,6"),
        ("nps_fall", 0.04, -4.9, -4.94, "da 0,0 a \u22124,9"),
    ],
)
def test_a_small_change_is_written_with_a_digit_more(
    october: MonthData, kind: str, baseline: float, level: float, points: float, said: str
) -> None:
    changes = {"kind": kind, "baseline": baseline, "level": level, "rise_points": points}
    assert said in text_of(alert(replace(october.alerts[0], **changes), october, words()))


@pytest.mark.parametrize("language", ["it", "en"])
def test_the_report_reads_as_before(october: MonthData, language: str) -> None:
    """Written again by deleting the files and running the test twice."""
    text = text_of(page(october, words(language)))
    golden = GOLDEN / f"{language}.txt"
    if not golden.exists():
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
        pytest.fail(f"{golden} was not there; it is written, read it")
    assert text == golden.read_text(encoding="utf-8")


def test_hostile_words_are_text(october: MonthData) -> None:
    html = page(october, words())
    assert HOSTILE not in html
    assert "<script" not in html
    assert "<img" not in html
    assert "\u202e" not in html
    assert "Lumina &lt;b&gt;Energia&lt;/b&gt;" in html
    assert "Paghi subito &lt;script&gt;" in html
    assert "p:worst" not in html, "customers are not shown, not even by pseudonym"
    assert "default-src &#x27;none&#x27;" in html
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []


def test_only_what_is_markup_is_not_escaped() -> None:
    assert tag("p", "<i>", Html("<i>"), class_='"') == '<p class="&quot;">&lt;i&gt;<i></p>'


def test_without_chromium_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotPrint, match="apt-get install chromium"):
        find_chromium(None)
    with pytest.raises(CannotPrint, match="is no program that can be run"):
        find_chromium(tmp_path)


def test_a_chromium_that_fails_leaves_no_file(tmp_path: Path) -> None:
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\necho no display >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(CannotPrint, match=r"exit code 3\): no display"):
        print_pdf("<p>", tmp_path / "out.pdf", broken)
    assert not (tmp_path / "out.pdf").exists()


@needs_chromium
@pytest.mark.browser
async def test_it_fits_paper_and_a_phone_and_runs_no_script(
    october: MonthData, tmp_path: Path
) -> None:
    source = tmp_path / "report.html"
    source.write_text(page(october, words()), encoding="utf-8")
    print_pdf(source.read_text(encoding="utf-8"), tmp_path / "report.pdf", CHROMIUM)
    pdf = (tmp_path / "report.pdf").read_bytes()
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 5
    assert re.search(rb"/MediaBox\s*\[0 0 59[45]\S* 84[12]\S*\]", pdf), "A4"
    assert await _complaints(source) == []


async def _complaints(source: Path) -> list[str]:
    """What is wider than a phone, a sheet or a screen, or not drawn; what a script says."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        seen = await browser.new_page()
        seen.on("dialog", lambda dialog: complaints.append(dialog.message))
        seen.on("console", lambda message: complaints.append(message.text))
        await seen.goto(source.as_uri())
        for width in (390, 688, 1440):
            await seen.set_viewport_size({"width": width, "height": 900})
            await seen.emulate_media(media="print" if width == 688 else "screen")
            complaints += await seen.evaluate(_WIDER)
        await browser.close()
    return complaints


_WIDER = """() => [...document.querySelectorAll("body *")].filter((each) => {
  const box = each.getBoundingClientRect(), scrolls = each.closest(".wide");
  return !box.height || (!scrolls && box.right > document.documentElement.clientWidth + 1);
}).filter((each) => each.tagName !== "line").map((each) => each.outerHTML.slice(0, 90))"""


def test_rows_of_other_segments_are_not_summed(filled: Engine) -> None:
    filled.add(
        "agency_hours",
        [hour_row("alba-crediti", BEGIN, calls=7) | {"segment": "channel=phone"}],
    )
    found = read_period(filled.client, OCTOBER.period(CLIENT, END))
    assert found[0].calls == 2 * sum(RATINGS["alba-crediti"])


def targets(folder: Path, **urls: str) -> list[Addressee]:
    """Targets of the client company, by their names."""
    lines = [f"clients:\n  {CLIENT}:\n    targets:"]
    for name, url in urls.items():
        (folder / name).write_text(url)
        lines.append(f"      {name}: {{url_file: {name}}}")
    (folder / "targets.yaml").write_text("\n".join(lines))
    return read_targets(folder / "targets.yaml")


async def test_it_is_sent_to_a_mailbox_with_its_findings(
    october: MonthData, tmp_path: Path
) -> None:
    out = tmp_path / "ottobre.html"
    out.write_text(page(october, words()), encoding="utf-8")
    async with mail_server() as mail, web_service() as web:
        chosen = targets(tmp_path, mailbox=mail.url, service=web.url)
        assert await asyncio.to_thread(_sent, chosen, october, words(), out) == 0
    [letter] = mail.received
    assert letter["Subject"] == "Ascolto · Lumina <b>Energia</b> · ottobre 2026"
    [attached] = letter.iter_attachments()
    assert attached.get_filename() == "ottobre.html"
    sent = attached.get_payload(decode=True)
    assert isinstance(sent, bytes)
    assert sent.strip() == out.read_bytes().strip()
    body = letter.get_body(("plain",))
    assert body is not None
    assert "- alba-crediti si distingue: il suo NPS" in body.get_content()
    [posted] = web.received
    assert posted["attachments"][0]["filename"] == "ottobre.html"


async def test_a_target_that_takes_no_file_is_named(
    october: MonthData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "ottobre.html"
    out.write_text("x")
    chosen = targets(tmp_path, chat="slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#general")
    with patch("apprise.plugins.slack.NotifySlack.attachment_support", False):
        assert await asyncio.to_thread(_sent, chosen, october, words(), out) == 1
    said = capsys.readouterr().err
    assert "target chat of lumina-energia did not accept it: Slack takes no files" in said
    assert "TIiajk" not in said


@pytest.mark.parametrize(
    ("notify", "said"),
    [("", "--send needs ASCOLTO_NOTIFY"), ("targets.yaml", "has no target direzione")],
)
def test_a_target_that_is_not_there_is_wrong_usage(tmp_path: Path, notify: str, said: str) -> None:
    targets(tmp_path, mailbox="json://127.0.0.1")
    asked = f"report --client {CLIENT} --month 2026-10 --out {tmp_path}/r.html --send direzione"
    environment = {
        "ASCOLTO_HOME": str(tmp_path),
        "ASCOLTO_NOTIFY": str(tmp_path / notify) if notify else "",
        "COLUMNS": "200",
    }
    done = CliRunner().invoke(app, asked.split(), env=environment)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not (tmp_path / "r.html").exists()
