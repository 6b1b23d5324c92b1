"""The authorities imitated on loopback, with a certification authority of their own, for `demo` and for the tests."""
