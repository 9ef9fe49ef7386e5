"""Calls that nobody answered, and a machine's words within a call."""
