"""Places away from this machine: how they are named, reached, and read through fsspec."""
