"""The forms of the pages: they validate what was typed, and hand it to a service."""
