"""What commands and panels read from the store."""
