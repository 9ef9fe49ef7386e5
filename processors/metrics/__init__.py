"""Figures of an agency: exact hourly sums, windows, NPS, rates, correlations."""
