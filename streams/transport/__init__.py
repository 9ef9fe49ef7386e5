"""Kafka as the workers use it: fetching, committing, writing."""
