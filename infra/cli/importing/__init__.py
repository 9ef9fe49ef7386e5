"""`ascolto import`."""
