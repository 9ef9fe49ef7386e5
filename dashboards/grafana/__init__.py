"""Grafana's dashboards, built from the panels, and pushed to a server."""
