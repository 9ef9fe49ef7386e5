"""Offline work on what transcription makes of speech: synthetic telephone calls, overheard."""
