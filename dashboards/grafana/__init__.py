"""dashboards/grafana."""
