"""The data directory: where it is, who may read it, and which processes use it."""
