"""Ratings from 0 to 10 in what a customer says."""
