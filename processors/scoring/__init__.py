"""Scores of one conversation, whichever scorer reads its turns."""
