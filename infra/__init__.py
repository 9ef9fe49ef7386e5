"""Adapters: Kafka, ClickHouse, whisper, files, the command line."""
