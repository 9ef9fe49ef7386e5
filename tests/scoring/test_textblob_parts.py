"""Scoring starts without the packages that TextBlob imports and never uses here."""

from __future__ import annotations

import subprocess
import sys

CHILD = """
import sys
from processors.scoring.sentiment import LexiconAnalyzer
assert not {"scipy", "sklearn", "pandas"} & set(sys.modules)
import scipy.stats, sklearn
assert sys.modules["scipy"] is scipy
assert LexiconAnalyzer("it").analyze("Sono contento.").polarity > 0
"""


def test_scoring_imports_neither_scipy_nor_scikit_learn_and_both_can_be_imported_later() -> None:
    done = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
