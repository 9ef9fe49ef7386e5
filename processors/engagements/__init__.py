"""A customer's events and the engagements that follow from them."""
