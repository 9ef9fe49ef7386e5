"""What breaches of conduct are made of: who is on the line, and which calls are announced."""
