"""Charts as SVG: points with their intervals, and bars. No script, no colour without a word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboards.report.markup import Html, tag

INK, SOFT, LINE, FEW, DEEP = "#1d2a36", "#5b6873", "#d9dfe4", "#97a2ad", "#17404f"
_BAR = "#8fb3bd"
_ROW = 34
_NAME = 190
_WIDTH = 680
_VALUE = 150
_TOP = 8
_AXIS = 24


@dataclass(frozen=True)
class Point:
    """A figure in a chart; `value`, `low` and `high` are null where it is undefined."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    written: str
    few: bool = False


def intervals(
    points: Sequence[Point], low: float, high: float, ticks: Sequence[tuple[float, str]], title: str
) -> Html:
    """A row a point, with its interval as a line; the axis goes from `low` to `high`."""
    left, right = _NAME, _WIDTH - _VALUE
    bottom = _TOP + _ROW * len(points)

    def x(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return round(left + share * (right - left), 1)

    grid = [
        (
            tag("line", x1=x(at), x2=x(at), y1=_TOP, y2=bottom, stroke=LINE),
            tag("text", label, x=x(at), y=bottom + 16, fill=SOFT, text_anchor="middle"),
        )
        for at, label in ticks
    ]
    rows = [_row(point, _TOP + _ROW * place + _ROW / 2, x) for place, point in enumerate(points)]
    return tag(
        "svg", grid, rows, viewBox=f"0 0 {_WIDTH} {bottom + _AXIS}", role="img",
        aria_label=title, class_="chart", xmlns="http://www.w3.org/2000/svg",
    )  # fmt: skip


def _row(point: Point, y: float, x: object) -> list[Html]:
    assert callable(x)
    colour = FEW if point.few else DEEP
    drawn = [
        tag("text", shortened(point.name), x=0, y=y + 5, fill=FEW if point.few else INK),
        tag(
            "text", point.written, x=_WIDTH, y=y + 5, text_anchor="end",
            fill=FEW if point.few else INK,
        ),
    ]  # fmt: skip
    if point.low is not None and point.high is not None:
        drawn.append(
            tag(
                "line", x1=x(point.low), x2=x(point.high), y1=y, y2=y,
                stroke=colour, stroke_width=3, stroke_linecap="round", stroke_opacity=0.45,
            )
        )  # fmt: skip
    if point.value is not None:
        fill = "#fff" if point.few else colour
        drawn.append(
            tag(
                "circle", cx=x(point.value), cy=y, r=6, fill=fill, stroke=colour, stroke_width=2
            )
        )  # fmt: skip
    return drawn


def bars(points: Sequence[Point], high: float, title: str) -> Html:
    """A bar a point from 0, with its interval as a thin line."""
    left, right = _NAME, _WIDTH - _VALUE - 20
    height = 26

    def x(value: float) -> float:
        return round(left + min(value, high) / high * (right - left), 1)

    drawn: list[Html] = []
    for place, point in enumerate(points):
        y = _TOP + height * place
        middle = y + height / 2
        ink = FEW if point.few else INK
        drawn.append(tag("text", shortened(point.name), x=0, y=middle + 5, fill=ink))
        drawn.append(
            tag("text", point.written, x=_WIDTH, y=middle + 5, text_anchor="end", fill=ink)
        )
        if point.value is not None:
            drawn.append(
                tag(
                    "rect", x=left, y=y + 6, width=round(x(point.value) - left, 1),
                    height=height - 12, fill=LINE if point.few else _BAR, rx=2,
                )
            )  # fmt: skip
        if point.low is not None and point.high is not None:
            drawn.append(
                tag(
                    "line", x1=x(point.low), x2=x(point.high), y1=middle, y2=middle,
                    stroke=FEW if point.few else DEEP, stroke_width=1.5,
                )
            )  # fmt: skip
    return tag(
        "svg", drawn, viewBox=f"0 0 {_WIDTH} {_TOP + height * len(points) + 8}", role="img",
        aria_label=title, class_="chart", xmlns="http://www.w3.org/2000/svg",
    )  # fmt: skip


def shortened(name: str, most: int = 26) -> str:
    """A name that fits its column; the whole name is in the table."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"
