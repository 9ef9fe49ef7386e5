"""The agents, one a stage."""
