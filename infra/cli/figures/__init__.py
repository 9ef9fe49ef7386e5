"""infra/cli/figures."""
