"""Learns the weights of the scorer `encoder-1` from labelled turns, and measures them."""
