"""Who speaks in a recording of one channel, inferred from the words and the pauses alone."""
