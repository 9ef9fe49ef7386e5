"""processors/identity."""
