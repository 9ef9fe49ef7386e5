"""Alerts and notes as marks on charts over time: a query of annotations."""

from __future__ import annotations

from dashboards.queries import query
from dashboards.texts import DEFAULT_LANGUAGE, texts
from schemas.derived import AlertKind


def alert_marks_sql(language: str = DEFAULT_LANGUAGE) -> str:
    """SQL with the columns time, timeEnd, title, text and tags; kinds of alerts in words."""
    words = texts(language)
    kinds = ", ".join(f"'{kind}'" for kind in AlertKind)
    named = ", ".join(_quoted(words[f"alert_kind.{kind}"]) for kind in AlertKind)
    inner = query("alert_marks", named=True)
    return (
        "SELECT time, timeEnd, title, "
        f"transform(text, [{kinds}], [{named}], text) AS text, tags\nFROM (\n{inner})"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
