"""processors/attempts."""
