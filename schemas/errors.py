"""The root of the project's own exceptions; each package defines the causes below it."""

from __future__ import annotations


class AscoltoError(Exception):
    """Something this project knows about has gone wrong; the message is for its user."""
