"""A client company's month on a few pages, for a manager: one HTML file, or a PDF."""
