"""infra/cli/one_call."""
