"""S3 and stores that speak its protocol, through s3fs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
import s3fs
from aiobotocore.httpsession import AIOHTTPSession
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError
from fsspec.asyn import sync
from fsspec.exceptions import FSTimeoutError

from infra.places.access import Access, aws_credentials, endpoint_of
from infra.places.addresses import (
    CONNECT_SECONDS,
    CheckedResolver,
    literal,
    not_reached,
    require_allowed,
)
from infra.places.connection import (
    CHECK_SECONDS,
    SILENT_SECONDS,
    Received,
    cause,
    explained_here,
    refused_credentials,
)
from infra.places.failures import NotThere, PlaceAway, PlaceError, PlaceRefused
from infra.places.locations import Location

for _library in ("botocore", "aiobotocore", "s3fs"):
    logging.getLogger(_library).setLevel(logging.WARNING)

_AWS: Final = (".amazonaws.com", ".amazonaws.com.cn")
_BAD_CREDENTIALS = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "NotSignedUp"}
    | {"TokenRefreshRequired", "RequestTimeTooSkewed", "InvalidSecurity", "AccountProblem"}
)
_OTHER_REGION = frozenset(
    {"PermanentRedirect", "Redirect", "TemporaryRedirect", "AuthorizationHeaderMalformed"}
    | {"IllegalLocationConstraintException", "301", "302", "307", "308"}
)


class _NoRedirects:
    """An aiohttp session that follows no redirect, which the library would to any address."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def request(self, method: str, **options: Any) -> aiohttp.ClientResponse:
        return await self._session.request(method, **{**options, "allow_redirects": False})


class _HttpSession(AIOHTTPSession):  # type: ignore[misc]
    async def _get_session(self, proxy_url: str | None) -> Any:
        return _NoRedirects(await super()._get_session(proxy_url))


class S3Connection:
    """A bucket."""

    def __init__(self, location: Location, access: Access) -> None:
        """Raises `PlaceError` where it is known already that the place cannot be read."""
        self._bucket = location.host
        endpoint = None if access.endpoint is None else endpoint_of(access.endpoint)
        hosts = _AWS if endpoint is None else (endpoint.host, f".{endpoint.host}")
        if endpoint is not None and (address := literal(endpoint.host)) is not None:
            require_allowed(endpoint.host, [address], access.private)
        self._host = "S3" if endpoint is None else endpoint.host
        self.files = s3fs.S3FileSystem(
            endpoint_url=access.endpoint,
            client_kwargs=_client(access),
            config_kwargs={
                "connect_timeout": CONNECT_SECONDS,
                "read_timeout": SILENT_SECONDS,
                "retries": {"total_max_attempts": 1},
                "proxies": {},
                "ignore_configured_endpoint_urls": True,
                "connector_args": {"resolver": CheckedResolver(hosts, access.private)},
                "http_session_cls": _HttpSession,
                **({"s3": {"addressing_style": "path"}} if endpoint is not None else {}),
            },
            max_concurrency=1,
            use_listings_cache=False,
            skip_instance_cache=True,
            **_credentials(access),
        )
        self.files.retries = 1

    def done_with(self, _: Any, /) -> None:
        """See `Connection.done_with`: all share one."""

    def path_of(self, location: Location) -> str:
        """See `Connection.path_of`."""
        return f"{location.host}{location.path}"

    def fetch(self, location: Location, to: Path, received: Received, seconds: float) -> None:
        """See `Connection.fetch`."""
        path = self.path_of(location)
        sync(self.files.loop, self._fetch, path, str(to), received, timeout=seconds)

    async def _fetch(self, path: str, to: str, received: Received) -> None:
        await self.files._get_file(path, to, callback=received)

    def look(self, location: Location) -> str:
        """See `Connection.look`."""
        return sync(self.files.loop, self._look, location, timeout=CHECK_SECONDS)  # type: ignore[no-any-return]

    async def _look(self, location: Location) -> str:
        prefix = f"{location.path[1:]}/" if location.path else ""
        listed = await self.files._call_s3(
            "list_objects_v2", Bucket=location.host, Prefix=prefix, MaxKeys=100
        )
        files = [each for each in listed.get("Contents", []) if each["Size"]]
        if not files:
            return "listed, no file in it yet"
        await self.files._call_s3(
            "get_object", Bucket=location.host, Key=files[0]["Key"], Range="bytes=0-0"
        )
        return "listed, and a file of it read"

    def explained(self, error: BaseException) -> PlaceError | None:
        """See `Connection.explained`."""
        refused = cause(error, ClientError)
        if (known := explained_here(error)) is not None:
            return known
        if refused is not None:
            return self._answered(refused.response)
        if cause(error, NoCredentialsError) is not None:
            return PlaceAway(
                "there are no credentials for it",
                "name a file of credentials for this place in the file of ASCOLTO_PLACES",
            )
        if cause(error, FSTimeoutError) is not None:
            return PlaceAway(f"{self._host} does not answer", "see whether it is overloaded")
        if cause(error, aiohttp.ClientPayloadError) is not None:
            return NotThere("it did not arrive whole")
        if (
            isinstance(error, OSError | aiohttp.ClientError)
            or cause(error, BotoCoreError) is not None
        ):
            return not_reached(self._host, None, cause(error, OSError) or error)
        return None

    def _answered(self, response: Mapping[str, Any]) -> PlaceError:
        code = str(response.get("Error", {}).get("Code", ""))
        status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)
        if code in _BAD_CREDENTIALS or status == 401:
            return refused_credentials(code)
        if code == "NoSuchBucket":
            return PlaceAway(f"there is no bucket {self._bucket}", "correct its name or endpoint")
        if code in _OTHER_REGION and self._host == "S3":
            return PlaceAway(
                f"the bucket {self._bucket} is in another region",
                "name it as region: in the file of ASCOLTO_PLACES",
            )
        if 300 <= status < 400:
            return PlaceRefused("its server redirects, which is refused", "name the place itself")
        if status == 404:
            return NotThere("it is not (yet) there")
        if status == 403:
            return NotThere(
                "it is not (yet) there, or may not be read",
                "permit s3:GetObject on it, and s3:ListBucket on the bucket: without that, S3 "
                "says the same of a file that is not there",
            )
        return PlaceAway(f"{self._host} answers {status} {code}".rstrip(), "see what it says")


def _client(access: Access) -> dict[str, Any]:
    given = {"verify": None if access.ca is None else str(access.ca), "region_name": access.region}
    return {name: value for name, value in given.items() if value is not None}


def _credentials(access: Access) -> dict[str, str | None]:
    """Those of the place's file; without one, those that AWS's own tools would find."""
    if access.credentials is None:
        return {}
    found = aws_credentials(access.credentials)
    return {
        "key": found["aws_access_key_id"],
        "secret": found["aws_secret_access_key"],
        "token": found.get("aws_session_token"),
    }
