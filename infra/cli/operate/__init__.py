"""infra/cli/operate."""
