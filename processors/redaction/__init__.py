"""Personal data in a text, and the text without it."""
