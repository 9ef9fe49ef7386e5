"""Alerts when an agency's aggression rises, its NPS falls, or it is silent."""
