"""Words, clauses, numbers and lexicons: what every reader of a text shares."""
