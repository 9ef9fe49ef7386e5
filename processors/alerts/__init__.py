"""processors/alerts."""
