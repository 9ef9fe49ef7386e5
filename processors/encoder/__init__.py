"""processors/encoder."""
