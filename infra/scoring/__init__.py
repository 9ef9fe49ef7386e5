"""infra/scoring."""
