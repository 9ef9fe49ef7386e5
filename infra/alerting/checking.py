"""Checking a file of targets as far as it goes without sending anything."""

from __future__ import annotations

from pathlib import Path

from infra.alerting.sending import NotAccepted, service_of
from infra.alerting.targets_file import Addressee, NoUrl, WrongTargets, read_targets


def check_targets(path: Path) -> tuple[list[Addressee], list[str]]:
    """The targets of a file, and what is wrong with it or with what it names.

    No fault shows a URL, nor a part of one.
    """
    try:
        found = read_targets(path)
    except WrongTargets as error:
        return [], error.faults
    faults = []
    for each in found:
        try:
            service_of(each.url())
        except NoUrl as error:
            faults.append(str(error))
        except NotAccepted as error:
            faults.append(f"{each}: {error}")
    return found, faults
