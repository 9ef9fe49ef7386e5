"""Each message by its text, as an Italian manager reads it; and in English."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.alerts import messages
from processors.alerts.messages import LANGUAGES, Readers, alert_message, trial_message
from processors.alerts.notices import Notice
from schemas.derived import AgencyAlert, AlertKind, AlertStatus, Quote
from tests.alerting.published import alert

GOLDEN = Path(__file__).parent / "golden"
ROME = ZoneInfo("Europe/Rome")
RISE, FALL, SILENCE = AlertKind
OPEN, RESOLVED, RETRACTED = AlertStatus


def readers(language: str = "it", **changes: object) -> Readers:
    link = "https://ascolto.example/?client=lumina&agency=alfa&alert=3f2a9c1b77"
    values: dict[str, Any] = {
        "client": "Lumina Energia",
        "agency": "Alfa Recuperi",
        "language": language,
    }
    return Readers(**{**values, "zone": ROME, "link": link, **changes})


def notice(about: AgencyAlert, before: AlertStatus | None = None) -> Notice:
    return Notice(about, 1 if before is None else 2, before, about.alert_id)


CASES = {
    "rise_opened": notice(alert(RISE)),
    "rise_again": notice(alert(RISE), RESOLVED),
    "rise_resolved": notice(alert(RISE, RESOLVED), OPEN),
    "rise_brief": notice(alert(RISE, RESOLVED)),
    "rise_retracted": notice(alert(RISE, RETRACTED), OPEN),
    "fall_opened": notice(alert(FALL)),
    "fall_resolved": notice(alert(FALL, RESOLVED), OPEN),
    "fall_retracted": notice(alert(FALL, RETRACTED), OPEN),
    "silence_opened": notice(alert(SILENCE)),
    "silence_resolved": notice(alert(SILENCE, RESOLVED), OPEN),
    "silence_stopped": notice(alert(SILENCE, RESOLVED, n=20), OPEN),
    "silence_retracted": notice(alert(SILENCE, RETRACTED), OPEN),
}


def written(language: str) -> str:
    """All messages of a language, one after the other."""
    parts = []
    for name, case in CASES.items():
        message = alert_message(case, readers(language))
        parts.append(f"=== {name}\n# {message.title}\n\n{message.body}\n")
    trial = trial_message(readers(language))
    parts.append(f"=== trial\n# {trial.title}\n\n{trial.body}\n")
    return "\n".join(parts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_reads_as_agreed(language: str) -> None:
    """After a deliberate change: python -m tests.alerting.test_messages."""
    assert written(language) == (GOLDEN / f"{language}.txt").read_text(encoding="utf-8")


def test_both_languages_say_the_same_with_the_same_places() -> None:
    italian, english = (messages._wording(language) for language in LANGUAGES)
    assert set(italian) == set(english)
    for key in italian:
        places = [sorted(re.findall(r"\{\w+\}", words[key])) for words in (italian, english)]
        assert places[0] == places[1], key


def test_times_are_those_of_the_client_company_in_winter_and_summer() -> None:
    body = alert_message(notice(alert()), readers()).body
    assert "mercoledì 3 giugno 2026, ore 14:00 (ora italiana)" in body
    london = alert_message(notice(alert()), readers(zone=ZoneInfo("Europe/London"))).body
    assert "ore 13:00 (Europe/London)" in london


@pytest.mark.parametrize(
    ("baseline", "level", "said"),
    [
        (0.118, 0.314, "(da 0 a 1): 0,31, di solito 0,12"),
        (0.03, 0.045, "(da 0 a 1): 0,045, di solito 0,030"),
        (0.2, 0.4, "(da 0 a 1): 0,40, di solito 0,20"),
    ],
)
def test_aggression_is_said_from_0_to_1_finely_enough_to_show_the_rise(
    baseline: float, level: float, said: str
) -> None:
    found = alert(baseline=baseline, level=level, rise_points=100 * (level - baseline))
    assert said in alert_message(notice(found), readers()).body


@pytest.mark.parametrize(
    ("baseline", "level", "said"),
    [
        (34.6, -4.7, "NPS: -5, di solito 35: 40 punti in meno"),
        (30.2, 28.7, "NPS: 28,7, di solito 30,2: 1,5 punti in meno"),
        (30, 29, "NPS: 29, di solito 30: 1 punto in meno"),
    ],
)
def test_level_baseline_and_points_of_an_nps_agree(
    baseline: float, level: float, said: str
) -> None:
    found = alert(FALL, baseline=baseline, level=level, rise_points=level - baseline)
    assert said in alert_message(notice(found), readers()).body


@pytest.mark.parametrize(("level", "said"), [(-4.4, "NPS: -4,"), (0.3, "NPS: 0,")])
def test_an_nps_below_zero_has_its_sign(level: float, said: str) -> None:
    found = alert(FALL, level=level, rise_points=level - 44.6)
    assert said in alert_message(notice(found), readers()).body


def test_two_sentences_at_most_and_none_where_none_are_wanted() -> None:
    body = alert_message(notice(alert()), readers()).body
    assert body.count("«") == 2
    assert "«" not in alert_message(notice(alert()), readers(quotes=False)).body


@given(st.text(max_size=400), st.text(min_size=1, max_size=80))
def test_nothing_said_or_named_can_mention_link_or_break_a_line(said: str, name: str) -> None:
    quote = Quote(event_id="e", turn=1, text=said, aggression=0.9)
    message = alert_message(notice(alert(quotes=[quote])), readers(agency=name, link=None))
    plain = alert_message(notice(alert(quotes=[quote])), readers(agency="x", link=None))
    assert not set("<>@`") & set(message.title + message.body)
    assert "\n" not in message.title
    assert message.body.count("\n") == plain.body.count("\n")
    assert all(character.isprintable() or character == "\n" for character in message.body)


def test_a_sentence_that_never_ends_is_cut_between_words() -> None:
    quote = Quote(event_id="e", turn=1, text="parola " * 200, aggression=0.9)
    body = alert_message(notice(alert(quotes=[quote])), readers()).body
    line = next(line for line in body.splitlines() if line.startswith("«"))
    assert line.endswith("parola…»")
    assert len(line) < 250


def test_without_a_page_there_is_no_link() -> None:
    assert "http" not in alert_message(notice(alert()), readers(link=None)).body


def test_a_language_without_messages_is_refused() -> None:
    with pytest.raises(ValueError, match="de"):
        alert_message(notice(alert()), readers("de"))


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in LANGUAGES:
        (GOLDEN / f"{each}.txt").write_text(written(each), encoding="utf-8")
