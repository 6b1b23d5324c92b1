"""The command line: the same code path as the window, for scripts and for who prefers to type."""
