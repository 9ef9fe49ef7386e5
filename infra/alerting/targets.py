"""Who is notified of which alerts: the contents of the file that `ASCOLTO_NOTIFY` names."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from processors.alerts.notices import Quiet, Wishes
from schemas.derived import AlertKind
from schemas.inbound.identifiers import Identifier

LanguageCode = Literal["it", "en"]
TargetName = Annotated[
    str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", strip_whitespace=False)
]
_DAY_MINUTES = 1440


def _clock(value: Any) -> Any:
    """A time of the day; YAML reads 20:00 without quotes as a number of minutes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _DAY_MINUTES:
        return time(value // 60, value % 60)
    if isinstance(value, str):
        try:
            return time.fromisoformat(value)
        except ValueError:
            pass
    raise ValueError("write a time of the day as 20:00")


Clock = Annotated[time, BeforeValidator(_clock, json_schema_input_type=str)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class QuietHours(_Entry):
    """Hours of the day in which nothing is sent; what is still true then follows after them."""

    begin: Clock = Field(alias="from", description="as 20:00, in the client company's time zone")
    end: Clock = Field(alias="to", description="as 08:00; before `from`: the next morning")

    @model_validator(mode="after")
    def _leaves_time(self) -> QuietHours:
        if self.begin == self.end:
            raise ValueError("from and to are the same: nothing could ever be sent")
        return self


class Target(_Entry):
    """One receiver of messages: a mailbox, a channel of a chat, a web service."""

    url_file: Path | None = Field(
        None, description="file that holds the receiver's apprise URL, relative to this file"
    )
    url_env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = Field(
        None, description="environment variable that holds it"
    )
    kinds: tuple[AlertKind, ...] = Field(
        tuple(AlertKind), description="kinds of alerts that are sent; default: all"
    )
    least_rise: float = Field(
        0.0, ge=0, le=100, description="points of 100 by which aggression has to have risen"
    )
    least_fall: float = Field(
        0.0, ge=0, le=200, description="points by which the NPS has to have fallen"
    )
    language: LanguageCode | None = Field(
        None, description="language of the messages; default: the client company's"
    )
    quotes: bool = Field(True, description="quote two redacted sentences of a rise")
    quiet: QuietHours | None = Field(None, description="hours in which nothing is sent")

    @field_validator("kinds")
    @classmethod
    def _has_kinds(cls, kinds: tuple[AlertKind, ...]) -> tuple[AlertKind, ...]:
        if not kinds:
            raise ValueError("name one kind at least, or leave the entry out for all of them")
        return kinds

    @model_validator(mode="after")
    def _has_one_url(self) -> Target:
        if (self.url_file is None) == (self.url_env is None):
            raise ValueError("give url_file or url_env: one of the two names where its URL is")
        return self

    @property
    def wishes(self) -> Wishes:
        """Which alerts it wants."""
        return Wishes(self.kinds, self.least_rise, self.least_fall)

    @property
    def silent(self) -> Quiet | None:
        """When nothing is sent; None: at no time."""
        return None if self.quiet is None else Quiet(self.quiet.begin, self.quiet.end)


class ClientTargets(_Entry):
    """Who is notified of the alerts of one client company."""

    language: LanguageCode | None = Field(
        None, description="language of the messages; default: ASCOLTO_LANGUAGE"
    )
    zone: str | None = Field(
        None,
        description="time zone of the times in messages. Default: the registry's, or "
        "ASCOLTO_TIME_ZONE",
    )
    page: str | None = Field(
        None,
        description="address that messages link to; {client}, {agency} and {alert} in it are "
        "filled in. Default: ASCOLTO_PAGE_URL",
    )
    look_back_hours: int = Field(
        24,
        ge=0,
        le=24 * 365,
        description="how long before the first start with a target an alert may have opened to "
        "be sent to it",
    )
    targets: dict[TargetName, Target] = Field(
        description="by name: lower-case letters, digits, - and _"
    )

    @field_validator("targets")
    @classmethod
    def _has_targets(cls, targets: dict[str, Target]) -> dict[str, Target]:
        if not targets:
            raise ValueError("name one target at least, or leave the client company out")
        return targets

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, value: str | None) -> str | None:
        return None if value is None else require_zone(value)

    @field_validator("page")
    @classmethod
    def _is_page(cls, value: str | None) -> str | None:
        return None if value is None else require_page(value)


class NotifyFile(_Entry):
    """All targets, by client company: none of another's."""

    clients: dict[Identifier, ClientTargets] = Field(
        default_factory=dict, description="by client_id"
    )


def require_zone(name: str) -> str:
    """The name of a time zone.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("no such time zone; write one as Europe/Rome") from error
    return name


def require_page(template: str) -> str:
    """An address that messages may link to.

    Raises:
        ValueError: it is no http(s) address, or has other places than those that are filled in.
    """
    try:
        filled = page_link(template, "c", "a", "i")
        parts = urlsplit(filled)
    except (ValueError, KeyError, IndexError, AttributeError) as error:
        raise ValueError("in braces there may be {client}, {agency} and {alert} only") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("write an address as https://ascolto.example/, without a password")
    return template


def page_link(template: str, client_id: str, agency_id: str, alert_id: str) -> str:
    """The address of an alert's page; without places the choice is appended as parameters."""
    chosen = {"client": client_id, "agency": agency_id, "alert": alert_id}
    if "{" in template or "}" in template:
        return template.format(**{name: quote(value, safe="") for name, value in chosen.items()})
    return f"{template}{'&' if '?' in template else '?'}{urlencode(chosen)}"
