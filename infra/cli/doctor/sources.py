"""What `ascolto doctor` checks of what comes in: recordings, names, keys, mappings, folders."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from infra.cli.doctor.findings import Finding, checked
from infra.cli.doctor.places import accesses_of, place, recording_places
from infra.cli.failures import counted
from infra.places.access import Accesses
from infra.places.locations import has_scheme, parse_location
from infra.settings import Settings

_MOST_FILES = 500
"""Recordings looked at in each directory."""
_WEBHOOKS = ("twilio", "genesys", "3cx")
"""Presets that a key's mapping file may stand on."""


def sources(settings: Settings, importer: Path | None) -> Iterator[Finding]:
    """Everything about what comes in; `importer` is the configuration of watched folders."""
    yield from (_recordings(path) for path in settings.recording_directories)
    yield from recording_places(settings, _folders(importer))
    if settings.registry is not None:
        registry = settings.registry
        todo = f"ascolto registry check {registry}; until then ids are shown"
        yield checked("names", lambda: _names(registry), todo)
    if settings.sign_in is not None:
        sign_in = settings.sign_in
        todo = "correct that file (docs/sign-in.md); until then nobody has access to the page"
        yield checked("sign-in", lambda: _sign_in(sign_in), todo)
    yield from _keys(settings.data_dir)
    if importer is not None:
        yield from _watched(importer, accesses_of(settings))


def _recordings(path: Path) -> Finding:
    what = f"recordings in {path}"
    mount = "mount it, or correct ASCOLTO_RECORDINGS"
    if not path.is_dir():
        return Finding(what, False, "no such directory", mount)
    if not os.access(path, os.R_OK | os.X_OK):
        return Finding(what, False, "not a readable directory", _allow(path))
    seen, closed = 0, 0
    for file in itertools.islice(_files(path), _MOST_FILES):
        seen += 1
        closed += not os.access(file, os.R_OK)
    if closed:
        return Finding(what, False, f"{closed} of {seen} files cannot be read", _allow(path))
    more = " or more" if seen == _MOST_FILES else ""
    return Finding(what, True, f"readable, {counted(seen, 'file')}{more}")


def _allow(path: Path) -> str:
    return f"let the user that runs the transcriber read {path} and all in it"


def _files(path: Path) -> Iterator[str]:
    for folder, _, names in os.walk(path):
        yield from (str(Path(folder, name)) for name in sorted(names))


def _names(path: Path) -> str:
    from infra.registry import load_registry

    registry = load_registry(path)
    agencies = sum(len(client.agencies) for client in registry.clients.values())
    return f"of {len(registry.clients)} client companies and {agencies} agencies"


def _sign_in(path: Path) -> str:
    from dashboards.sign_in.configuration import load_sign_in

    found = load_sign_in(path)
    way = "a proxy's header" if found.oidc is None else found.oidc.issuer
    clients = {entry.client for entry in found.access if entry.client is not None}
    which = "company" if len(clients) == 1 else "companies"
    return f"by {way}, to {len(clients)} client {which}"


def _keys(data_dir: Path) -> Iterator[Finding]:
    from infra.gateway.keys import FILE_NAME, Key, KeyFile, KeyFileError

    path = data_dir / FILE_NAME
    if not path.exists():
        return
    keys: list[Key] = []
    try:
        keys = KeyFile(path).read()
        yield Finding("gateway's keys", True, counted(len(keys), "key"))
    except KeyFileError as error:
        todo = "restore the file; until then the gateway answers 503"
        yield Finding("gateway's keys", False, str(error), todo)
    for key in keys:
        if key.mapping is not None:
            todo = "correct that file; ascolto import presets schema says what may be in it"
            mapping = key.mapping
            yield checked(f"mapping of key {key.name}", lambda own=mapping: _webhook(own), todo)  # type: ignore[misc]
        if key.secret_env is not None and key.secret_env not in os.environ:
            yield Finding(
                f"secret of key {key.name}",
                False,
                f"{key.secret_env} is not set here",
                f"set {key.secret_env} where the gateway runs to the vendor's secret",
            )


def _webhook(own: Path) -> str:
    """The mapping with what it stands on: a preset of webhooks, or nothing.

    Raises:
        MappingError: it fits none of them; the error is that of the first.
    """
    from infra.importing.importer import read_tables
    from infra.importing.mapping_files import MappingError, load, load_own

    first: MappingError | None = None
    for preset in (None, *_WEBHOOKS):
        try:
            mapping_file = load_own(own) if preset is None else load(preset, own)
        except MappingError as error:
            first = first or error
            continue
        return f"parses{_tables(read_tables(mapping_file))}"
    assert first is not None
    raise first


def _folders(importer: Path | None) -> list[str]:
    """The addresses of watched folders; none where their configuration is wrong."""
    from infra.importing.watched_folders import WrongConfiguration, read_watching

    try:
        return [] if importer is None else [each.url for each in read_watching(importer).folders]
    except WrongConfiguration:
        return []


def _watched(configuration: Path, accesses: Accesses) -> Iterator[Finding]:
    import fsspec

    from infra.importing.importer import read_tables
    from infra.importing.mapping_files import load
    from infra.importing.watched_folders import Watching, WrongConfiguration, read_watching

    watching: Watching
    try:
        watching = read_watching(configuration)
    except WrongConfiguration as error:
        yield Finding("watched folders", False, str(error), f"correct {configuration}")
        return
    yield Finding("watched folders", True, counted(len(watching.folders), "folder"))
    for folder in watching.folders:
        own = None if folder.mapping is None else configuration.parent / folder.mapping

        def reached(url: str = folder.url) -> str:
            system, path = fsspec.url_to_fs(url)
            return f"reached, {counted(len(system.ls(path, detail=False)), 'file')} or folders"

        def parsed(preset: str = folder.preset, own: Path | None = own) -> str:
            return f"parses{_tables(read_tables(load(preset, own)))}"

        what = f"folder {folder.url}"
        if has_scheme(folder.url):
            yield place(what, parse_location(folder.url), accesses)
        else:
            todo = "mount it, let this user read it, or correct its url"
            yield checked(what, reached, todo)
        todo = "correct that file; ascolto import presets show NAME has the preset"
        yield checked(f"mapping of {folder.url}", parsed, todo)


def _tables(tables: Mapping[str, Mapping[str, str]]) -> str:
    """How many keys each look-up table has."""
    shown = [f"{name}: {counted(len(table), 'key')}" for name, table in tables.items()]
    return f", with look-up tables {', '.join(shown)}" if shown else ""
