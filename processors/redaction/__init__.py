"""processors/redaction."""
