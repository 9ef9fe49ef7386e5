"""The registry: what client companies and their agencies are called by people, and their logos."""

from __future__ import annotations

import unicodedata
from pathlib import PurePath
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from infra.alerting.targets import require_zone
from schemas.inbound.identifiers import Identifier

LONGEST_NAME = 80
LOGO_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
"""Media types of logos, by the ending of their file's name."""

_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's categories of characters without a shape of their own."""


def _named(value: Any) -> Any:
    """An entry that is only a name: `alfa: Alfa Recuperi`."""
    return {"name": value} if isinstance(value, str) else value


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(max_length=LONGEST_NAME, description="what people call it; shown as text")
    logo: str | None = Field(
        None,
        description="picture's file (png, jpg, svg, webp), relative to the registry and below it",
    )

    @field_validator("name")
    @classmethod
    def _is_visible(cls, name: str) -> str:
        text = " ".join(name.split(" ")).strip()
        if not text or any(unicodedata.category(each) in _INVISIBLE for each in text):
            raise PydanticCustomError(
                "name", "a name on one line is needed, without invisible characters"
            )
        return text

    @field_validator("logo")
    @classmethod
    def _is_below(cls, logo: str | None) -> str | None:
        if logo is None:
            return None
        path = PurePath(logo)
        if path.is_absolute() or ".." in path.parts or ":" in logo:
            raise PydanticCustomError(
                "logo", "a path relative to the registry and below its folder is needed"
            )
        if path.suffix.lower() not in LOGO_TYPES:
            raise PydanticCustomError("logo", "a png, jpg, svg or webp file is needed")
        return logo


class Agency(_Entry):
    """A collection agency, as one client company calls it."""


class ClientCompany(_Entry):
    """A client company, and its agencies."""

    time_zone: str | None = Field(
        None, description="zone of the times that its people read. Default: ASCOLTO_TIME_ZONE"
    )
    agencies: dict[Identifier, Annotated[Agency, BeforeValidator(_named)]] = Field(
        default_factory=dict, description="by agency_id; a name alone, or name and logo"
    )

    @field_validator("time_zone")
    @classmethod
    def _is_zone(cls, name: str | None) -> str | None:
        return None if name is None else require_zone(name)

    @model_validator(mode="after")
    def _has_one_name_each(self) -> ClientCompany:
        """Two agencies of one name would be one in every chart."""
        owners: dict[str, str] = {}
        for agency_id, agency in self.agencies.items():
            other = owners.setdefault(agency.name.casefold(), agency_id)
            if other != agency_id:
                raise PydanticCustomError(
                    "twice",
                    "agencies {one} and {two} have the same name: nobody could tell them apart",
                    {"one": other, "two": agency_id},
                )
            if agency.name != agency_id and agency.name in self.agencies:
                raise PydanticCustomError(
                    "twice",
                    "agency {one} is named as the id of another one, {two}",
                    {"one": agency_id, "two": agency.name},
                )
        return self


class Registry(BaseModel):
    """All names, by client company: an agency's name belongs to the client it works for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    clients: dict[Identifier, Annotated[ClientCompany, BeforeValidator(_named)]] = Field(
        default_factory=dict, description="by client_id; a name alone, or name, logo and agencies"
    )

    def client(self, client_id: str) -> str:
        """A client company's name; its id where it has none."""
        found = self.clients.get(client_id)
        return client_id if found is None else found.name

    def time_zone(self, client_id: str, default: str) -> str:
        """The zone of the times that a client company's people read; `default` where none is."""
        found = self.clients.get(client_id)
        return default if found is None or found.time_zone is None else found.time_zone

    def agency(self, client_id: str, agency_id: str) -> str:
        """An agency's name among those of a client company; its id where it has none."""
        found = self.clients.get(client_id)
        agency = None if found is None else found.agencies.get(agency_id)
        return agency_id if agency is None else agency.name

    def logo(self, client_id: str, agency_id: str | None = None) -> str | None:
        """The logo's file of a client company, or of one of its agencies; None where none is."""
        found = self.clients.get(client_id)
        if found is None or agency_id is None:
            return None if found is None else found.logo
        agency = found.agencies.get(agency_id)
        return None if agency is None else agency.logo
