"""Who may see what of the page, where it is served beyond one machine."""
