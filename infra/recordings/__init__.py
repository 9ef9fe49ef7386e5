"""Recordings: where they lie, which formats they may have, their samples."""
