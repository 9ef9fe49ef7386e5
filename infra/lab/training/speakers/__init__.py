"""Offline work on telling operator from customer by text in mono recordings."""
