"""Benches: figures of speed and memory, measured on the machine at hand by `make bench`."""
