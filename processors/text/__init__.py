"""processors/text."""
