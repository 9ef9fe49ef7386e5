"""A page about how long customers stay: one file, its chart drawn by the script in it."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from dashboards.texts import texts
from infra.escaping import escaped
from infra.registry import RegistryFile

_COLOURS = {
    "agency": ("#2563a6", "#d97a1e", "#2b8a67", "#8b4fa8", "#b3434c", "#8a7420", "#3c8ea3"),
    "aggression_tercile": ("#2b8a67", "#c9a227", "#b3434c"),
}
_TERCILES = ("low", "middle", "high")
_SIGNIFICANT = 0.05
SHOWN_DAYS = (7, 14, 21)
"""Days of a curve that a table shows, besides its last."""
_STYLE = """
body { margin: 0 auto; max-width: 1080px; padding: 28px 20px 60px; color: #1d2a36;
  font: 16px/1.5 system-ui, 'Segoe UI', Roboto, 'Liberation Sans', sans-serif; }
.logo { height: 28px; max-width: 90px; margin-right: 10px; vertical-align: middle; }
h1 { margin: 0 0 4px; } h2 { margin: 36px 0 4px; } h3 { margin: 24px 0 0; font-size: 17px; }
p { margin: 4px 0 10px; max-width: 76ch; } .quiet { color: #66737f; font-size: 14px; }
.verdict { font-weight: 600; } .chart { height: 400px; } .wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 6px 12px; text-align: right; border-bottom: 1px solid #e7ebef; }
th:first-child, td:first-child { padding-left: 0; text-align: left; }
th { color: #66737f; font-weight: 600; font-size: 14px; } small { color: #66737f; }
.method { margin-top: 28px; }
"""

Group = Mapping[str, Any]


def shown_days(horizon_days: int) -> tuple[int, ...]:
    """The days of a curve to show in a table; the last is H."""
    return (*(day for day in SHOWN_DAYS if day < horizon_days), horizon_days)


def p_value(p: float | None) -> str:
    """A p-value as text: the smallest only as `< 0.001`; a dash where undefined.

    >>> p_value(0.00002), p_value(0.0421), p_value(None)
    ('< 0.001', '0.042', '-')
    """
    if p is None:
        return "-"
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def write_report(
    path: Path, shown: Mapping[str, Any], language: str, names: RegistryFile | None = None
) -> None:
    """Write the page.

    Args:
        path: the file; an existing one is replaced.
        shown: the survival figures, as `--json` prints them.
        language: it or en.
        names: display names and logos.
    """
    path.write_text(page(shown, language, names), encoding="utf-8")


def page(shown: Mapping[str, Any], language: str, names: RegistryFile | None = None) -> str:
    """The page's HTML; it loads nothing from the network."""
    from plotly.offline import get_plotlyjs

    words = _Words(texts(language), language, names or RegistryFile(None))
    charts: dict[str, Any] = {}
    sections = [
        _section(test, shown, words, charts, f"chart-{number}")
        for number, test in enumerate(shown["logrank"])
    ]
    title = escape(words("title"))
    return "".join(
        (
            f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Ascolto · {title}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{title}</h1><p>{escape(words('lead'))}</p>",
            _when(shown, words),
            *sections,
            "" if sections else f"<p>{escape(words('none'))}</p>",
            f'<p class="quiet method">{escape(words("method"))}</p>',
            f"<script>{get_plotlyjs()}</script>" if charts else "",
            f"<script>const charts = {_inline(charts)};",
            "for (const [id, [traces, layout]] of Object.entries(charts))",
            " Plotly.newPlot(id, traces, layout, {displayModeBar: false, responsive: true});",
            "</script></body></html>\n",
        )
    )


class _Words:
    """The report's texts in one language, and its formats of numbers."""

    def __init__(self, words: Mapping[str, str], language: str, names: RegistryFile) -> None:
        self._words = words
        self._names = names
        self._comma = language == "it"

    def __call__(self, key: str, **places: object) -> str:
        return self._words[f"report.survival.{key}"].format(**places)

    def window(self, window: str) -> str:
        """A window's name."""
        return self._words[f"window.{window}"]

    def number(self, text: str) -> str:
        """A number written with a point, as this language writes it."""
        return text.replace(".", ",") if self._comma else text

    def percent(self, share: float) -> str:
        """A share as a percentage."""
        return self.number(f"{share:.1%}")

    def name(self, group: Group) -> str:
        """A group's name for readers."""
        if group["group_kind"] == "agency":
            name = self._names.current().agency(group["client_id"], group["group"])
            return escaped(name)
        return self(f"tercile.{group['group']}")

    def client(self, client_id: str) -> str:
        """A client company's name for readers."""
        return escaped(self._names.current().client(client_id))

    def logo(self, client_id: str) -> str:
        """A client company's logo as HTML; empty where it has none."""
        found = self._names.logo(client_id)
        if found is None:
            return ""
        encoded = b64encode(found.content).decode()
        return f'<img class="logo" alt="" src="data:{found.media_type};base64,{encoded}">'

    @property
    def separators(self) -> str:
        """Decimal and thousands separators for Plotly."""
        return ",." if self._comma else ".,"


def _when(shown: Mapping[str, Any], words: _Words) -> str:
    if shown["as_of"] is None:
        return ""
    as_of = datetime.fromisoformat(shown["as_of"])
    result = words(
        "as_of.one" if shown["horizon_days"] == 1 else "as_of",
        as_of=f"{as_of:%Y-%m-%d %H:59}",
        window=words.window(shown["window"]),
        horizon=shown["horizon_days"],
    )
    return f'<p class="quiet">{escape(result)}</p>'


def _section(
    test: Mapping[str, Any],
    shown: Mapping[str, Any],
    words: _Words,
    charts: dict[str, Any],
    chart_id: str,
) -> str:
    """One client's curves of one kind: the test's result, the chart, the table."""
    kind = test["group_kind"]
    groups = [
        group
        for group in shown["groups"]
        if (group["client_id"], group["group_kind"]) == (test["client_id"], kind)
    ]
    if kind != "agency":
        groups.sort(key=lambda group: _TERCILES.index(group["group"]))
    charts[chart_id] = _chart(groups, _COLOURS[kind], words)
    heading = f"{words.client(test['client_id'])} · {words(f'by.{kind}')}"
    return (
        f"<h2>{words.logo(test['client_id'])}{escape(heading)}</h2>"
        f'<p class="verdict">{escape(_verdict(test, words))}</p>'
        f'<div class="chart" id="{chart_id}"></div>'
        f'<div class="wide">{_table(groups, shown["horizon_days"], words)}</div>'
    )


def _verdict(test: Mapping[str, Any], words: _Words) -> str:
    if test["p"] is None:
        return words("untested", n=test["n"])
    key = "differ" if test["p"] < _SIGNIFICANT else "alike"
    statistic, p = words.number(f"{test['statistic']:.1f}"), words.number(p_value(test["p"]))
    return words(key, statistic=statistic, p=p, n=test["n"])


def _table(groups: Sequence[Group], horizon_days: int, words: _Words) -> str:
    days = shown_days(horizon_days)
    headings = [words("group"), words("n"), words("left"), *(words("day", day=day) for day in days)]
    rows = ["".join(f"<th>{escape(heading)}</th>" for heading in headings)]
    for group in groups:
        points = {point["day"]: point for point in group["curve"]}
        cells = [escape(words.name(group)), str(group["n"]), str(group["events"])]
        cells += [_cell(points.get(day), words) for day in days]
        rows.append("".join(f"<td>{cell}</td>" for cell in cells))
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _cell(point: Mapping[str, Any] | None, words: _Words) -> str:
    if point is None:
        return "–"
    share = words.percent(point["staying"])
    if point["low"] is None:
        return share
    low, high = words.percent(point["low"]), words.percent(point["high"])
    return f"{share}<br><small>{low} – {high}</small>"


def _chart(groups: Sequence[Group], colours: Sequence[str], words: _Words) -> list[Any]:
    """Traces and layout: a curve a group, its interval as a band behind it."""
    bands, curves = [], []
    least = 1.0
    for number, group in enumerate(groups):
        colour = colours[number % len(colours)]
        curve, name = group["curve"], escape(words.name(group), quote=False)
        days = [point["day"] for point in curve]
        low, high = (_bound(curve, side) for side in ("low", "high"))
        least = min(least, *low)
        bands.append(
            {
                "x": days + days[::-1],
                "y": high + low[::-1],
                "fill": "toself",
                "fillcolor": f"{colour}24",
                "line": {"width": 0},
                "mode": "lines",
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
        curves.append(
            {
                "x": days,
                "y": [point["staying"] for point in curve],
                "name": name,
                "mode": "lines",
                "line": {"color": colour, "width": 2.4},
                "text": [_hover(point, name, words) for point in curve],
                "hoverinfo": "text",
            }
        )
    bottom = max(0.0, least - 0.03)
    return [bands + curves, _layout(bottom, words)]


def _bound(curve: Sequence[Mapping[str, Any]], side: str) -> list[float]:
    return [
        point["staying"] if point[side] is None else max(0.0, min(1.0, point[side]))
        for point in curve
    ]


def _hover(point: Mapping[str, Any], name: str, words: _Words) -> str:
    lines = [f"<b>{name}</b>", words("day", day=point["day"])]
    lines.append(f"{words('staying')}: <b>{words.percent(point['staying'])}</b>")
    if point["low"] is not None:
        lines.append(f"95%: {words.percent(point['low'])} – {words.percent(point['high'])}")
    lines.append(f"{words('at_risk')}: {point['at_risk']}")
    return "<br>".join(lines)


def _layout(bottom: float, words: _Words) -> dict[str, Any]:
    axis = {"gridcolor": "#e7ebef", "zerolinecolor": "#c3ccd4", "automargin": True}
    return {
        "font": {"family": "system-ui, 'Segoe UI', sans-serif", "size": 13, "color": "#1d2a36"},
        "separators": words.separators,
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "#fff", "align": "left"},
        "margin": {"l": 60, "r": 20, "t": 16, "b": 56},
        "legend": {"orientation": "h", "y": 1.12, "traceorder": "normal"},
        "xaxis": {**axis, "title": {"text": words("days")}, "rangemode": "tozero"},
        "yaxis": {
            **axis,
            "title": {"text": words("staying")},
            "tickformat": ".0%",
            "range": [bottom, 1.005],
        },
    }


def _inline(value: Any) -> str:
    """JSON for use in a script: nothing in it can end the script."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
