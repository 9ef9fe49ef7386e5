"""The scoring process, its client, and the sentence encoder."""
