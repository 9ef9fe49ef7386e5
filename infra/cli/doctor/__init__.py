"""infra/cli/doctor."""
