"""Learns the weights of the scorer `encoder-3` from labelled turns, and measures them."""
