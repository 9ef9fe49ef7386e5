"""Brings recordings from places elsewhere to this machine, once, for as long as they are needed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from infra.places.failures import NotThere, PlaceAway, PlaceError, TooLarge
from infra.places.locations import Location, WrongLocation, has_scheme, parse_location
from infra.places.remote import Limits, RemotePlace
from infra.recordings.source import Source
from infra.recordings.spool import Reservation, Spool, SpoolClosed
from infra.recordings.store import (
    RecordingBroken,
    RecordingExcessive,
    RecordingMissing,
    RecordingRefused,
    RecordingStore,
    name_of,
    source_of,
    verify,
)
from schemas.events import Recording

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")


@dataclass(frozen=True)
class Fetched:
    """A recording on this machine; `release` ends its stay."""

    source: Source
    _reservation: Reservation

    def release(self, *, transcribed: bool) -> None:
        """Remove it, or keep it for a while (a setting) if it was transcribed."""
        self._reservation.release(transcribed=transcribed)


@dataclass(frozen=True)
class _Candidate:
    """Where a recording may be."""

    place: RemotePlace
    location: Location


class RecordingFetcher:
    """Fetches recordings from the places that are allowed, and from nowhere else.

    A uri with a scheme names its place itself. One that is relative is looked for in the local
    directories first, then in each place, in their order.
    """

    def __init__(
        self, local: RecordingStore, places: Sequence[RemotePlace], spool: Spool, limits: Limits
    ) -> None:
        self._local = local
        self._places = places
        self._spool = spool
        self._limits = limits

    def place_of(self, recording: Recording, client_id: str) -> str | None:
        """The place that a recording is fetched from (of two files, the first that is).

        None where nothing has to be fetched.

        Raises:
            RecordingRefused: it is in no allowed place.
        """
        for uri in recording.uris:
            candidates = self._candidates(uri, client_id)
            if candidates:
                return str(candidates[0].place.location)
        return None

    def fetch(self, recording: Recording, client_id: str) -> Fetched:
        """Fetch a recording's files that are elsewhere, their checksums verified where given.

        `client_id` is the client company whose call it is of.

        Raises:
            RecordingMissing: it is not there yet, may not be read, or did not come whole.
            RecordingRefused: it is in no allowed place, or differs from its checksum.
            RecordingExcessive: it is larger than allowed.
            RecordingBroken: it is not a file.
            PlaceAway: its place cannot be used now; nothing is wrong with the recording.
        """
        elsewhere = [uri for uri in recording.uris if self._candidates(uri, client_id)]
        try:
            reservation = self._spool.reserve(self._limits.bytes * len(elsewhere))
        except SpoolClosed as error:
            raise PlaceAway(str(error), place=self.place_of(recording, client_id) or "") from error
        sizes = dict.fromkeys(elsewhere, self._limits.bytes)

        def on_size(uri: str, size: int) -> None:
            sizes[uri] = size
            reservation.shrink(sum(sizes.values()))

        def find(uri: str, sha256: str | None) -> Path:
            candidates = self._candidates(uri, client_id)
            if not candidates:
                return self._local.find(uri, sha256)
            to = reservation.path(_file_name(uri, candidates[0].location))
            for candidate in candidates[:-1]:
                try:
                    return self._fetched(candidate, to, uri, sha256, on_size)
                except RecordingMissing:
                    continue
            return self._fetched(candidates[-1], to, uri, sha256, on_size)

        try:
            return Fetched(source_of(recording, find), reservation)
        except BaseException:
            reservation.release(transcribed=False)
            raise

    def _fetched(
        self,
        candidate: _Candidate,
        to: Path,
        uri: str,
        sha256: str | None,
        on_size: Callable[[str, int], None],
    ) -> Path:
        name = name_of(uri)
        try:
            candidate.place.fetch(
                candidate.location, to, self._limits, lambda size: on_size(uri, size)
            )
        except PlaceAway:
            raise
        except NotThere as error:
            raise RecordingMissing(_said(name, candidate, error)) from error
        except TooLarge as error:
            raise RecordingExcessive(_said(name, candidate, error)) from error
        except PlaceError as error:
            raise RecordingRefused(_said(name, candidate, error)) from error
        size = to.stat().st_size
        on_size(uri, size)
        if not size:
            raise RecordingMissing(f"{name} holds nothing (yet)")
        if sha256 is not None:
            verify(to, sha256, name)
        return to

    def _candidates(self, uri: str, client_id: str) -> list[_Candidate]:
        """Where a recording may be, except on this machine; nothing where it is here."""
        if not self._places:
            return []
        places = [place for place in self._places if place.serves(client_id)]
        if has_scheme(uri):
            return [_in_its_place(uri, places)]
        scheme, separator, _ = uri.partition(":")
        if uri.startswith("/") or (separator and "/" not in scheme) or self._is_here(uri):
            return []
        try:
            return [_Candidate(place, place.location.below(uri)) for place in places]
        except WrongLocation:
            return []

    def _is_here(self, uri: str) -> bool:
        try:
            self._local.find(uri, None)
        except (RecordingMissing, RecordingRefused):
            return False
        except RecordingBroken:
            return True
        return True


def _in_its_place(uri: str, places: Sequence[RemotePlace]) -> _Candidate:
    name = name_of(uri)
    try:
        location = parse_location(uri)
    except WrongLocation as error:
        raise RecordingRefused(f"{name} names no file: {error}") from error
    for place in places:
        if location != place.location and place.location.holds(location):
            return _Candidate(place, location)
    raise RecordingRefused(
        f"{name} is in no place that is allowed; name its place in ASCOLTO_RECORDINGS"
    )


def _said(name: str, candidate: _Candidate, error: PlaceError) -> str:
    todo = f"; {error.todo}" if error.todo else ""
    return f"{name}, in {candidate.place.location}: {error}{todo}"


def _file_name(uri: str, location: Location) -> str:
    """A name that says nothing about the call but ends as the recording's, which shows its form."""
    suffix = PurePosixPath(location.path).suffix
    safe = suffix.lower() if _SUFFIX.fullmatch(suffix) else ""
    return f"{hashlib.sha256(uri.encode()).hexdigest()[:12]}{safe}"
