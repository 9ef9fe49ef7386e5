"""processors/metrics."""
