"""Tenants in ClickHouse: each has a user, which reads its own rows of what panels are made of."""
