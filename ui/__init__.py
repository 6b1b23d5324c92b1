"""What the operator sees: the window, the tray and the command line."""
