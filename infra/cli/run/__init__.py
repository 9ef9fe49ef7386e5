"""Commands that run workers, alone or as one stack."""
