"""processors/mail."""
