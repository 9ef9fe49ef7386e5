"""The command line: the one place where parts are put together."""
