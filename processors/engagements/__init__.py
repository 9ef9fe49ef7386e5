"""processors/engagements."""
