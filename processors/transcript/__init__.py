"""processors/transcript."""
