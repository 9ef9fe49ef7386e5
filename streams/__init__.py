"""The streams: Faust apps, their agents, and what carries events between them."""
