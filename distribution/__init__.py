"""What the makers of the program use to hand it out: bundles, installers and their trial. No part of the program.

Of the program it knows its files and `app.version`, nothing else, and the program never imports it.
"""
