"""People's names in a text."""
