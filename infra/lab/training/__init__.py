"""Learns the weights of the scorer `encoder-2` from labelled turns, and measures them."""
