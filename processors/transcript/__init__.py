"""From what the transcriber heard to turns, and what is doubtful of them."""
