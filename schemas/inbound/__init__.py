"""How what others send is read: what is accepted, how it is understood, what is left out."""
