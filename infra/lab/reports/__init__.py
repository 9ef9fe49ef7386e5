"""Reports on how well a part does its work, measured on labelled material."""
