"""infra/cli/run."""
