"""From the rows of other systems' exports to events, as a mapping file says."""
