"""infra/lab."""
