"""`ascolto doctor`."""
