"""Learns the weights of the scorer `encoder-5` from labelled turns, and measures them."""
