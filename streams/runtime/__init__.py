"""What carries events between agents: app, consumer, intake, outbox, state, dead letters."""
