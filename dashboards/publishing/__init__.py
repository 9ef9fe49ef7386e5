"""What a running Grafana is given over its HTTP API, and how it differs from what was given."""
