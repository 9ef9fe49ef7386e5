"""Alerts on their way to people, and what people did about them."""
