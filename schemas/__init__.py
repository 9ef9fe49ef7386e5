"""The contracts: events, their codec, the topics' catalogue and the rows of the store."""
