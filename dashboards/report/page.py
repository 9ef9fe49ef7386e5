"""The report of a month as one HTML file: it loads nothing, and runs no script."""

from __future__ import annotations

from base64 import b64encode

from dashboards.report import tables, voices
from dashboards.report.findings import findings
from dashboards.report.markup import Html, tag
from dashboards.report.months import MonthData
from dashboards.report.wording import Words
from infra.registry import Logo

_STYLE = """
@page { size: A4; margin: 15mm 14mm 16mm; @bottom-right { content: counter(page) " / "
  counter(pages); font: 8pt system-ui, 'Liberation Sans', sans-serif; color: #5b6873; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 760px; padding: 28px 20px 60px; color: #1d2a36; background: #fff;
  font: 15px/1.5 system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif;
  font-variant-numeric: tabular-nums; -webkit-print-color-adjust: exact;
  print-color-adjust: exact; overflow-wrap: anywhere; }
header { display: flex; gap: 16px; align-items: center; border-bottom: 2px solid #17404f;
  padding-bottom: 10px; }
header img { height: 40px; max-width: 130px; object-fit: contain; }
h1 { margin: 0; font-size: 25px; line-height: 1.2; } header p { margin: 2px 0 0; }
h2 { margin: 30px 0 6px; font-size: 18px; break-after: avoid; }
h3 { margin: 14px 0 0; font-size: 15px; break-after: avoid; }
p { margin: 4px 0 8px; } .quiet { color: #5b6873; font-size: 13px; }
.provisional { border-left: 4px solid #b86e00; background: #fff6e5; padding: 8px 12px; }
ul.findings { padding-left: 20px; margin: 6px 0; } ul.findings li { margin: 5px 0; }
.chart { width: 100%; height: auto; display: block; font-size: 13px; break-inside: avoid; }
figure { margin: 8px 0 14px; break-inside: avoid; } figcaption { font-weight: 600; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 12.5px; break-inside: avoid; }
th, td { padding: 5px 6px; text-align: right; vertical-align: top; overflow-wrap: normal;
  border-bottom: 1px solid #d9dfe4; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
thead th { color: #5b6873; font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 600; overflow-wrap: anywhere; }
small { display: block; color: #5b6873; font-size: 10.5px; line-height: 1.3; white-space: nowrap; }
.few, .few small { color: #97a2ad; }
.story, .alert { break-inside: avoid; margin-top: 14px; }
.turns { border-left: 3px solid #d9dfe4; padding-left: 12px; margin: 6px 0; font-size: 13.5px; }
.turn { margin: 2px 0; } .turn b { color: #5b6873; font-weight: 600; }
.turn.customer { padding-left: 18px; }
mark { background: #fdeeb8; color: inherit; padding: 0 1px; }
table.drivers td small { display: inline; }
q { font-style: italic; }
footer { margin-top: 30px; border-top: 1px solid #d9dfe4; padding-top: 8px; color: #5b6873;
  font-size: 11.5px; break-inside: avoid; }
@media print { body { max-width: none; padding: 0; font-size: 10.5pt; } .wide { overflow: visible; }
  table { font-size: 8.6pt; } small { font-size: 7.2pt; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(data: MonthData, words: Words, logo: Logo | None = None) -> str:
    """The report's HTML."""
    title = words("title", client=words.client, month=words.month(data.month))
    document = tag(
        "html",
        tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", title),
            tag("style", Html(_STYLE)),
        ),
        tag("body", _head(data, words, logo), tag("main", _parts(data, words)), _foot(data, words)),
        lang=words.language,
    )
    return f"<!doctype html>\n{document}\n"


def _head(data: MonthData, words: Words, logo: Logo | None) -> Html:
    picture = None
    if logo is not None:
        source = f"data:{logo.media_type};base64,{b64encode(logo.content).decode()}"
        picture = tag("img", src=source, alt="")
    whose = [words.client]
    if data.agency_id is not None:
        whose.append(words.agency(data.agency_id))
    whole = data.until == data.month.end
    until = words("whole") if whole else words("until", time=words.time(data.latest))
    return tag(
        "header",
        picture,
        tag(
            "div",
            tag("h1", words("heading", month=words.month(data.month))),
            tag("p", tag("b", " · ".join(whose)), " · ", until, class_="quiet"),
        ),
    )


def _parts(data: MonthData, words: Words) -> list[Html]:
    parts = []
    if data.provisional:
        parts.append(tag("p", words("provisional"), class_="provisional", role="note"))
    sentences = findings(data, words) or [words("nothing_certain")]
    parts += [
        tag("h2", words("findings")),
        tag("ul", [tag("li", sentence) for sentence in sentences], class_="findings"),
        _figure(tables.nps_title(data, words), tables.nps_chart(data, words)),
        tag("h2", words("comparison" if data.agency_id is None else "figures")),
        tag("div", tables.comparison(data, words), class_="wide"),
        tag("p", words("comparison.note", days=data.horizon_days), class_="quiet"),
    ]
    if data.together.recovery_rate.n:
        parts += [_figure(title, chart) for title, chart in tables.money_charts(data, words)]
        parts.append(tag("div", tables.relations(data, words), class_="wide"))
    if data.drivers:
        n = max(each.share.n for each in data.drivers if not each.agency_id)
        parts += [
            tag("h2", words("drivers")),
            tag("p", words.many("drivers.note", n), class_="quiet"),
            tables.drivers_chart(data, words),
        ]
        if data.agency_id is None:
            parts.append(tag("div", tables.drivers_table(data, words), class_="wide"))
    parts.append(tag("h2", words("alerts")))
    parts += [voices.alert(each, data, words) for each in data.alerts]
    if not data.alerts:
        parts.append(tag("p", words("alerts.none")))
    if data.stories:
        parts += [tag("h2", words("stories")), tag("p", words("stories.note"), class_="quiet")]
        parts += [voices.story(each, data, words) for each in data.stories]
    return parts


def _figure(title: str, chart: Html) -> Html:
    return tag("figure", tag("figcaption", title), chart)


def _foot(data: MonthData, words: Words) -> Html:
    begin, end = data.month.begin, data.until
    return tag(
        "footer",
        tag("p", words("method", days=data.horizon_days)),
        tag(
            "p",
            words(
                "hours",
                zone=data.month.zone.key,
                begin=words.utc(begin),
                end=words.utc(end),
            ),
        ),
        tag("p", words("made", time=words.time(data.now))),
    )
