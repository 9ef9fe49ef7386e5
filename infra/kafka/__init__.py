"""Kafka outside the streams: topics, and events sent from files."""
