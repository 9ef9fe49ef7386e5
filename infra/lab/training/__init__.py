"""Learns the weights of the scorer `encoder-4` from labelled turns, and measures them."""
