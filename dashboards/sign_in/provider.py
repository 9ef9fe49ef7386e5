"""An OpenID Connect provider: where it is, and who it says has signed in."""

from __future__ import annotations

import logging
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

import httpx
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from dashboards.sign_in.configuration import Oidc
from dashboards.sign_in.identities import Identity
from infra.errors import InfraError

log = logging.getLogger(__name__)

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"]
"""Signatures that an ID token may have: by the provider's public keys only, never none or HMAC."""

DISCOVERY_SECONDS = 3600.0
"""How long the provider's description and keys are believed."""
_LEEWAY_SECONDS = 60
_ANSWER_SECONDS = 10.0
_KEYS_AGAIN_SECONDS = 30.0


class ProviderAway(InfraError):
    """The provider does not answer, or not as OpenID Connect says."""


class NotSignedIn(InfraError):
    """The provider's answer does not prove who somebody is."""


class AnotherAttempt(NotSignedIn):
    """The answer is of an attempt that another one has taken the place of."""


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way: what its answer must match."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def new(cls) -> Attempt:
        """One that nobody can guess."""
        return cls(*(secrets.token_urlsafe(48) for _ in range(3)))


def path_in(state: str) -> str:
    """The path that a state of ours ends with; empty where it is not one."""
    try:
        return urlsafe_b64decode(state.partition(".")[2]).decode()
    except ValueError:
        return ""


