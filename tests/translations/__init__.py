"""The catalogues of messages, and what must hold for every text that people see: see `__main__`."""
