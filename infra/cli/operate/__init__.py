"""Commands of the team that runs Ascolto."""
