"""Commands on one recording or conversation."""
