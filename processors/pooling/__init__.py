"""From the turns of a call to the scores of the call."""
