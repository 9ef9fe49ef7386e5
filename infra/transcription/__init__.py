"""From a recording's samples to words with times."""
