"""infra/transcription."""
