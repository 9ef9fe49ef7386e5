"""Facts as the streams take them in: read, claimed, held against the clock, by customer."""
