"""A rolling upgrade from the version before, with real processes: see `__main__`."""
