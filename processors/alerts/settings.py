"""How readily each client company's alerts open: one text a person can write, and what it means.

`{"*": {"nps_fall": "low"}, "acqua": {"aggression_rise": "high", "silence_days": 3}}` sets every
client company by `*`, and *acqua* besides; what is not named is as without a setting.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from processors.alerts.baseline import RiseSettings
from processors.alerts.nps_falls import FALL_SETTINGS
from processors.alerts.silences import GIVES_UP, SilenceSettings
from schemas.errors import AscoltoError

EVERYONE = "*"
"""The name that means every client company."""


class Sensitivity(StrEnum):
    """How readily an alert opens; `docs/alerts.md` gives the rates of false alarms and delays."""

    OFF = "off"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What each test of one client company's agencies is set to; None where it is off."""

    aggression_rise: RiseSettings | None = field(default_factory=RiseSettings)
    nps_fall: RiseSettings | None = FALL_SETTINGS
    silence: SilenceSettings | None = field(default_factory=SilenceSettings)


_THRESHOLDS = {Sensitivity.LOW: 1.5, Sensitivity.NORMAL: 1.0, Sensitivity.HIGH: 0.75}
"""By what a sensitivity multiplies the heights at which an alert opens and resolves."""


class BadAlertSettings(AscoltoError, ValueError):
    """The text is no setting of alerts; the message says what is wrong and how to fix it."""


def settings_of(client_id: str, by_client: Mapping[str, AlertSettings]) -> AlertSettings:
    """The settings of one client company."""
    return by_client.get(client_id) or by_client.get(EVERYONE) or AlertSettings()


def read_alert_settings(text: str) -> dict[str, AlertSettings]:
    """The settings by `client_id` in a text as above; none in an empty one.

    Raises:
        BadAlertSettings: the text is not such a setting.
    """
    if not text.strip():
        return {}
    try:
        given = json.loads(text)
    except ValueError as error:
        raise BadAlertSettings(f"this is not JSON ({error}); write it {_LIKE}") from error
    if not isinstance(given, dict):
        raise BadAlertSettings(f"an object by client_id is needed; write it {_LIKE}")
    base = _client(EVERYONE, given.get(EVERYONE, {}), AlertSettings())
    return {client: _client(client, choices, base) for client, choices in given.items()}


_LIKE = """like {"acqua": {"aggression_rise": "high", "nps_fall": "off", "silence_days": 3}}"""


def _client(client: str, choices: Any, made: AlertSettings) -> AlertSettings:
    """`made`, with what is chosen for a client company."""
    if not isinstance(choices, dict):
        raise BadAlertSettings(f"{client!r} needs an object; write it {_LIKE}")
    for name, choice in choices.items():
        place = f"{name!r} of {client!r}"
        if name == "aggression_rise":
            made = replace(made, aggression_rise=_test(RiseSettings(), choice, place))
        elif name == "nps_fall":
            made = replace(made, nps_fall=_test(FALL_SETTINGS, choice, place))
        elif name == "silence_days":
            made = replace(made, silence=_silence(choice, place))
        else:
            raise BadAlertSettings(f"{place} is no setting; {_known(name)}")
    return made


def _known(name: str) -> str:
    names = ("aggression_rise", "nps_fall", "silence_days")
    close = get_close_matches(name, names, 1)
    return f"is {close[0]!r} meant?" if close else f"there are {', '.join(names)}"


def _test(usual: RiseSettings, choice: Any, place: str) -> RiseSettings | None:
    if choice not in list(Sensitivity):
        choices = ", ".join(Sensitivity)
        raise BadAlertSettings(f"{place} is {_shown(choice)}; choose one of {choices}")
    if choice == Sensitivity.OFF:
        return None
    by = _THRESHOLDS[Sensitivity(choice)]
    return replace(
        usual, threshold=usual.threshold * by, resolve_threshold=usual.resolve_threshold * by
    )


def _silence(choice: Any, place: str) -> SilenceSettings | None:
    if choice == Sensitivity.OFF:
        return None
    if type(choice) is not int or not 1 <= choice < GIVES_UP:
        raise BadAlertSettings(
            f"{place} is {_shown(choice)}; give the days without calls after which an alert "
            f'opens, 1 to {GIVES_UP - 1}, or "off"'
        )
    return SilenceSettings(choice)


def _shown(choice: Any) -> str:
    return json.dumps(choice)
