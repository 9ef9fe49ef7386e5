"""infra/recordings."""
