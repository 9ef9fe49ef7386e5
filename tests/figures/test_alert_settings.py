"""The setting of alerts a person writes, and what is said where it is wrong."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from infra.settings import Settings
from processors.alerts.baseline import RiseSettings
from processors.alerts.nps_falls import FALL_SETTINGS
from processors.alerts.settings import (
    AlertSettings,
    BadAlertSettings,
    read_alert_settings,
    settings_of,
)
from processors.alerts.silences import SilenceSettings


def test_without_a_setting_everything_is_watched_as_documented() -> None:
    for text in ("", "  ", "{}"):
        assert settings_of("acqua", read_alert_settings(text)) == AlertSettings()
    assert AlertSettings() == AlertSettings(RiseSettings(), FALL_SETTINGS, SilenceSettings(2))


def test_a_client_company_is_set_by_name_and_everyone_by_a_star() -> None:
    by_client = read_alert_settings(
        """{"acqua": {"aggression_rise": "high", "silence_days": 4},
            "*": {"nps_fall": "off", "silence_days": 3}}"""
    )
    acqua, luce = (settings_of(client, by_client) for client in ("acqua", "luce"))
    assert acqua.nps_fall is luce.nps_fall is None
    assert (acqua.silence, luce.silence) == (SilenceSettings(4), SilenceSettings(3))
    assert acqua.aggression_rise is not None
    assert acqua.aggression_rise.threshold < RiseSettings().threshold
    assert luce.aggression_rise == RiseSettings()


def test_high_opens_sooner_than_normal_and_low_later() -> None:
    heights = []
    for choice in ("high", "normal", "low"):
        settings = read_alert_settings(f'{{"a": {{"nps_fall": "{choice}"}}}}')["a"].nps_fall
        assert settings is not None
        heights.append((settings.threshold, settings.resolve_threshold))
    assert heights == sorted(heights)
    assert heights[1] == (FALL_SETTINGS.threshold, FALL_SETTINGS.resolve_threshold)


def test_everything_can_be_switched_off() -> None:
    text = '{"a": {"aggression_rise": "off", "nps_fall": "off", "silence_days": "off"}}'
    assert read_alert_settings(text)["a"] == AlertSettings(None, None, None)


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("{", "not JSON"),
        ("[]", "object by client_id"),
        ('{"acqua": 3}', "'acqua' needs an object"),
        ('{"acqua": {"silence_day": 3}}', "is 'silence_days' meant"),
        ('{"acqua": {"churn": 3}}', "there are aggression_rise, nps_fall, silence_days"),
        ('{"acqua": {"nps_fall": "loud"}}', "choose one of off, low, normal, high"),
        ('{"acqua": {"nps_fall": ["low"]}}', "choose one of off, low, normal, high"),
        ('{"acqua": {"silence_days": 0}}', '1 to 19, or "off"'),
        ('{"acqua": {"silence_days": true}}', '1 to 19, or "off"'),
        ('{"acqua": {"silence_days": 2.5}}', '1 to 19, or "off"'),
        ('{"*": {"silence_days": "two"}}', "'silence_days' of '\\*' is \"two\""),
    ],
)
def test_a_wrong_text_is_refused_with_what_to_write(
    text: str, reported: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadAlertSettings, match=reported):
        read_alert_settings(text)
    monkeypatch.setenv("ASCOLTO_ALERTS", text)
    with pytest.raises(ValidationError, match=reported):
        Settings()
