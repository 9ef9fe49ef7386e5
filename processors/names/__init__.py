"""processors/names."""
