"""Settings: declared once in the catalog, kept by the repository, read as an immutable snapshot."""
