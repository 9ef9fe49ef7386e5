"""The demo: its calls and how they were made."""
