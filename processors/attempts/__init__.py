"""Calls that nobody answered, and a machine's words amid a call."""
