"""processors/ratings."""
