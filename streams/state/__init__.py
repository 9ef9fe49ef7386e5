"""State that outlives the workers: tables of partitions, each in one worker at a time."""
