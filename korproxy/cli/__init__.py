"""The command line: a lazy click group, and the commands that cannot be plugins."""
