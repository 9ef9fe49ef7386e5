"""streams/runtime."""
