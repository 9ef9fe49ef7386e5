"""What names an event and a person: identities, pseudonyms, claims, seals, the clock's limit."""
