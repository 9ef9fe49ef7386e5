"""Webhooks of other systems: signatures are checked, bodies go through mapping files."""
