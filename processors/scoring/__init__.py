"""processors/scoring."""
