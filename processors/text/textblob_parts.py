"""What we use of TextBlob, imported without the packages that it never uses here.

TextBlob imports NLTK, and NLTK imports scipy and scikit-learn where they are installed, for
measures and classifiers that no score needs: 2 s of processor time in every process that scores.
Hidden during the import, NLTK does without them; whoever imports them afterwards gets them as
usual.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_UNUSED = ("scipy", "sklearn")


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """While it lasts, importing these packages raises ImportError, unless they are imported."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


with _hidden(_UNUSED):
    from textblob import TextBlob
    from textblob.base import CONTINUOUS, BaseSentimentAnalyzer, BaseTokenizer

__all__ = ["CONTINUOUS", "BaseSentimentAnalyzer", "BaseTokenizer", "TextBlob"]
