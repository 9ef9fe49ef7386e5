"""streams/facts."""
