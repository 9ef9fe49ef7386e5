"""How long the panels' queries take on stores of different sizes."""
