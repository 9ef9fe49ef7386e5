"""From transcribed words to turns, and which of them are in doubt."""
