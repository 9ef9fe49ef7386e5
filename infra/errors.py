"""The root of the exceptions of `infra`."""

from __future__ import annotations

from schemas.errors import AscoltoError


class InfraError(AscoltoError):
    """Something outside the program is not as it must be; the message says what, and what to do."""
