"""The one door for what others send: what is taken, how it is understood, what is left out."""
