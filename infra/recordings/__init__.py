"""Recordings: where they are, which formats they may have, their samples."""
