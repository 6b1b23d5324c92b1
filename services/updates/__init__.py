"""Updates of the program: a signed manifest at the administrator's address, and the file that it names.

Off while the address or the key is missing. Nothing is ever run: a person asks for the file, and installs it.
"""
