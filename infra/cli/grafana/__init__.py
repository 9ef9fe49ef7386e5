"""Commands for Grafana: its dashboards, and the tenants that see them."""
