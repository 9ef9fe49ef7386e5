"""What we use of TextBlob, imported without the packages that it never uses here.

TextBlob imports NLTK, and NLTK imports scipy and scikit-learn where they are installed, for
measures and classifiers that no score needs: 2 s of processor time in every process that scores.
"""

from __future__ import annotations

from processors.text.unused_packages import without_packages

with without_packages("scipy", "sklearn"):
    from textblob import TextBlob
    from textblob.base import CONTINUOUS, BaseSentimentAnalyzer, BaseTokenizer

__all__ = ["CONTINUOUS", "BaseSentimentAnalyzer", "BaseTokenizer", "TextBlob"]
