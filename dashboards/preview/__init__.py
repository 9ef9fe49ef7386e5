"""The local page that shows the dashboards without Grafana."""

from dashboards.preview.app import QueryResult, create_preview

__all__ = ["QueryResult", "create_preview"]
