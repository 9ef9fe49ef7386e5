"""A report's words in one language: texts, numbers, dates in the page's time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from dashboards.report.months import ROME, Month
from dashboards.texts import texts
from infra.escaping import escaped
from infra.registry_model import Registry
from schemas.derived import Correlation, Interval

Form = Literal["points", "share", "relation"]
"""How a figure is written: NPS points, a percentage, a correlation."""

DASH = "–"
"""What stands for a figure that is undefined."""


class Words:
    """Texts and formats of one language, and the names of one client company's agencies."""

    def __init__(
        self,
        language: str,
        names: Registry,
        client_id: str,
        currency: str = "EUR",
        zone: ZoneInfo = ROME,
    ) -> None:
        """`currency` is an ISO code, `zone` that of the times.

        Raises ValueError for a language without texts.
        """
        self.language = language
        self._texts = texts(language)
        self._names = names
        self._client_id = client_id
        self._zone = zone
        self._currency = "€" if currency == "EUR" else escaped(currency)
        self._italian = language == "it"

    def __call__(self, key: str, **places: object) -> str:
        """A text of the report, with its places filled in."""
        return self._texts[f"report.month.{key}"].format(**places)

    def many(self, key: str, n: int, **places: object) -> str:
        """A text with a count, in the singular where it is one."""
        singular = f"report.month.{key}.one"
        chosen = singular if n == 1 and singular in self._texts else f"report.month.{key}"
        return self._texts[chosen].format(n=self.count(n), **places)

    def shared(self, key: str, **places: object) -> str:
        """A text that the page has too."""
        return self._texts[key].format(**places)

    def known(self, key: str, fallback: str) -> str:
        """A text that the page has too; `fallback` where there is none."""
        return self._texts.get(key, fallback)

    @property
    def client(self) -> str:
        """The client company's name."""
        return escaped(self._names.client(self._client_id))

    def agency(self, agency_id: str) -> str:
        """An agency's name."""
        return escaped(self._names.agency(self._client_id, agency_id))

    def month(self, month: Month) -> str:
        """As 'ottobre 2026'."""
        return f"{self._texts[f'month.{month.month}']} {month.year}"

    def time(self, time: datetime) -> str:
        """Day and time, as '3 ottobre 2026, 14:05'."""
        local = time.astimezone(self._zone)
        return f"{self.day(time)}, {local:%H:%M}"

    def utc(self, time: datetime) -> str:
        """Day and time in UTC, written likewise."""
        there = time.astimezone(UTC)
        return f"{there.day} {self.month(Month(there.year, there.month))}, {there:%H:%M}"

    def day(self, time: datetime) -> str:
        """Day, as '3 ottobre 2026'."""
        local = time.astimezone(self._zone)
        return f"{local.day} {self.month(Month(local.year, local.month))}"

    def count(self, n: int) -> str:
        """A whole number."""
        return self._written(f"{n:,}")

    def points(self, value: float | None, digits: int = 0) -> str:
        """An NPS, with its sign."""
        if value is None:
            return DASH
        shown = round(value, digits)
        return self._written(f"{shown:+.{digits}f}" if shown else f"{0:.{digits}f}")

    def score(self, value: float | None, digits: int = 2) -> str:
        """A mean between -1 and 1."""
        return DASH if value is None else self._written(f"{round(value, digits) + 0.0:.{digits}f}")

    def share(self, value: float | None) -> str:
        """A rate as a percentage."""
        return DASH if value is None else self._written(f"{100 * value:.1f}") + "%"

    def relation(self, value: float | None) -> str:
        """A correlation, with its sign."""
        if value is None:
            return DASH
        shown = round(value, 2)
        return self._written(f"{shown:+.2f}" if shown else "0.00")

    def days_between(self, earlier: datetime, later: datetime | None) -> int | None:
        """Days of the calendar between them, 0 on the same day; None where `later` is not known."""
        if later is None:
            return None
        return (later.astimezone(self._zone).date() - earlier.astimezone(self._zone).date()).days

    def money(self, value: float) -> str:
        """An amount in whole units of the currency."""
        return f"{self._written(f'{value:,.0f}')}\u00a0{self._currency}"

    def points_of(self, figure: Interval) -> str:
        """An NPS with its interval and n, for a sentence."""
        return self._figure(figure, "points", "of_ratings")

    def share_of(self, figure: Interval) -> str:
        """A rate with its interval and n, for a sentence."""
        return self._figure(figure, "share", "of_customers")

    def relation_of(self, figure: Correlation) -> str:
        """A correlation with its interval and n, for a sentence."""
        return self._figure(figure, "relation", "of_customers")

    def bounds(self, figure: Interval, form: Form) -> str:
        """The interval as '[12; 34]'; empty where there is none, or where n is so small that the
        adjusted one leaves the figure itself out."""
        if figure.value is None or figure.low is None or figure.high is None:
            return ""
        if not figure.low <= figure.value <= figure.high:
            return ""
        low, high = (self.value(bound, form) for bound in (figure.low, figure.high))
        return f"[{low}; {high}]"

    def value(self, value: float | None, form: Form) -> str:
        """A value written as `form` says."""
        forms = {"points": self.points, "share": self.share, "relation": self.relation}
        return forms[form](value)

    def _figure(self, figure: Interval, form: Form, counted: str) -> str:
        written = [self.value(figure.value, form), self.bounds(figure, form)]
        return f"{' '.join(filter(None, written))}, {self.many(counted, figure.n)}"

    def _written(self, number: str) -> str:
        """A number written with `,` and `.` as English has them, as this language writes it."""
        number = number.replace("-", "−")
        return number.translate(str.maketrans(",.", ".,")) if self._italian else number
