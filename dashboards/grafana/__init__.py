"""Grafana's dashboards, built from the panels, and brought to a server."""
