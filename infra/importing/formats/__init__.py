"""How exports are written: CSV, JSON and their encodings."""
