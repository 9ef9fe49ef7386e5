"""What `ascolto doctor` checks of places away from this machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from infra.cli.doctor.findings import Finding
from infra.places.access import Accesses, WrongPlaces, read_accesses, unused
from infra.places.failures import PlaceError
from infra.places.locations import Location, has_scheme, parse_location
from infra.places.remote import RemotePlace
from infra.settings import Settings

_GB = 1e9


def accesses_of(settings: Settings) -> Accesses:
    """How places are reached; without any credentials where the file is wrong, which
    `recording_places` says."""
    try:
        return read_accesses(settings.places)
    except WrongPlaces:
        return Accesses()


def recording_places(settings: Settings, folders: list[str]) -> Iterator[Finding]:
    """The file of places, each place of recordings, and the spool; `folders` are the addresses
    of watched folders."""
    try:
        accesses = read_accesses(settings.places)
    except WrongPlaces as error:
        yield Finding("places", False, str(error), "correct that file, which ASCOLTO_PLACES names")
        return
    elsewhere = [parse_location(url) for url in folders if has_scheme(url)]
    locations = settings.recording_places
    yield from _unused(settings.places, accesses, [*locations, *elsewhere])
    for location in locations:
        yield place(f"recordings in {location}", location, accesses)
    if locations:
        yield _spool(settings)


def place(what: str, location: Location, accesses: Accesses) -> Finding:
    """Whether a place can be reached, listed and read."""
    remote = RemotePlace(location, accesses.of(location))
    try:
        return Finding(what, True, remote.check())
    except PlaceError as error:
        seen = str(error).removeprefix(f"{location}: ")
        return Finding(what, False, seen, error.todo or "see the guide, docs/recordings.md")
    except Exception as error:
        seen = f"{type(error).__name__}: {error}"
        return Finding(what, False, seen, "see what its server's log says")


def _unused(path: Path | None, accesses: Accesses, used: list[Location]) -> Iterator[Finding]:
    if path is None:
        return
    left = unused(accesses, used)
    if left:
        yield Finding(
            "places",
            False,
            f"{path}: nothing is read from {', '.join(left)}",
            "name it in ASCOLTO_RECORDINGS, correct its url, or remove it; with --importer the "
            "watched folders count too",
        )
    else:
        yield Finding("places", True, f"{path}: {len(accesses.entries)} described")


def _spool(settings: Settings) -> Finding:
    directory = settings.data_dir
    while not directory.exists():
        directory = directory.parent
    free = shutil.disk_usage(directory).free
    seen = f"{settings.spool_bytes / _GB:.1f} GB allowed, {free / _GB:.1f} GB free"
    if free < settings.spool_bytes:
        return Finding("spool", False, seen, "make room, or lower ASCOLTO_SPOOL_BYTES")
    if settings.spool_bytes < settings.recording_bytes:
        return Finding(
            "spool",
            False,
            f"{seen}; a recording may have {settings.recording_bytes / _GB:.1f} GB",
            "raise ASCOLTO_SPOOL_BYTES to at least ASCOLTO_RECORDING_BYTES: until then one "
            "recording is fetched at a time",
        )
    return Finding("spool", True, seen)
