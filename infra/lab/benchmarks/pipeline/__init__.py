"""Benches of events on their way through the workers: rate, latency, restart, the demo."""
