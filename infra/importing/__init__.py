"""Exports of telephone systems, billing and CRM: read by mapping files, made into events."""
