"""Measures of the program against a limit or a peer measured in the same run; `python -m tests.bench [nomes…]`."""
