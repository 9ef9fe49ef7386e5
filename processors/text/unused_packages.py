"""Importing a library without the large packages that it imports and that nothing here uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_packages(*names: str) -> Iterator[None]:
    """While it lasts, importing these packages raises ImportError, unless they are imported.

    For libraries that do without them where they are not installed. Whoever imports the packages
    afterwards gets them as usual.
    """
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