class Provider:
    """Asks one provider."""

    def __init__(
        self,
        oidc: Oidc,
        secret: str | None,
        redirect_uri: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._oidc = oidc
        self._secret = secret
        self._redirect_uri = redirect_uri
        self._clock = clock
        self._metadata: dict[str, Any] = {}
        self._metadata_read_at = float("-inf")
        self._keys: KeySet | None = None
        self._keys_read_at = float("-inf")

    async def address(self, attempt: Attempt, path: str) -> str:
        """Where a person is sent to sign in, who then goes on to a path of the page.

        Raises:
            ProviderAway: it does not answer.
        """
        metadata = await self._described()
        return str(
            prepare_grant_uri(
                metadata["authorization_endpoint"],
                client_id=self._oidc.client_id,
                response_type="code",
                redirect_uri=self._redirect_uri,
                scope=self._oidc.scopes,
                state=f"{attempt.state}.{urlsafe_b64encode(path.encode()).decode()}",
                nonce=attempt.nonce,
                code_challenge=create_s256_code_challenge(attempt.verifier),
                code_challenge_method="S256",
            )
        )

    async def sign_out_address(self, back: str) -> str | None:
        """Where a person is sent to sign out there too; None where it has no such page."""
        metadata = await self._described()
        endpoint = metadata.get("end_session_endpoint")
        if not endpoint:
            return None
        places = {"client_id": self._oidc.client_id, "post_logout_redirect_uri": back}
        return str(httpx.URL(endpoint).copy_merge_params(places))

    async def identity(self, attempt: Attempt, answer: Mapping[str, str]) -> Identity:
        """Who has signed in, by the answer that came with the person's browser.

        Raises:
            AnotherAttempt: its state is another.
            NotSignedIn: it proves nothing: an error, a code or an ID token that does not hold.
            ProviderAway: the provider does not answer.
        """
        state = answer.get("state", "").partition(".")[0]
        if not secrets.compare_digest(state.encode(), attempt.state.encode()):
            raise AnotherAttempt("the answer is of another attempt to sign in")
        if "error" in answer or not answer.get("code"):
            raise NotSignedIn("the provider refused")
        metadata = await self._described()
        if answer.get("iss", metadata["issuer"]) != metadata["issuer"]:
            raise NotSignedIn("the answer is of another provider")
        token = await self._token(metadata["token_endpoint"], answer["code"], attempt.verifier)
        claims = await self._claims(token, attempt.nonce)
        return self._named(claims)

    async def _claims(self, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        """The claims of a token's ID token, verified."""
        encoded = token.get("id_token")
        if not isinstance(encoded, str):
            raise NotSignedIn("the provider gave no ID token")
        metadata = await self._described()
        options = {
            "iss": {"essential": True, "value": metadata["issuer"]},
            "aud": {"essential": True, "value": self._oidc.client_id},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {
            "nonce": nonce,
            "client_id": self._oidc.client_id,
            "access_token": token.get("access_token"),
        }
        try:
            decoded = await self._decoded(encoded)
            claims = CodeIDToken(decoded.claims, decoded.header, options, params)
            claims.validate(now=int(self._clock()), leeway=_LEEWAY_SECONDS)
            return dict(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise NotSignedIn(f"the ID token does not hold: {type(error).__name__}") from error

    async def _decoded(self, encoded: str) -> jwt.Token:
        """A token whose signature is the provider's; its keys may be newer than those known."""
        try:
            return jwt.decode(encoded, await self._key_set(), algorithms=ALGORITHMS)
        except (JoseError, ValueError):
            if self._clock() - self._keys_read_at < _KEYS_AGAIN_SECONDS:
                raise
            self._keys = None
            return jwt.decode(encoded, await self._key_set(), algorithms=ALGORITHMS)

    def _named(self, claims: Mapping[str, Any]) -> Identity:
        user = claims.get(self._oidc.user_claim)
        if not isinstance(user, str) or not user:
            raise NotSignedIn(f"the ID token has no claim {self._oidc.user_claim}")
        if self._oidc.user_claim == "email" and claims.get("email_verified", True) is not True:
            raise NotSignedIn("the provider has not verified that address")
        groups = claims.get(self._oidc.groups_claim, [])
        listed = groups if isinstance(groups, list) else [groups]
        return Identity(user, frozenset(each for each in listed if isinstance(each, str)))

    async def _token(self, endpoint: str, code: str, verifier: str) -> dict[str, Any]:
        """The tokens that a code is worth."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        auth = None
        if self._secret is None:
            form["client_id"] = self._oidc.client_id
        else:
            # RFC 6749, 2.3.1: both are form-encoded first.
            auth = httpx.BasicAuth(quote_plus(self._oidc.client_id), quote_plus(self._secret))
        try:
            async with httpx.AsyncClient(timeout=_ANSWER_SECONDS, auth=auth) as client:
                answer = await client.post(endpoint, data=form)
                token = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderAway(f"the provider does not answer: {type(error).__name__}") from error
        if answer.is_server_error or not isinstance(token, dict):
            raise ProviderAway(f"the provider gives no token: {answer.status_code}")
        if not answer.is_success:
            raise NotSignedIn(f"the provider took no code: {answer.status_code}")
        return token

    async def _described(self) -> dict[str, Any]:
        """The provider's own description."""
        if self._clock() - self._metadata_read_at >= DISCOVERY_SECONDS or not self._metadata:
            issuer = self._oidc.issuer
            found = await _read(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
            if found.get("issuer") != issuer or not all(found.get(name) for name in needed):
                raise ProviderAway(f"the description of {issuer} is not that of this issuer")
            self._metadata, self._metadata_read_at = found, self._clock()
            self._keys = None
        return self._metadata

    async def _key_set(self) -> KeySet:
        if self._keys is None:
            found = await _read((await self._described())["jwks_uri"])
            self._keys = KeySet.import_key_set(found)  # type: ignore[arg-type]
            self._keys_read_at = self._clock()
        return self._keys


async def _read(url: str) -> dict[str, Any]:
    try:
        async with httpx.AsyncClient(timeout=_ANSWER_SECONDS) as client:
            answer = await client.get(url)
            answer.raise_for_status()
            found = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise ProviderAway(f"the provider does not answer: {type(error).__name__}") from error
    if not isinstance(found, dict):
        raise ProviderAway("the provider answers with something else")
    return found
